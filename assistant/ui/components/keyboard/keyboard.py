"""The keyboard of the chat: it is in the input when the app opens, and "/" brings it back there."""

import streamlit as st

from assistant.i18n.translation import N_, _
from assistant.routing.slash_commands import ALONE, COMMANDS
from assistant.ui.components.scripts.script import script

_component = st.components.v2.component("pincite_keyboard", js=script("keyboard"))
_KEYS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("/",), N_("to the question; typed in it, the commands")),
    (("Enter",), N_("ask, or open the mark that has the focus")),
    (("Shift", "Enter"), N_("a new line in the question")),
    (("Tab",), N_("to the next mark, button or field")),
    (("←", "→"), N_("from mark to mark of an answer")),
    (("Home", "End"), N_("to its first and its last mark")),
    (("↑", "↓"), N_("scroll the page that is open")),
    (("-", "+", "0"), N_("the page smaller, larger, and fitting")),
    (("R",), N_("turn the page")),
    (("T",), N_("the text over the page")),
    (("P", "N"), N_("to the previous and the next citation, on the page")),
    (("Esc",), N_("close what is open, one after the other")),
    (("?",), N_("this list")),
)


def listen() -> None:
    """Draw nothing, once a page."""
    commands = [
        {"name": one.name, "what": _(one.what), "alone": one.name in ALONE}
        for one in COMMANDS.values()
    ]
    data = {
        "commands": commands, "menu": _("Commands"), "keys": [(k, _(does)) for k, does in _KEYS],
        "title": _("Keys"), "close": _("Close"),
    }  # fmt: skip
    _component(key="keyboard", data=data)
