"""Shows errors as sentences on the page."""

import streamlit as st

from assistant.i18n.told import told
from assistant.ui import session
from assistant.ui.components.escaping import with_commands


def say(error: object) -> None:
    """Show an error now, in the language of the visitor."""
    st.error(with_commands(told(str(error))), icon=":material/error:")


def draw() -> None:
    """Once, what `session.keep_error` kept."""
    if kept := session.take_error():
        say(kept)
