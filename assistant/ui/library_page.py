"""The library: drop files in, see what was read from each, open them and take them out."""

from contextlib import suppress

import streamlit as st

from assistant.ui import coverage, page_view, resources, sidebar, style, trouble
from assistant.ui.page_view import Shown
from assistant.ui.plain import as_html, plain
from assistant.ui.upload import State, Upload
from ingest.errors import PinciteError
from ingest.loaders import LOADERS
from vectorstore.catalog import DocumentInfo
from vectorstore.library import Library

_LISTED = 50  # documents at once
_FILTER_FROM = 8
_REMARKS = 30  # pages named at once


def page() -> None:
    """All of it, from top to bottom."""
    style.apply()
    st.title("Library", anchor=False)
    try:
        sidebar.library()
        library = resources.library()
        trouble.draw()
        _uploader(library)
        _upload_state()
        _documents(library)
        page_view.panel(library)
        _watch(library, library.generation())
    except PinciteError as error:
        trouble.say(error)


# -- adding


def _uploader(library: Library) -> None:
    # A new key empties the box, ready for the next files.
    number = st.session_state.setdefault("uploads", 0)
    files = st.file_uploader(
        "Add documents: drop files here",
        type=[suffix.removeprefix(".") for suffix in LOADERS],
        accept_multiple_files=True,
        key=f"files-{number}",
    )
    if not files:
        return
    st.session_state["uploads"] = number + 1
    st.session_state["upload"] = Upload(library, resources.settings().home, files)
    st.rerun()


def _upload_state() -> None:
    upload: Upload | None = st.session_state.get("upload")
    if upload is None:
        return
    with st.container(border=True, key="upload"):
        if upload.done:
            _finished(upload)
        else:
            _progress(upload)


@st.fragment(run_every=0.5)
def _progress(upload: Upload) -> None:
    if upload.done:
        st.rerun()
    step = upload.progress
    st.progress(
        step.done / max(step.total, 1), f"Adding: {step.done} of {step.total} files are done"
    )
    _files(upload.states())


def _finished(upload: Upload) -> None:
    if upload.error:
        trouble.say(upload.error)
    if upload.summary:
        st.markdown(f"**{summed_up(upload)}**")
    _files(upload.states())
    st.button("OK", on_click=lambda: st.session_state.pop("upload", None), key="seen")


def summed_up(upload: Upload) -> str:
    """What an upload did, in a few words."""
    done = upload.summary
    if done is None:
        return ""
    counts = [
        (done.added, "added"),
        (done.updated, "replaced by a newer version"),
        (done.unchanged, "already in the library"),
        (len(done.failed), "could not be added"),
    ]
    return ", ".join(f"{count} {what}" for count, what in counts if count) or "Nothing to add"


def _files(states: list[State]) -> None:
    rows = "".join(
        f'<li class="{"failed" if state.failed else "fine"}">'
        f'<span class="name">{as_html(state.name)}</span>'
        f'<span class="state">{as_html(state.words)}</span></li>'
        for state in states
    )
    st.html(f'<ul class="files">{rows}</ul>')


# -- what is there


@st.fragment(run_every=2.0)
def _watch(library: Library, drawn: int) -> None:
    """Draws the page anew once another visitor or process has changed the library."""
    with suppress(PinciteError):  # the page itself says what is wrong
        if library.generation() != drawn:
            st.rerun()


def _documents(library: Library) -> None:
    documents = library.documents()
    if not documents:
        st.html(
            '<div class="empty"><h3>Nothing here yet</h3>'
            '<p class="quiet">Drop files above. They are copied, read and indexed on this machine.'
            "</p></div>"
        )
        return
    _totals(documents)
    wanted = _wanted(documents)
    for document in wanted[:_LISTED]:
        _row(library, document)
    if len(wanted) > _LISTED:
        st.caption(f"The first {_LISTED} of {len(wanted)} are shown. Type a part of a name above.")


def _totals(documents: list[DocumentInfo]) -> None:
    pages = sum(document.pages for document in documents)
    st.html(
        f'<p class="section">{counted(len(documents), "document")}, {counted(pages, "page")}</p>'
    )


def _wanted(documents: list[DocumentInfo]) -> list[DocumentInfo]:
    if len(documents) <= _FILTER_FROM:
        return documents
    part = st.text_input("Find a document by its name", key="part", placeholder="Part of a name")
    return [d for d in documents if part.lower() in d.document.lower()]


def _row(library: Library, document: DocumentInfo) -> None:
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", key=f"row-{document.sha256}"
    ):
        st.html(
            f'<div class="document-name">{as_html(document.document)}</div>'
            f'<div class="document-facts">{facts(document)}</div>{coverage.bar(document.coverage)}'
        )
        if _worth_a_look(document):
            _pages(library, document)
        st.button(
            "Open",
            key=f"open-{document.sha256}",
            on_click=page_view.show,
            args=(Shown(document.document, 1),),
        )
        if st.button("Remove", key=f"remove-{document.sha256}", type="tertiary"):
            _confirm(library, document.document)


def _worth_a_look(document: DocumentInfo) -> bool:
    read = document.coverage
    return bool(read.unread or read.ocr or read.hidden or document.status != "ready")


def _pages(library: Library, document: DocumentInfo) -> None:
    """The pages that were not read as they stand; a click opens one."""
    with st.popover("Coverage", key=f"coverage-{document.sha256}"):
        remarks = coverage.remarks(library.ledger(document.document))
        for remark in remarks[:_REMARKS]:
            st.button(
                plain(f"Page {remark.page}: {remark.words}"),
                key=f"remark-{document.sha256}-{remark.page}",
                type="tertiary",
                on_click=page_view.show,
                args=(Shown(document.document, remark.page),),
            )
        if len(remarks) > _REMARKS:
            st.caption(f"and {len(remarks) - _REMARKS:,} more pages")
        if not remarks:
            st.caption("Every page was read as it stands.")


def facts(document: DocumentInfo) -> str:
    """Pages, passages, how much can be found, and a status that is worth a word, as HTML."""
    sizes = f"{counted(document.pages, 'page')} · {counted(document.chunks, 'passage')}"
    told = f"{sizes} · {coverage.phrase(document.coverage)}"
    if document.status == "ready":
        return told
    return f'{told} · <span class="warning">{as_html(document.status)}</span>'


def counted(count: int, thing: str) -> str:
    """`1 page`, `2 pages`."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


@st.dialog("Remove this document?")
def _confirm(library: Library, name: str) -> None:
    st.html(
        f"<p><b>{as_html(name)}</b> and everything that was read from it leave the library. "
        "Your own file stays where it is.</p>"
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
        st.rerun()  # closes the dialog


def _remove(library: Library, name: str) -> None:
    try:
        library.remove([name])
    except PinciteError as error:
        trouble.keep(error)
    opened = page_view.shown()
    if opened and opened.document == name:
        page_view.show(None)


page()
