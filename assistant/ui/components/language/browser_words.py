"""The words that Streamlit writes by itself and only in English: the browser translates them."""

import streamlit as st

from assistant.i18n.numbers import size
from assistant.i18n.translation import N_, _

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


def words() -> dict[str, str]:
    """Each with its translation."""
    largest = int(st.get_option("server.maxUploadSize"))
    told = {word: _(word) for word in _WORDS}
    told[f"{largest}MB per file"] = _("{size} per file", size=size(largest * 1_000_000))
    return told
