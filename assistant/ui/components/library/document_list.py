"""Lists the documents of a library, with coverage and buttons to open or remove each."""

import streamlit as st

from assistant.i18n.numbers import number
from assistant.i18n.told import told
from assistant.i18n.translation import _, ngettext
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
        sizes = {"shown": number(_LISTED), "all": number(len(wanted))}
        st.caption(_("The first {shown} of {all} are shown. Type a part of a name above.", **sizes))


def _totals(documents: list[DocumentInfo]) -> None:
    pages = sum(document.pages for document in documents)
    sizes = ngettext("{count} document", "{count} documents", len(documents))
    leaves = ngettext("{count} page", "{count} pages", pages)
    st.html(f'<p class="section">{as_html(f"{sizes}, {leaves}")}</p>')


def _filter(documents: list[DocumentInfo]) -> list[DocumentInfo]:
    if len(documents) <= _FILTER_FROM:
        return documents
    part = st.text_input(
        _("Find a document by its name"), key="part", placeholder=_("Part of a name")
    )
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
        _("Open"),
        key=f"open-{document.sha256}",
        on_click=session.show,
        args=(Shown(document.document, 1),),
    )
    if resources.may_change() and st.button(
        _("Remove"), key=f"remove-{document.sha256}", type="tertiary"
    ):
        st.session_state[ASKED] = True
        # At each call, for the title in the language of the visitor.
        title = _("Remove this document?")
        st.dialog(title, on_dismiss=_answered)(_confirm)(library, document.document)


def _worth_a_look(document: DocumentInfo) -> bool:
    read = document.coverage
    return bool(read.unread or read.ocr or read.hidden or document.status != "ready")


def _pages(library: Library, document: DocumentInfo) -> None:
    """Draw the pages that were not read completely; a click opens one."""
    key = f"coverage-{document.sha256}"
    popover = st.popover(_("Coverage"), key=key, on_change="rerun")
    if not popover.open:  # the page is drawn often while files are added
        return
    with popover, st.container(key=f"remarks-{document.sha256}"):
        remarks = coverage.remarks(library.ledger(document.document))
        for remark in remarks[:_REMARKS]:
            st.button(
                plain(_("Page {page}: {remark}", page=remark.page, remark=remark.words)),
                key=f"remark-{document.sha256}-{remark.page}",
                type="tertiary",
                on_click=_open_remark,
                args=(key, Shown(document.document, remark.page)),
            )
        if len(remarks) > _REMARKS:
            left = len(remarks) - _REMARKS
            st.caption(ngettext("and {count} more page", "and {count} more pages", left))
        if not remarks:
            st.caption(_("Every page was read as it stands."))


def _open_remark(popover: str, shown: Shown) -> None:
    st.session_state[popover] = False  # otherwise it would stay open above the page
    session.show(shown)


def facts(document: DocumentInfo) -> str:
    """Sizes, coverage and warnings, as HTML."""
    sizes = (
        ngettext("{count} page", "{count} pages", document.pages),
        ngettext("{count} passage", "{count} passages", document.chunks),
        coverage.phrase(document.coverage),
    )
    warnings = [] if document.status == "ready" else [told(document.status)]
    if document.superseded_by:
        warnings.append(_("older version of {document}", document=document.superseded_by))
    marked = (f'<span class="warning">{as_html(warning)}</span>' for warning in warnings)
    return " · ".join([*map(as_html, sizes), *marked])


def _answered() -> None:
    st.session_state.pop(ASKED, None)


def _confirm(library: Library, name: str) -> None:
    leaves = _(
        "{document} and everything that was read from it leave the library. Your own file stays "
        "where it is."
    )
    named = f"<b>{as_html(readable(name))}</b>"
    st.html(f"<p>{as_html(leaves).format(document=named)}</p>")
    with st.container(horizontal=True):
        removed = st.button(
            _("Remove"),
            type="primary",
            key="confirm-remove",
            on_click=_remove,
            args=(library, name),
        )
        kept = st.button(_("Keep"), key="keep")
    if removed or kept:
        _answered()
        st.rerun()  # closes the dialog


def _remove(library: Library, name: str) -> None:
    try:
        resources.to_change(library, "removed", name).remove([name])
    except PinciteError as error:
        session.keep_error(error)
    opened = session.shown()
    if opened and opened.document == name:
        session.show(None)
