"""The button under an answer that saves it with its evidence."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from assistant.build import composition
from assistant.conversation.assistant import Assistant
from assistant.i18n.translation import _
from assistant.receipts.evidence_pack import evidence_pack
from assistant.receipts.record import Receipt
from assistant.ui import resources
from vectorstore.library import Library


def draw(assistant: Assistant, answer: Mapping[str, Any]) -> None:
    """Draw the button, if the answer has a receipt; the pack is made when it is pressed."""
    receipts, identity = assistant.receipts, answer["id"]
    if receipts is None or not receipts.has(identity):
        return
    st.download_button(
        _("Save with evidence"),
        data=lambda: _pack(receipts.get(identity), assistant.library),
        file_name=f"answer-{identity[:8]}.html",
        mime="text/html",
        key=f"pack-{identity}",
        help=_("The answer, its cited lines and how it was made, in one HTML file"),
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )


def _pack(receipt: Receipt, shown: Library) -> str:
    """The pack, with pages of the answer's own library, whichever is shown."""
    if receipt.library in ("", shown.name):
        return evidence_pack(receipt, shown)
    with composition.library_of(resources.settings(), receipt.library) as library:
        return evidence_pack(receipt, library)
