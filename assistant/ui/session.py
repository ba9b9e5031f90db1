"""Which conversation this browser tab is in. The address says so, and a reload finds it again."""

import re

import streamlit as st

from assistant.ui.components import cited_page

_NAME = "c"
_KEY = "conversation"
_WELL_FORMED = re.compile(r"[\w-]{1,64}")


def current() -> str:
    """Its id; empty before the first question."""
    named = st.query_params.get(_NAME, "")
    # Going to another page and back drops the query from the address.
    identity: str = named if _WELL_FORMED.fullmatch(named) else st.session_state.get(_KEY, "")
    if identity:
        enter(identity, keep_page=True)
    return identity


def enter(identity: str, keep_page: bool = False) -> None:
    """Go to a conversation."""
    st.session_state[_KEY] = identity
    if st.query_params.get(_NAME) != identity:
        st.query_params[_NAME] = identity
    if not keep_page:
        cited_page.show(None)


def leave() -> None:
    """Go to a new one, which begins with its first question."""
    st.session_state.pop(_KEY, None)
    st.query_params.pop(_NAME, None)
    cited_page.show(None)
