"""The filter of the next questions: chosen in the sidebar, and told above the input."""

import streamlit as st

from assistant.contract.asked_in import in_words
from assistant.conversation.assistant import Assistant
from assistant.i18n.translation import _
from assistant.ui.components.escaping import as_html
from assistant.ui.components.tags import fields
from vectorstore.catalog.choosing import EVERYTHING, Filter

_FIELDS = "within"


def draw(assistant: Assistant) -> None:
    """Draw the fields, where there are documents to choose from."""
    documents = assistant.library.documents()
    if len(documents) < 2:
        return
    within = now(assistant)
    with st.expander(_("By tag and date"), expanded=bool(within), key="by-tag-and-date"):
        key = f"{_FIELDS}-{assistant.library.name}"
        st.session_state[f"{key}-kept"] = fields.draw(documents, key, within)


def now(assistant: Assistant) -> Filter:
    """That of this library."""
    kept: Filter = st.session_state.get(f"{_FIELDS}-{assistant.library.name}-kept", EVERYTHING)
    return kept


def told_above_input(assistant: Assistant) -> None:
    """Draw what is chosen: on a phone the sidebar is closed."""
    if not (within := now(assistant)):
        return
    with st.bottom, st.container(key="asked-in", horizontal=True, vertical_alignment="center"):
        told = _("Asked in: {filter}", filter=in_words(within))
        st.html(f'<p class="quiet">{as_html(told)}</p>', width="content")
        st.button(
            _("Ask all documents"), key="ask-all", type="tertiary",
            on_click=_clear, args=(assistant.library.name,),
        )  # fmt: skip


def _clear(library: str) -> None:
    key = f"{_FIELDS}-{library}"
    st.session_state[f"{key}-kept"] = EVERYTHING
    fields.clear(key)
