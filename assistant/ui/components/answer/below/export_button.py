"""The buttons under an answer and in the sidebar that save answers: with evidence, or as Word,
Markdown or a table."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import streamlit as st

from assistant.build import composition
from assistant.conversation.assistant import Assistant
from assistant.export.account import account
from assistant.export.save import FORMS, named
from assistant.i18n.translation import N_, _
from assistant.receipts.evidence_pack import evidence_pack
from assistant.receipts.receipt import Receipt
from assistant.ui import resources
from assistant.ui.components.hood import dialog
from vectorstore.federation.federated import AnyLibrary

Answer = Mapping[str, Any]


class _Form(NamedTuple):
    label: str
    mime: str
    icon: str


_OPEN_XML = "application/vnd.openxmlformats-officedocument"
_FORMS = {
    ".docx": _Form(
        "Word", f"{_OPEN_XML}.wordprocessingml.document", ":material/description:"
    ),
    ".pdf": _Form("PDF", "application/pdf", ":material/picture_as_pdf:"),
    ".md": _Form("Markdown", "text/markdown", ":material/notes:"),
    ".xlsx": _Form(N_("Table"), f"{_OPEN_XML}.spreadsheetml.sheet", ":material/table:"),
}  # fmt: skip


def draw(assistant: Assistant, answer: Answer) -> None:
    """Draw the buttons, if the answer has a receipt; a file is made, and what an answer was made
    of is read, when its button is pressed."""
    receipts, identity = assistant.receipts, answer["id"]
    if receipts is None or not receipts.has(identity):
        return
    note = resources.noting()  # the pack is made outside of the page's thread
    st.download_button(
        _("Save with evidence"),
        data=lambda: _pack(receipts.get(identity), assistant.library, note),
        file_name=named(answer["question"], f"answer-{identity[:8]}", ".html"),
        mime="text/html",
        key=f"pack-{identity}",
        help=_("Save the answer, its cited lines and how it was made, in one HTML file"),
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )
    with st.popover(
        _("Save as"), type="tertiary", icon=":material/file_save:",
        help=_("Save as Word, PDF, Markdown or a table, with a footnote for each citation"),
        key=f"save-{identity}",
    ):  # fmt: skip
        _forms(
            f"answer-{identity[:8]}", answer["question"], lambda: [receipts.get(identity).answer]
        )
    dialog.button(receipts, identity)


def conversation(assistant: Assistant, identity: str) -> None:
    """Draw the buttons that save all answers of a conversation, if it has some."""
    if not (identity and assistant.conversations.library(identity)):  # nothing was asked yet
        return
    turns = assistant.conversations.turns
    with st.popover(
        _("Save this conversation"), type="tertiary", icon=":material/file_save:",
        key="save-conversation",
    ):  # fmt: skip
        _forms(
            f"conversation-{identity[:8]}", assistant.conversations.title(identity),
            lambda: turns(identity),
        )  # fmt: skip


def _forms(key: str, words: str, answers: Callable[[], Sequence[Answer]]) -> None:
    """`words` name the file."""
    for ending, form in _FORMS.items():
        st.download_button(
            _(form.label), data=partial(_file, ending, answers),
            file_name=named(words, key, ending), mime=form.mime, icon=form.icon, type="tertiary",
            key=f"{key}{ending}", on_click="ignore",
        )  # fmt: skip


def _file(ending: str, answers: Callable[[], Sequence[Answer]]) -> bytes:
    return FORMS[ending]([account(answer) for answer in answers()])


def _pack(receipt: Receipt, shown: AnyLibrary, note: Callable[[str, str, str], None]) -> str:
    """The pack, with pages of the answer's own library, whichever is shown."""
    note("exported", receipt.library, receipt.id)
    if receipt.library in ("", shown.name):
        return evidence_pack(receipt, shown)
    with composition.library_of(resources.settings(), receipt.library) as library:
        return evidence_pack(receipt, library)
