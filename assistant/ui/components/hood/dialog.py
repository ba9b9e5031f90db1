"""The dialog that shows how an answer was made; its facts are read when it opens."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from assistant.explaining.explanation import explanation
from assistant.explaining.lessons import LESSONS
from assistant.i18n.translation import _
from assistant.receipts.record import Receipts
from assistant.ui.components import error_banner
from assistant.ui.components.escaping import as_html
from assistant.ui.components.hood.parts import PARTS
from assistant.ui.components.scripts.script import read
from ingest.errors import PinciteError

Row = Mapping[str, Any]

_STYLE = read("hood.css")


def button(receipts: Receipts, identity: str) -> None:
    """Draw the button below an answer that has a receipt."""

    def explain() -> Row:
        kept = receipts.get(identity)
        return explanation(kept.answer, kept.facts, kept.meant)

    _button(explain, identity)


def button_of(answer: Row) -> None:
    """Draw the button below the output of a tool, if that says how it was made."""
    if facts := answer.get("facts"):
        _button(lambda: explanation(answer, facts), answer["id"])


def _button(explain: Callable[[], Row], identity: str) -> None:
    if st.button(
        _("Under the hood"), type="tertiary", icon=":material/search_insights:",
        help=_("How this answer was made, step by step"), key=f"hood-{identity}",
    ):  # fmt: skip
        st.dialog(_("Under the hood"), width="large")(_dialog)(explain)


def _dialog(explain: Callable[[], Row]) -> None:
    try:
        explained = explain()
    except PinciteError as error:
        error_banner.say(error)
        return
    drawn = {name: html for name, part in PARTS.items() if (html := part(explained))}
    st.html(f"<style>{_STYLE}</style>")
    tabs = st.tabs([_(LESSONS[name].title) for name in drawn])
    for tab, (name, html) in zip(tabs, drawn.items(), strict=True):
        with tab:
            lesson = as_html(_(LESSONS[name].sentence))
            st.html(f'<div class="hood"><p class="lesson">{lesson}</p>{html}</div>')
