"""What went wrong, as a sentence on the page."""

import streamlit as st

from assistant.ui.components.escaping import plain

_KEY = "trouble"


def say(error: object) -> None:
    """Here and now."""
    st.error(plain(error), icon=":material/error:")


def keep(error: object) -> None:
    """For the next time the page is drawn: callbacks have no place to say it."""
    st.session_state[_KEY] = str(error)


def draw() -> None:
    """Once, what was kept."""
    if kept := st.session_state.pop(_KEY, ""):
        say(kept)
