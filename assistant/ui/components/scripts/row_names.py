"""Gives the buttons of rows names that tell a screen reader which row they are of."""

from pathlib import Path

import streamlit as st

from assistant.ui.components.scripts.script import script

_component = st.components.v2.component(
    "pincite_row_names", js=script(Path(__file__).with_suffix(".js"))
)


def draw() -> None:
    """Draw nothing, once a page."""
    _component(key="row-names")
