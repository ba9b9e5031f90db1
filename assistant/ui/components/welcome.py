"""The first screen of a conversation: the contents of the library, and starter questions."""

from collections.abc import Callable

import streamlit as st

from assistant.conversation.assistant import Assistant
from assistant.i18n.translation import _, ngettext
from assistant.ui import resources
from assistant.ui.components.escaping import as_html, plain
from assistant.ui.components.first_run import behind, own_documents, steps
from assistant.ui.components.tools import first_models
from vectorstore.federation.federated import Federated


def draw(assistant: Assistant, ask: Callable[[str], None]) -> None:
    """Draw the screen; `ask` receives the clicked suggestion."""
    library, documents = assistant.library, assistant.library.documents()
    one = None if isinstance(library, Federated) else library
    with st.container(key="welcome"):
        if one and resources.may_change() and steps.are_left(one):
            _greet(_("Welcome to Pincite"), _("Three steps, and your documents answer."))
            steps.draw(one)
            _suggest(assistant.suggestions(4) if documents else [], ask)
        elif documents:
            pages = sum(document.pages for document in documents)
            _greet(_("Ask your documents"), describe_library(len(documents), pages))
            _suggest(assistant.suggestions(4), ask)
            first_models.draw()
            if one:
                behind.draw(one)
                own_documents.draw(one)
        else:
            _greet(_("Welcome to Pincite"), _("There are no documents in this library yet."))
            if one and resources.may_change():
                behind.draw(one)
                steps.documents(one)


def describe_library(documents: int, pages: int) -> str:
    """The contents of the library, as sentences."""
    return _(
        "{documents}, {pages}, all on this machine. "
        "Each sentence of an answer shows the line it comes from.",
        documents=ngettext("{count} document", "{count} documents", documents),
        pages=ngettext("{count} page", "{count} pages", pages),
    )


def _greet(title: str, text: str) -> None:
    st.html(f'<div class="greeting"><h1>{as_html(title)}</h1><p>{as_html(text)}</p></div>')


def _suggest(questions: list[str], ask: Callable[[str], None]) -> None:
    if not questions:
        return
    st.html(f'<p class="section">{as_html(_("Try one of these"))}</p>')
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
