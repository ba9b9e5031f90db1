"""The first screen of a conversation: the contents of the library, and starter questions."""

from collections.abc import Callable

import streamlit as st

from assistant.conversation.assistant import Assistant
from assistant.ui import resources
from assistant.ui.components.escaping import plain


def draw(assistant: Assistant, ask: Callable[[str], None]) -> None:
    """Draw the screen; `ask` receives the clicked suggestion."""
    documents = assistant.library.documents()
    with st.container(key="welcome"):
        if documents:
            pages = sum(document.pages for document in documents)
            _greet("Ask your documents", describe_library(len(documents), pages))
            _suggest(assistant.suggestions(4), ask)
        else:
            _greet("Welcome to Pincite", "Add a few documents, and ask them anything.")
            if resources.is_owner() and st.button(
                "Add documents", type="primary", icon=":material/upload_file:"
            ):
                st.switch_page("assistant/ui/pages/library.py")


def describe_library(documents: int, pages: int) -> str:
    """The contents of the library, as sentences."""
    these = "1 document" if documents == 1 else f"{documents} documents"
    leaves = "1 page" if pages == 1 else f"{pages} pages"
    return (
        f"{these}, {leaves}, all on this machine. "
        "Each sentence of an answer shows the line it comes from."
    )


def _greet(title: str, text: str) -> None:
    st.html(f'<div class="greeting"><h1>{title}</h1><p>{text}</p></div>')


def _suggest(questions: list[str], ask: Callable[[str], None]) -> None:
    if not questions:
        return
    st.html('<p class="section">Try one of these</p>')
    with st.container(key="suggestions"):
        for start in range(0, len(questions), 2):
            columns = st.columns(2)
            for offset, question in enumerate(questions[start : start + 2]):
                columns[offset].button(
                    plain(question),
                    key=f"suggestion-{start + offset}",
                    on_click=ask,
                    args=(question,),
                    width="stretch",
                )
