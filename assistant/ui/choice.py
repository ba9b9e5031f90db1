"""Which library, or which ones, a browser tab asks: the address names it, and a cookie remembers it
for the next visit."""

from collections.abc import Collection
from urllib.parse import unquote

import streamlit as st

from vectorstore.federation.names import parts

NAME = "library"  # in the address
COOKIE = "pincite_library"  # written by `address.js`
_PICKED = "library"  # in the session's state: a name, or a joined one


def pick(name: str) -> None:
    """From now on, until a conversation about another one is opened."""
    st.session_state[_PICKED] = name
    if st.query_params.get(NAME, name) != name:
        st.query_params.pop(NAME)


def picked(known: Collection[str], of_conversation: str) -> str:
    """That of the conversation, else of the address, else the picked one: it may be about another
    one than was picked since. Of several at least one is left; empty where none is."""
    for name in (of_conversation, st.query_params.get(NAME, "")):
        if left(name, known):
            st.session_state[_PICKED] = name
            break
    now: str = st.session_state.get(_PICKED, "")
    return now if left(now, known) else ""


def unknown(known: Collection[str]) -> str:
    """What the address names and is not there, once; empty where all is well."""
    named: str = st.query_params.get(NAME, "")
    if not named or left(named, known):
        return ""
    st.query_params.pop(NAME)
    return named


def remembered(known: Collection[str]) -> str:
    """That of the last visit of this browser; empty where it is gone."""
    last = unquote(st.context.cookies.get(COOKIE, ""))
    return last if left(last, known) else ""


def left(name: str, known: Collection[str]) -> list[str]:
    """The libraries of a name that are still there."""
    return [part for part in parts(name) if part in known]
