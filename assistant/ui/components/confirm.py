"""The two buttons at the end of a dialog that asks before something is lost."""

from collections.abc import Callable

import streamlit as st

from assistant.i18n.translation import _


def buttons(
    does: str,
    act: Callable[..., None],
    *given: object,
    key: str,
    keep: Callable[[], None] | None = None,
) -> bool:
    """One does it, the other keeps everything; True once either is pressed, which closes the dialog
    with the next drawing of the page. `does`: a translated word; `key`: of these buttons; `act`,
    called with what is given, and `keep`: what they do."""
    with st.container(horizontal=True):
        done = st.button(does, type="primary", key=f"confirm-{key}", on_click=act, args=given)
        kept = st.button(_("Keep"), key=f"keep-{key}", on_click=keep)
    return done or kept
