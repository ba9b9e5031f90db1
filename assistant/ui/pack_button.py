"""The button under an answer that saves it with its evidence."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from assistant.chat import Assistant
from assistant.evidence_pack import evidence_pack


def draw(assistant: Assistant, answer: Mapping[str, Any]) -> None:
    """Nothing for an answer without a receipt; the pack is made when the button is pressed."""
    receipts, identity = assistant.receipts, answer["id"]
    if receipts is None or not receipts.has(identity):
        return
    st.download_button(
        "Save with evidence",
        data=lambda: evidence_pack(receipts.get(identity), assistant.library),
        file_name=f"answer-{identity[:8]}.html",
        mime="text/html",
        key=f"pack-{identity}",
        help="The answer, its cited lines and how it was made, in one HTML file",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )
