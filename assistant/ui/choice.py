"""Which library, or which ones, a browser tab asks."""

from collections.abc import Collection

import streamlit as st

from vectorstore.federation.names import parts

_PICKED = "library"  # in the session's state: a name, or a joined one


def pick(name: str) -> None:
    """From now on, until a conversation about another one is opened."""
    st.session_state[_PICKED] = name


def picked(known: Collection[str], of_conversation: str) -> str:
    """That of the conversation, else the picked one: it may be about another one than was picked
    since. Of several at least one is left; empty where none is."""
    if left(of_conversation, known):
        pick(of_conversation)
    now: str = st.session_state.get(_PICKED, "")
    return now if left(now, known) else ""


def left(name: str, known: Collection[str]) -> list[str]:
    """The libraries of a name that are still there."""
    return [part for part in parts(name) if part in known]
