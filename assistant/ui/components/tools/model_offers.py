"""Offers a model that is not installed, with a button that fetches it."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from assistant.i18n.numbers import size
from assistant.i18n.told import told
from assistant.i18n.translation import _
from assistant.models.roles import missing_extra
from assistant.ui import resources
from assistant.ui.background.model_download import Fetch
from assistant.ui.components.escaping import plain


def draw(answer: Mapping[str, Any], again: Callable[[], None]) -> None:
    """Draw the offer under an answer that needs a model; `again` repeats the request once it is
    here."""
    for offer in answer.get("offers", ()):
        with st.container(key=f"offer-{answer['id']}-{offer['name']}", border=True):
            st.markdown(plain(describe_offer(offer)))
            fetch = resources.fetches().of(offer["name"])
            if fetch and not fetch.ended:
                _progress(offer["name"])
            elif fetch and not fetch.error:
                key = f"again-{answer['id']}-{offer['name']}"
                st.button(_("Try again"), key=key, on_click=again, type="primary")
            else:
                _button(answer["id"], offer["name"], fetch)


def describe_offer(offer: Mapping[str, Any]) -> str:
    """Its name, size, licence and cost here."""
    weighs = size(offer["bytes"]) if offer["bytes"] else _("size unknown")
    extra = missing_extra(offer["role"])
    needs = _("needs {extra}", extra=extra) if extra else ""
    notes = [note for note in (told(offer["note"]), needs) if note]
    return " · ".join([offer["name"], weighs, offer["licence"], *notes])


def _button(identity: str, name: str, before: Fetch | None) -> None:
    if before and before.error:
        st.error(plain(told(before.error)))
    if resources.is_owner() and st.button(
        _("Fetch it"), key=f"fetch-{identity}-{name}", icon=":material/download:"
    ):
        resources.fetches().start(name)
        st.rerun()


@st.fragment(run_every=0.5)
def _progress(name: str) -> None:
    fetch = resources.fetches().of(name)
    if fetch is None or fetch.ended:
        st.rerun()
    else:
        st.progress(fetch.share, text=plain(told(fetch.doing)))
