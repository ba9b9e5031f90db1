"""The language of a visitor: the one that they chose, else their browser's.

A choice is kept in a cookie of the browser, so that two visitors of a server each have their own.
"""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from assistant.i18n import language
from assistant.i18n.translation import _

COOKIE = "pincite_language"
_CHOSEN = "language"  # in the session's state
_FOUND = "language-found"  # the same; a page has hundreds of texts, and each asks for the language


def follow() -> None:
    """From here on, what a page draws is in the language of its visitor."""
    st.session_state[_FOUND] = _browsers()
    language.ask_visitors(spoken)


def spoken() -> str:
    """Of the visitor whose page this thread draws; empty in any other thread."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return ""
    return str(st.session_state.get(_CHOSEN) or st.session_state.get(_FOUND) or _browsers())


def _browsers() -> str:
    """What the browser keeps of an earlier choice, else what it asks for."""
    kept = st.context.cookies.get(COOKIE, "")
    if kept in language.LANGUAGES:
        return kept
    return language.best(st.context.locale or st.context.headers.get("Accept-Language", ""))


def kept() -> str:
    """The name of the cookie that keeps a choice; empty before there is one."""
    return COOKIE if st.session_state.get(_CHOSEN) else ""


def choose() -> None:
    """Draw the choice at the end of the sidebar."""
    now, names = spoken(), language.LANGUAGES
    with st.sidebar:
        picked = st.selectbox(
            _("Language"), names, index=list(names).index(now), format_func=names.__getitem__,
            key=f"language-{now}",
        )  # fmt: skip
    if picked != now:
        st.session_state[_CHOSEN] = picked
        st.rerun()
