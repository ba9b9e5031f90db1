"""A form with a name: of a conversation, or of a folder."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from assistant.i18n.translation import _


def draw(name: str, key: str, most: int, save: Callable[..., None], *about: Any) -> None:
    """`save` gets `about`, and finds the name, of `most` characters, in the session's state at
    `key`."""
    with st.form(f"{key}-form", border=False):
        st.text_input(_("Name"), name, max_chars=most, key=key)
        saved = st.form_submit_button(_("Save"), type="primary", on_click=save, args=about)
    if saved:
        st.rerun()
