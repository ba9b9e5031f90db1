"""What the browser needs to know about the language: the page's own, and the words that Streamlit
writes by itself and only in English."""

from pathlib import Path

import streamlit as st

from assistant.i18n.translation import N_, _
from assistant.ui.components.scripts.script import script

# As Streamlit 1.67 writes them, in texts and in names for those who hear the page.
_WORDS = (
    N_("Upload"),
    N_("Drag and drop a file here"),
    N_("Drag and drop files here"),
    N_("Choose options"),
    N_("No results"),
    N_("No options to select"),
    N_("Press Enter to apply"),
    N_("Press Enter to submit form"),
    N_("Send message"),
    N_("Start recording"),
    N_("Cancel recording"),
    N_("Submit recording"),
    N_("Upload files"),
    N_("Upload or drag and drop files"),
    N_("Expand sidebar"),
    N_("Collapse sidebar"),
    N_("Stop script"),
    N_("Skip to main content"),
    N_("Sidebar"),
    N_("App pages"),
    N_("Navigate to home page"),
    N_("Choose an option"),
    N_("Open"),
    N_("Close"),
    N_("Feedback rating"),
    N_("Thumbs up"),
    N_("Thumbs down"),
    N_("file upload"),
    N_("Increment"),
    N_("Decrement"),
)

_component = st.components.v2.component(
    "pincite_browser_words", js=script(Path(__file__).with_suffix(".js"))
)


def draw(language: str, keep: str) -> None:
    """Draw nothing, once a page. `keep` names the cookie for a language that was chosen."""
    largest = f"{st.get_option('server.maxUploadSize')}MB"
    words = {word: _(word) for word in _WORDS}
    words[f"{largest} per file"] = _("{size} per file", size=largest)
    _component(key="browser-words", data={"language": language, "keep": keep, "words": words})
