"""A part of a page that is folded away: drawn from its first opening on, then also while closed.

To Streamlit what is not drawn is gone, and with it what a person has typed there: the server does
not know it before a form is sent. A password does not outlast the closing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import streamlit as st

from vectorstore.library import Library


@dataclass(frozen=True)
class Folded:
    """How a part is drawn."""

    label: str = ""
    began_open: bool = False
    is_open: bool = False
    is_filled: bool = False  # has been opened
    closed: int = 0  # times


@contextmanager
def folded(label: str, key: str) -> Iterator[Folded]:
    """Closed at first; what is drawn within, when it is filled, is folded away."""
    before: Folded = st.session_state.get(_kept(key), Folded())
    # To Streamlit 1.67 one with another label is another one, which begins anew.
    began = before.began_open if before.label == label else before.is_open
    part = st.expander(label, expanded=began, key=key, on_change="rerun")
    now = replace(
        before, label=label, began_open=began, is_open=bool(part.open),
        is_filled=before.is_filled or bool(part.open),
        closed=before.closed + (before.is_open and not part.open),
    )  # fmt: skip
    st.session_state[_kept(key)] = now
    with part:
        yield now


def own(library: Library, key: str) -> str:
    """The key of a part or a field that each library has for itself: what was typed for one is not
    shown for another."""
    return f"{key}:{library.name}"  # no name has a colon


def secret(part: str, name: str) -> str:
    """The key of a field for a password in a part: after each closing it is another, empty one."""
    now: Folded = st.session_state[_kept(part)]
    return f"{name}-{now.closed}"


def _kept(key: str) -> str:
    return f"folded:{key}"
