"""What folders and servers that a library follows have in common on the page."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from assistant.ui import machine_folders, session
from assistant.ui.components.escaping import as_html
from ingest.errors import PinciteError


@contextmanager
def row(key: str, name: str, facts: str) -> Iterator[None]:
    """Draw one with what is known of it; the buttons that are drawn within stand beside."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"row-{key}"):
        st.html(
            f'<div class="document-name">{as_html(name)}</div>'
            f'<div class="document-facts">{as_html(facts)}</div>'
        )
        yield


def attempt(work: Callable[[], object]) -> None:
    """Do what only an owner at this machine may do; why it cannot be done is shown at the next
    drawing."""
    try:
        machine_folders.check()
        work()
    except PinciteError as error:
        session.keep_error(error)
