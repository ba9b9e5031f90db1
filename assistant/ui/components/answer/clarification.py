"""Draws the choices of a request for clarification as buttons."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from assistant.ui.components.escaping import plain


def draw(answer: Mapping[str, Any], ask: Callable[[str], None]) -> None:
    """Under the latest answer, when it asks back; `ask` gets the name that was clicked."""
    names = answer.get("choices", ())  # answers of older versions have none
    if not names:
        return
    with st.container(key="choices", horizontal=True):
        for place, name in enumerate(names):
            key = f"choice-{answer['id']}-{place}"
            st.button(plain(name), key=key, on_click=ask, args=(name,))
