"""Lists the documents of a library, with coverage and buttons to open or remove each."""

import streamlit as st

from assistant.ui import resources, session
from assistant.ui.components.escaping import as_html, plain
from assistant.ui.components.library import coverage
from assistant.ui.session import Shown
from ingest.document.source import readable
from ingest.errors import PinciteError
from vectorstore.catalog.catalog import DocumentInfo
from vectorstore.library import Library

ASKED = "asked"  # in the session's state: a dialog is open
_LISTED = 50  # documents at once
_FILTER_FROM = 8
_REMARKS = 30  # pages named at once


def draw(library: Library) -> None:
    """Draw the list, with a search box where there are many."""
    documents = library.documents()
    _totals(documents)
    wanted = _filter(documents)
    for document in wanted[:_LISTED]:
        _row(library, document)
    if len(wanted) > _LISTED:
        st.caption(f"The first {_LISTED} of {len(wanted)} are shown. Type a part of a name above.")


def _totals(documents: list[DocumentInfo]) -> None:
    pages = sum(document.pages for document in documents)
    st.html(
        f'<p class="section">{counted(len(documents), "document")}, {counted(pages, "page")}</p>'
    )


def _filter(documents: list[DocumentInfo]) -> list[DocumentInfo]:
    if len(documents) <= _FILTER_FROM:
        return documents
    part = st.text_input("Find a document by its name", key="part", placeholder="Part of a name")
    return [d for d in documents if part.lower() in d.document.lower()]


def _row(library: Library, document: DocumentInfo) -> None:
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", key=f"row-{document.sha256}"
    ):
        st.html(
            f'<div class="document-name">{as_html(readable(document.document))}</div>'
            f'<div class="document-facts">{facts(document)}</div>{coverage.bar(document.coverage)}'
        )
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            _buttons(library, document)


def _buttons(library: Library, document: DocumentInfo) -> None:
    if _worth_a_look(document):
        _pages(library, document)
    st.button(
        "Open",
        key=f"open-{document.sha256}",
        on_click=session.show,
        args=(Shown(document.document, 1),),
    )
    if resources.is_owner() and st.button(
        "Remove", key=f"remove-{document.sha256}", type="tertiary"
    ):
        st.session_state[ASKED] = True
        _confirm(library, document.document)


def _worth_a_look(document: DocumentInfo) -> bool:
    read = document.coverage
    return bool(read.unread or read.ocr or read.hidden or document.status != "ready")


def _pages(library: Library, document: DocumentInfo) -> None:
    """Draw the pages that were not read completely; a click opens one."""
    key = f"coverage-{document.sha256}"
    popover = st.popover("Coverage", key=key, on_change="rerun")
    if not popover.open:  # the page is drawn often while files are added
        return
    with popover, st.container(key=f"remarks-{document.sha256}"):
        remarks = coverage.remarks(library.ledger(document.document))
        for remark in remarks[:_REMARKS]:
            st.button(
                plain(f"Page {remark.page}: {remark.words}"),
                key=f"remark-{document.sha256}-{remark.page}",
                type="tertiary",
                on_click=_open_remark,
                args=(key, Shown(document.document, remark.page)),
            )
        if len(remarks) > _REMARKS:
            st.caption(f"and {len(remarks) - _REMARKS:,} more pages")
        if not remarks:
            st.caption("Every page was read as it stands.")


def _open_remark(popover: str, shown: Shown) -> None:
    st.session_state[popover] = False  # otherwise it would stay open above the page
    session.show(shown)


def facts(document: DocumentInfo) -> str:
    """Sizes, coverage and warnings, as HTML."""
    sizes = f"{counted(document.pages, 'page')} · {counted(document.chunks, 'passage')}"
    told = f"{sizes} · {coverage.phrase(document.coverage)}"
    warnings = [] if document.status == "ready" else [document.status]
    if document.superseded_by:
        warnings.append(f"older version of {document.superseded_by}")
    return " · ".join([told, *(f'<span class="warning">{as_html(w)}</span>' for w in warnings)])


def counted(count: int, thing: str) -> str:
    """`1 page`, `2 pages`."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def _answered() -> None:
    st.session_state.pop(ASKED, None)


@st.dialog("Remove this document?", on_dismiss=_answered)
def _confirm(library: Library, name: str) -> None:
    st.html(
        f"<p><b>{as_html(readable(name))}</b> and everything that was read from it leave the "
        "library. Your own file stays where it is.</p>"
    )
    with st.container(horizontal=True):
        removed = st.button(
            "Remove",
            type="primary",
            key="confirm-remove",
            on_click=_remove,
            args=(library, name),
        )
        kept = st.button("Keep", key="keep")
    if removed or kept:
        _answered()
        st.rerun()  # closes the dialog


def _remove(library: Library, name: str) -> None:
    try:
        library.remove([name])
    except PinciteError as error:
        session.keep_error(error)
    opened = session.shown()
    if opened and opened.document == name:
        session.show(None)
