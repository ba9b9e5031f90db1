"""Shows the chosen tool and why; one click asks the documents instead."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from assistant.ui.components.escaping import plain

# What a tool has done, as people say it.
_DONE = {
    "draw": "Drawn", "edit": "Changed", "vary": "Varied", "enhance": "Enhanced",
    "describe": "Described", "clip": "Watched", "transcribe": "Written down",
    "speak": "Spoken", "translate": "Translated", "chart": "Charted",
}  # fmt: skip


def draw(answer: Mapping[str, Any], instead: Callable[[], None]) -> None:
    """Draw nothing for an answer. `instead` asks the documents the same question."""
    done = _DONE.get(answer["tool"])
    if done is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key=f"tool-{answer['id']}"):
        why = f", because of {answer['why']}" if answer.get("why") else ""
        st.caption(plain(f"{done}{why}."))
        if answer.get("why"):  # a tool that was chosen by a command or a button
            st.button(
                "Ask the documents instead", key=f"instead-{answer['id']}", on_click=instead,
                type="tertiary", icon=":material/undo:",
            )  # fmt: skip
