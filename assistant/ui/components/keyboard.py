"""The keyboard of the chat: it is in the input when the app opens, and "/" brings it back there."""

from pathlib import Path

import streamlit as st

_component = st.components.v2.component(
    "pincite_keyboard", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
)


def listen() -> None:
    """Draw nothing, once a page."""
    _component(key="keyboard")
