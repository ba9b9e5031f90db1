"""Lets an owner choose how good answers are on this machine: from a quick model to the best."""

from collections.abc import Sequence

import streamlit as st

from assistant.build.chosen_models import in_use
from assistant.first_run.choices import Choice, Kind, choices
from assistant.i18n.numbers import number, size
from assistant.i18n.translation import N_, _
from assistant.models.roles import missing_extra
from assistant.ui import resources, session
from assistant.ui.components.escaping import as_html, plain
from ingest.errors import PinciteError

_KINDS: dict[Kind, str] = {
    "quick": N_("Quickest"), "usual": N_("Usual"), "good": N_("Good and still swift"),
    "best": N_("Best that fits"),
}  # fmt: skip
_PICKED = "first-model"  # in the session's state


def draw() -> None:
    """Draw the choice, or which model answers already."""
    now = in_use(resources.settings(), "chat")
    if now.name or now.trouble:
        told = _("Answers are written by {model}.", model=now.name or "–")
        st.html(f'<p class="quiet">{as_html(told)} {as_html(_("Settings has others."))}</p>')
        return
    if not resources.is_owner():
        st.html(f'<p class="quiet">{as_html(_("The owner chooses the models."))}</p>')
        return
    _choose(choices(resources.settings()))


def _choose(found: Sequence[Choice]) -> None:
    if extra := missing_extra("chat"):
        st.caption(plain(_("Before one can run: pip install '{extra}'", extra=extra)))
    going = [
        one for one in resources.fetches().going() if one.name in {c.model.name for c in found}
    ]
    if going or not found:  # its progress is drawn above the steps
        st.caption(_("It is being fetched.") if going else _("No model fits this machine."))
        return
    labels = {one.model.name: _label(one) for one in found}
    usual = next((at for at, one in enumerate(found) if one.model.default), 0)
    st.radio(
        _("Model"), list(labels), index=usual, key=_PICKED, label_visibility="collapsed",
        format_func=labels.__getitem__, captions=[_costs(one) for one in found],
    )  # fmt: skip
    st.button(_("Fetch this model"), key="fetch-first", icon=":material/download:", on_click=_fetch)
    failed = [f for name in labels if (f := resources.fetches().of(name)) and f.error]
    for one in failed:
        st.error(plain(one.error))


def _label(one: Choice) -> str:
    return f"**{_(_KINDS[one.kind])}** · {plain(one.model.name)}"


def _costs(one: Choice) -> str:
    parts = [size(one.model.bytes or one.model.weights or 0)]
    if one.wait:
        seconds = number(one.wait.seconds, 0 if one.wait.seconds >= 10 else 1)
        parts.append(_("about {seconds} s to the first word", seconds=seconds))
    return plain(" · ".join([*parts, one.model.licence]))


def _fetch() -> None:
    try:
        resources.check_owner()
        resources.fetches().start(st.session_state[_PICKED])
    except PinciteError as error:
        session.keep_error(error)
