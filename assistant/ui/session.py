"""What one browser tab has: its conversation, the page that is open, an error to be shown.

The address names the conversation, so that a reload finds it again.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import unquote

import streamlit as st

from assistant.receipts.evidence_pack import Rectangle
from ingest.errors import PinciteError
from vectorstore.federation import parts

# -- Which library, or which ones, a browser tab asks: the address names it, and a cookie remembers
# it for the next visit.

LIBRARY_QUERY = "library"  # in the address
LIBRARY_COOKIE = "pincite_library"  # written by `address.js`
PICKED = "library"  # in the session's state: a name, or a joined one


def pick_library(name: str) -> None:
    """From now on, until a conversation about another one is opened."""
    st.session_state[PICKED] = name
    if st.query_params.get(LIBRARY_QUERY, name) != name:
        st.query_params.pop(LIBRARY_QUERY)


def last_libraries() -> tuple[str, str]:
    """The one that was picked in this tab, and that of the last visit of this browser."""
    remembered = unquote(st.context.cookies.get(LIBRARY_COOKIE, ""))
    return st.session_state.get(PICKED, ""), remembered


def libraries_left(name: str, known: Collection[str]) -> list[str]:
    """The libraries of a name that are still there."""
    return [part for part in parts(name) if part in known]


CONVERSATION_QUERY = "c"  # in the address
_KEY = "conversation"
_SHOWN = "shown"
_PLACE = "place"
ERROR = "trouble"  # until it is shown
_WELL_FORMED = re.compile(r"[\w-]{1,64}")


def current() -> str:
    """The id of the conversation; empty before the first question."""
    named = st.query_params.get(CONVERSATION_QUERY, "")
    if _WELL_FORMED.fullmatch(named):
        st.session_state[_KEY] = named
    elif LIBRARY_QUERY in st.query_params:  # back to where none was open
        st.session_state.pop(_KEY, None)
    # Else a link of the app has led here, without a query.
    identity: str = st.session_state.get(_KEY, "")
    return identity


def enter(identity: str, keep_page: bool = False) -> None:
    """Go to a conversation; it says which library it is about."""
    st.session_state[_KEY] = identity
    if st.query_params.get(CONVERSATION_QUERY) != identity:
        _go(CONVERSATION_QUERY, identity)
    if not keep_page:
        show(None)


def leave() -> None:
    """Go to a new conversation, which begins with its first question."""
    st.session_state.pop(_KEY, None)
    st.query_params.pop(CONVERSATION_QUERY, None)
    show(None)


def open_library(name: str) -> None:
    """Go to a new conversation about a library, or about several by their joined name."""
    st.session_state.pop(_KEY, None)
    st.session_state["scope"] = []
    _go(LIBRARY_QUERY, name)
    pick_library(name)
    show(None)


def _go(name: str, value: str) -> None:
    """In one step: each change of the query is a page for the browser's button back."""
    others = {key: st.query_params[key] for key in st.query_params}
    for ours in (CONVERSATION_QUERY, LIBRARY_QUERY):
        others.pop(ours, None)
    st.query_params.from_dict({**others, name: value})


@dataclass(frozen=True)
class Shown:
    """The open page. The boxes identify the lines where a quote occurs twice."""

    document: str
    page: int
    cited_page: int = 0  # 0: opened to read, nothing is cited
    quote: str = ""
    boxes: tuple[Rectangle, ...] = ()
    source: str = ""  # which mark opened it
    seconds: float | None = None  # beginning in a recording
    large: bool = False  # over the whole window
    sharp: bool = False  # with more points, to be looked at closely
    citations: tuple["Shown", ...] = ()  # all of the answer that it was opened from
    beside: "Shown | None" = None  # a page to be compared with it
    version: bool = False  # it is beside another version of its document: what differs is marked


def show(shown: Shown | None) -> None:
    """Open a page instead of the present one; None closes it."""
    st.session_state[_SHOWN] = shown


def shown() -> Shown | None:
    """The page that is open in this session."""
    opened: Shown | None = st.session_state.get(_SHOWN)
    return opened


def go_to(place: str) -> None:
    """Close the open page when the visitor goes from one part of the app to another."""
    if st.session_state.setdefault(_PLACE, place) != place:
        st.session_state[_PLACE] = place
        show(None)


def keep_error(error: object) -> None:
    """For the next time the page is drawn: callbacks have no place to show it."""
    st.session_state[ERROR] = str(error)


@contextmanager
def errors_kept() -> Iterator[None]:
    """Around what a callback does: why it cannot be done is shown at the next drawing."""
    try:
        yield
    except PinciteError as error:
        keep_error(error)
