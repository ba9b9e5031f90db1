"""A step of several, with its number and whether it is done."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from assistant.i18n.translation import _
from assistant.ui.components.escaping import as_html


@contextmanager
def step(number: int, title: str, done: bool) -> Iterator[None]:
    """Draw the frame; what is drawn within stands in it."""
    with st.container(border=True, key=f"step-{number}"):
        state = f'<span class="quiet">{as_html(_("done"))}</span>' if done else ""
        st.html(f'<h2 class="step"><span>{number}</span> {as_html(title)} {state}</h2>')
        yield
