"""A form with a name: of a conversation, or of a folder."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from assistant.i18n.translation import _


def draw(name: str, key: str, most: int, save: Callable[..., None], *about: Any) -> None:
    """`save` gets the name, of `most` characters, and `about`; the session keeps it at `key`."""
    with st.form(f"{key}-form", border=False):
        st.text_input(_("Name"), name, max_chars=most, key=key)
        saved = st.form_submit_button(
            _("Save"), type="primary", on_click=_save, args=(key, save, *about)
        )
    if saved:
        st.rerun()


def _save(key: str, save: Callable[..., None], *about: Any) -> None:
    # The page may have been drawn again meanwhile, without the dialog.
    if key in st.session_state:
        save(str(st.session_state[key]), *about)
