"""Lets a person select documents, also on other pages of the list, and tag or remove them."""

from collections.abc import Mapping, Sequence

import streamlit as st

from assistant.i18n.numbers import number
from assistant.i18n.translation import _, ngettext
from assistant.ui import resources, session
from assistant.ui.components import confirm
from assistant.ui.components.escaping import plain
from assistant.ui.components.tags import give
from ingest.document.source import readable
from ingest.errors import PinciteError
from vectorstore.library import Library

_SHOWN = 5  # names in the question
ASKED = "asked"  # in the session's state: a dialog is open


def draw(library: Library, listed: Sequence[str]) -> None:
    """Draw what can be done with the selected ones; `listed` are those of the list."""
    chosen = picked(library).intersection(d.document for d in library.documents())
    if not chosen:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="many"):
        st.markdown(ngettext("{count} selected", "{count} selected", len(chosen)), width="content")
        if len(chosen) < len(listed):
            label = ngettext("Select all {count}", "Select all {count}", len(listed))
            st.button(label, key="pick-all", on_click=_pick_all, args=(library, tuple(listed)))
        st.button(_("Select none"), key="pick-none", on_click=_pick_all, args=(library, ()))
        if st.button(_("Tags"), key="tag-many"):
            st.session_state[ASKED] = True
            give.open_dialog(library, sorted(chosen), answered)
        if st.button(_("Remove"), key="remove-many", type="tertiary"):
            st.session_state[ASKED] = True
            title = _("Remove these documents?")
            st.dialog(title, on_dismiss=answered)(_confirm)(library, sorted(chosen))


def answered() -> None:
    """The dialog is closed."""
    st.session_state.pop(ASKED, None)


def picked(library: Library) -> set[str]:
    """Kept for all pages of the list."""
    found: set[str] = st.session_state.setdefault(f"picked-{library.name}", set())
    return found


def pick(library: Library, wanted: Mapping[str, bool]) -> None:
    """Select documents, or select them no more."""
    for document, is_wanted in wanted.items():
        (set.add if is_wanted else set.discard)(picked(library), document)


def _pick_all(library: Library, documents: Sequence[str]) -> None:
    st.session_state[f"picked-{library.name}"] = set(documents)


def _confirm(library: Library, names: list[str]) -> None:
    shown = ", ".join(readable(name) for name in names[:_SHOWN])
    more = len(names) - _SHOWN
    if more > 0:
        shown += " " + _("and {count} more", count=number(more))
    leave = _("They and everything that was read from them leave the library. Your own files stay.")
    st.markdown(plain(f"{shown}. {leave}"))
    if confirm.buttons(_("Remove"), _remove, library, names, key="many", keep=answered):
        st.rerun()


def _remove(library: Library, names: list[str]) -> None:
    answered()
    try:
        there = {document.document for document in library.documents()}
        wanted = [name for name in names if name in there]
        resources.to_change(library, "removed", ", ".join(wanted)).remove(wanted)
        _pick_all(library, ())
    except PinciteError as error:
        session.keep_error(error)
    opened = session.shown()
    if opened and opened.document in names:
        session.show(None)
