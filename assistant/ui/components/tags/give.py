"""The dialog that gives tags to documents, and takes them away."""

from collections.abc import Callable, Sequence

import streamlit as st

from assistant.i18n.translation import _, ngettext
from assistant.ui import resources, session
from assistant.ui.components.tags.fields import counted
from ingest.errors import PinciteError
from vectorstore.library import Library

# In the session's state: the fields, and that they are done with.
_GIVE, _TAKE, _DONE = "tags-to-give", "tags-to-take", "tags-done"


def open_dialog(library: Library, names: Sequence[str], closed: Callable[[], None]) -> None:
    """Draw it for these documents; `closed` is called when it is."""
    st.session_state.pop(_DONE, None)
    # At each call, for the title in the language of the visitor.
    title = ngettext("Tags of {count} document", "Tags of {count} documents", len(names))
    st.dialog(title, on_dismiss=closed)(_dialog)(library, names, closed)


def _dialog(library: Library, names: Sequence[str], closed: Callable[[], None]) -> None:
    if st.session_state.pop(_DONE, False):
        st.rerun()
    documents = library.documents()
    there = counted([document for document in documents if document.document in set(names)])
    st.multiselect(
        _("Tags to give"), list(counted(documents)), accept_new_options=True, key=_GIVE,
        placeholder=_("Choose one, or type one and press Enter"),
    )  # fmt: skip
    if there:
        st.multiselect(_("Tags to take away"), list(there), key=_TAKE, placeholder=_("None"))
    with st.container(horizontal=True):
        st.button(
            _("Save"), type="primary", key="save-tags",
            on_click=_save, args=(library, names, closed),
        )  # fmt: skip
        st.button(_("Cancel"), key="cancel-tags", on_click=_end, args=(closed,))


def _end(closed: Callable[[], None]) -> None:
    """The next drawing closes it."""
    st.session_state[_DONE] = True
    closed()


def _save(library: Library, names: Sequence[str], closed: Callable[[], None]) -> None:
    add, remove = st.session_state.get(_GIVE, []), st.session_state.get(_TAKE, [])
    _end(closed)
    try:
        there = {document.document for document in library.documents()}
        wanted = [name for name in names if name in there]
        resources.to_change(library, "tagged", ", ".join(wanted)).tags.change(wanted, add, remove)
    except PinciteError as error:
        session.keep_error(error)
