"""Lists the documents of a library, to be found, selected, opened and removed."""

from collections.abc import Mapping

import streamlit as st

from assistant.i18n.numbers import number
from assistant.i18n.translation import _, ngettext
from assistant.ui import resources, session
from assistant.ui.components import confirm, error_banner
from assistant.ui.components.escaping import as_html
from assistant.ui.components.library import coverage, document_filter, document_rows, many
from assistant.ui.session import Shown
from ingest.document.source import readable
from ingest.errors import PinciteError
from vectorstore.catalog.records import DocumentInfo
from vectorstore.library import Library

_PAGE = 10  # documents at once
_TOOLS_FROM = 10  # documents from which they are searched and sorted
# In the session's state: the document whose coverage is looked at, the one that somebody wants to
# remove, and that one was opened.
_LOOKED, _LEAVES, _OPENED = "coverage-of", "document-to-remove", "document-opened"


@st.fragment
def draw(library: Library) -> None:
    """Draw ten of them, with a search box and an order where there are more. A click in the list
    draws the list alone."""
    if st.session_state.pop(_OPENED, False):
        st.rerun()  # its page stands beside the list
    try:
        resources.check_seen(library)
        _list(library, library.documents())
    except PinciteError as error:
        error_banner.say(error)


def _list(library: Library, documents: list[DocumentInfo]) -> None:
    _totals(documents)
    wanted, several = documents, len(documents) > 1
    if len(documents) > _TOOLS_FROM:
        with st.container(key="list-filter"):
            wanted = _wanted(documents)
    changes = resources.may_change()
    if changes and several:
        many.draw(library, [document.document for document in wanted])
    first = _first(len(wanted))
    _rows(library, wanted[first : first + _PAGE], changes, several)
    _pager(first, len(wanted))
    if changes:
        _ask_removal(library)


def _totals(documents: list[DocumentInfo]) -> None:
    pages = sum(document.pages for document in documents)
    sizes = ngettext("{count} document", "{count} documents", len(documents))
    leaves = ngettext("{count} page", "{count} pages", pages)
    st.html(f'<p class="section">{as_html(f"{sizes}, {leaves}")}</p>')


def _wanted(documents: list[DocumentInfo]) -> list[DocumentInfo]:
    how = document_filter.draw(documents)
    if st.session_state.get("listed-how") != how:  # another list begins with its first page
        st.session_state.update({"listed-how": how, "listed-from": 0})
    return document_filter.found(documents, how)


def _first(count: int) -> int:
    """Of the documents on this page; the last page where the list has become shorter."""
    first: int = st.session_state.get("listed-from", 0)
    return min(first, max(0, (count - 1) // _PAGE * _PAGE))


def _pager(first: int, count: int) -> None:
    if count <= _PAGE:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="pager"):
        _turn(_("Previous"), first - _PAGE, disabled=first == 0)
        last = min(first + _PAGE, count)
        st.caption(
            _("{first} to {last} of {all}",
              first=number(first + 1), last=number(last), all=number(count)),
            width="content",
        )  # fmt: skip
        _turn(_("Next"), first + _PAGE, disabled=last == count)


def _turn(label: str, to: int, disabled: bool) -> None:
    st.button(
        label, key=f"turn-{label}", disabled=disabled,
        on_click=lambda: st.session_state.update({"listed-from": to}),
    )  # fmt: skip


# -- the rows, and what is done with one


def _rows(library: Library, shown: list[DocumentInfo], changes: bool, several: bool) -> None:
    picked, looked = many.picked(library), st.session_state.get(_LOOKED)
    rows = [
        document_rows.row(
            one, one.document in picked,
            coverage.remarks(library.ledger(looked)) if looked == one.document else None,
        )
        for one in shown
    ]  # fmt: skip

    def act(does: str, document: str, page: int) -> None:
        # A browser can name any: only one of this library is opened.
        if any(one.document == document for one in shown):
            _act(library, does, document, page)

    def tick(wanted: Mapping[str, bool]) -> None:
        here = {one.document for one in shown} if changes else set()
        many.pick(library, {one: wanted[one] for one in here.intersection(wanted)})

    document_rows.draw(rows, changes, changes and several, tick, act)


def _act(library: Library, does: str, document: str, page: int) -> None:
    state = st.session_state
    match does:
        case "look":
            state[_LOOKED] = None if state.get(_LOOKED) == document else document
        case "open":
            state.update({_OPENED: True, _LOOKED: None})  # folded away, above the page
            session.show(Shown(document, page, source=f"documents/open {document}"))
        case "remove":
            state[_LEAVES] = document


def _ask_removal(library: Library) -> None:
    if name := st.session_state.pop(_LEAVES, ""):
        st.session_state[many.ASKED] = True
        # At each call, for the title in the language of the visitor.
        title = _("Remove this document?")
        st.dialog(title, on_dismiss=many.answered)(_confirm)(library, name)


def _confirm(library: Library, name: str) -> None:
    leaves = _(
        "{document} and everything that was read from it leave the library. Your own file stays "
        "where it is."
    )
    named = f"<b>{as_html(readable(name))}</b>"
    st.html(f"<p>{as_html(leaves).format(document=named)}</p>")
    if confirm.buttons(_("Remove"), _remove, library, name, key="remove"):
        many.answered()
        st.rerun()


def _remove(library: Library, name: str) -> None:
    try:
        resources.to_change(library, "removed", name).remove([name])
    except PinciteError as error:
        session.keep_error(error)
    opened = session.shown()
    if opened and opened.document == name:
        session.show(None)
