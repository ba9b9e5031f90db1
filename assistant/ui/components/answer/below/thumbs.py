"""Thumbs under an answer, and the note that a cited page was opened."""

from collections.abc import Iterator, Sequence

import streamlit as st

from assistant.feedback.ratings import REPLIES, Answer
from assistant.i18n.told import told
from assistant.i18n.translation import _
from assistant.ui import resources, session
from assistant.ui.components.escaping import plain
from ingest.errors import PinciteError
from vectorstore.federation.names import is_joined


def told_apart(turns: Sequence[Answer]) -> Iterator[Answer]:
    """The turns, with a mark on those whose question replies to a question back: alone it says
    nothing."""
    before: Answer = {}
    for turn in turns:
        yield {**turn, REPLIES: True} if before.get("asked_back") else turn
        before = turn


def draw(answer: Answer) -> None:
    """Draw the thumbs; another click changes a rating, the same one withdraws it.

    A file of feedback that cannot be used takes the thumbs away, and not the answer.
    """
    key = f"thumbs-{answer['id']}"
    if not _is_heard():
        return
    try:
        if key not in st.session_state:
            rated = resources.feedback().rated(answer["id"])
            st.session_state[key] = None if rated is None else int(rated)
    except PinciteError as error:
        st.caption(plain(_("No thumbs: {error}", error=told(str(error)))))
        return
    st.feedback("thumbs", key=key, on_change=_rate, args=(key, answer))


def _is_heard() -> bool:
    """A library learns from thumbs and opened citations: one alone, from its owner."""
    return resources.is_owner() and not is_joined(resources.chosen())


def _rate(key: str, answer: Answer) -> None:
    thumb = st.session_state[key]
    try:
        resources.feedback().rate(answer, None if thumb is None else bool(thumb))
    except PinciteError as error:
        session.keep_error(error)


def opened(answer: Answer, document: str, page: int) -> None:
    """Record that a mark of the answer was clicked, by the person whose library it is."""
    if not _is_heard():
        return
    try:
        resources.feedback().note_opened(answer, (document, page))
    except PinciteError as error:
        session.keep_error(error)
