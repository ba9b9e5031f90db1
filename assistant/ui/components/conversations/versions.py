"""Below a question: edit it, ask it again, and go from one of its versions to another."""

from collections.abc import Callable
from typing import Any, Protocol

import streamlit as st

from assistant.conversation.branches import KeptTurn
from assistant.i18n.translation import _
from assistant.ui.components.scripts.script import read, script

_component = st.components.v2.component(
    "pincite_versions",
    html='<div class="versions"></div>',
    css=read("versions.css"),
    js=script("versions"),
)


class Ask(Protocol):
    """Asks in the place of the turn; None: the same question."""

    def __call__(self, question: str | None) -> None: ...


def draw(turn: KeptTurn, ask: Ask, show: Callable[[int], None]) -> None:
    """`show` shows the branch with another version, by its number."""
    key = f"versions-{turn.number}"
    # The words of a tool's request stand in a dialog.
    editable = "wish" not in turn.answer
    data = {
        "question": turn.answer["question"] if editable else "", "number": turn.number,
        "versions": list(turn.versions), "words": _words(),
    }  # fmt: skip

    def act() -> None:
        given: dict[str, Any] = st.session_state[key].act or {}
        if given.get("do") == "show" and given.get("turn") in turn.versions:
            show(int(given["turn"]))
        elif given.get("do") == "again":
            ask(None)
        elif given.get("do") == "ask" and (text := str(given["text"]).strip()):
            ask(text)

    _component(key=key, data=data, on_act_change=act)


def _words() -> dict[str, str]:
    """Of versions.js."""
    return {
        "edit": _("Edit the question"),
        "again": _("Ask it again"),
        "before": _("The version before"),
        "behind": _("The next version"),
        "version": _("Version {number} of {total}"),
        "send": _("Send"),
        "cancel": _("Cancel"),
    }
