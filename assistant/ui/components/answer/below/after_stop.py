"""What a stopped answer offers: the same question again, and nothing to rate where nothing was
written."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from assistant.i18n.translation import _


def is_empty(answer: Mapping[str, Any]) -> bool:
    """Whether it was stopped before its first word and its first file."""
    made = answer.get("images") or answer.get("audio")
    return bool(answer.get("stopped")) and not answer["answer"].strip() and not made


def draw(answer: Mapping[str, Any], again: Callable[[], None]) -> None:
    """Draw a button that asks once more; nothing for an answer that is complete."""
    if not answer.get("stopped"):
        return
    st.button(
        _("Try again"), key=f"retry-{answer['id']}", on_click=again, type="tertiary",
        icon=":material/refresh:",
    )  # fmt: skip
