"""What the browser needs to know about the language: the page's own, and the words that Streamlit
writes by itself and only in English."""

from pathlib import Path

import streamlit as st

from assistant.i18n.translation import N_, _

# As Streamlit 1.67 writes them, in texts and in names for those who hear the page.
_WORDS = (
    N_("Drag and drop file here"),
    N_("Drag and drop files here"),
)

_component = st.components.v2.component(
    "pincite_browser_words", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
)


def draw(language: str, keep: str) -> None:
    """Draw nothing, once a page. `keep` names the cookie for a language that was chosen."""
    words = {word: _(word) for word in _WORDS}
    _component(key="browser-words", data={"language": language, "keep": keep, "words": words})
