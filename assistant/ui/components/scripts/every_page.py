"""What each page does in the browser besides its drawing: it says its language, keeps its address,
names the buttons of rows for those who hear it, and lets the keyboard into menus and dialogs. All
in one script: each that a page draws takes time with every drawing."""

from collections.abc import Mapping

import streamlit as st

from assistant.ui import choice
from assistant.ui.components.language import browser_words
from assistant.ui.components.scripts.script import script

_component = st.components.v2.component(
    "pincite_every_page",
    js=script("browser_words", "address", "dialogs", "row_names", "menus", "every_page"),
)


def draw(language: str, keep: str, address: Mapping[str, str]) -> None:
    """Draw nothing, once a page and before all else: what components need is then fetched while
    the rest is drawn. `keep` names the cookie for a language that was chosen; `address` has the
    page and what its query names."""
    data = {
        "language": language, "keep": keep, "words": browser_words.words(),
        "address": dict(address), "library": choice.COOKIE,
    }  # fmt: skip
    _component(key="every-page", data=data)
