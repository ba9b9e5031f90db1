"""The library: drop files in, see what was read from each, open them and take them out."""

from contextlib import suppress
from pathlib import Path

import streamlit as st

from assistant.ui import coverage, page_view, queue_view, resources, sidebar, style, trouble
from assistant.ui.page_view import Shown
from assistant.ui.plain import as_html, plain
from assistant.ui.queue_view import UPLOAD
from assistant.ui.upload import Upload
from assistant.ui.waiting import Work
from ingest.errors import PinciteError
from ingest.loaders import LOADERS
from vectorstore.catalog import DocumentInfo
from vectorstore.library import Library
from vectorstore.summary import AddSummary

_KINDS = {  # and a suffix of each
    "PDF": ".pdf", "Word": ".docx", "Excel": ".xlsx", "PowerPoint": ".pptx",
    "OpenDocument": ".odt", "RTF": ".rtf", "text": ".txt", "Markdown": ".md", "web pages": ".html",
    "e-books": ".epub", "mails": ".eml", "CSV": ".csv", "JSON": ".json", "XML": ".xml",
    "source code": ".py", "pictures and scans": ".png", "sound": ".mp3", "video": ".mp4",
    "subtitles": ".srt", "archives": ".zip",
}  # fmt: skip
_LISTED = 50  # documents at once
_FILTER_FROM = 8
_REMARKS = 30  # pages named at once
_OUTCOMES = 8  # files of an upload
_ASKED = "asked"  # in the session's state: a dialog is open


def page() -> None:
    """All of it, from top to bottom."""
    style.apply()
    st.title("Library", anchor=False)
    try:
        sidebar.library()
        library = resources.library()
        trouble.draw()
        _uploader(library)
        upload: Upload | None = st.session_state.get(UPLOAD)
        if upload and upload.done:
            _ended(library, upload)
        queue_view.draw(library, told=upload is None or upload.done)
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
        accept_multiple_files=True,
        key=f"files-{number}",
        help=kinds(),
    )
    if not files:
        return
    st.session_state["uploads"] = number + 1
    home = resources.settings().home
    st.session_state[UPLOAD] = resources.uploads().start(library, home, files)
    st.rerun()


def kinds() -> str:
    """What can be read, in the words of people."""
    known = [kind for kind, suffix in _KINDS.items() if suffix in LOADERS]
    return f"{', '.join(known[:-1])} and {known[-1]}."


def _ended(library: Library, upload: Upload) -> None:
    with st.container(border=True, key="upload"):
        if upload.error:
            trouble.say(upload.error)
        if upload.summary:
            st.markdown(f"**{summed_up(upload.summary)}**")
            for newer in upload.summary.superseded:
                st.caption(plain(f"{newer.by} is the newer version of {newer.document}"))
        queued = {job.path for job in library.jobs()}
        _outcomes(upload, queued)
        st.button("OK", on_click=lambda: st.session_state.pop(UPLOAD, None), key="seen")


def _outcomes(upload: Upload, queued: set[str]) -> None:
    """What became of the files; those that did not get in are in the queue, with buttons."""
    failed = upload.summary.failed if upload.summary else []
    inside = [Work(Path(f.path).name, f.error) for f in failed if f.path not in queued]
    added = [Work(state.name, state.words) for state in upload.states() if not state.failed]
    queue_view.draw_list(inside[:_OUTCOMES], failed=True)
    queue_view.draw_list(added[:_OUTCOMES])
    if (more := len(inside) + len(added) - 2 * _OUTCOMES) > 0:
        st.caption(f"and {queue_view.files(more)} more")


def summed_up(done: AddSummary) -> str:
    """What an upload did, in a few words."""
    counts = [
        (done.added, "added"),
        (done.updated, "replaced by a newer version"),
        (done.unchanged + done.moved, "already in the library"),
        (len(done.failed), "could not be added"),
        (done.cancelled, "stopped"),
    ]
    return ", ".join(f"{count} {what}" for count, what in counts if count) or "Nothing to add"


# -- what is there


@st.fragment(run_every=2.0)
def _watch(library: Library, drawn: int) -> None:
    """Draws the page anew once another visitor or process has changed the library."""
    with suppress(PinciteError):  # the page itself says what is wrong
        # A dialog would be closed by it, in the midst of the question.
        if library.generation() != drawn and not st.session_state.get(_ASKED):
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
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            _buttons(library, document)


def _buttons(library: Library, document: DocumentInfo) -> None:
    if _worth_a_look(document):
        _pages(library, document)
    st.button(
        "Open",
        key=f"open-{document.sha256}",
        on_click=page_view.show,
        args=(Shown(document.document, 1),),
    )
    if st.button("Remove", key=f"remove-{document.sha256}", type="tertiary"):
        st.session_state[_ASKED] = True
        _confirm(library, document.document)


def _worth_a_look(document: DocumentInfo) -> bool:
    read = document.coverage
    return bool(read.unread or read.ocr or read.hidden or document.status != "ready")


def _pages(library: Library, document: DocumentInfo) -> None:
    """The pages that were not read as they stand; a click opens one."""
    key = f"coverage-{document.sha256}"
    popover = st.popover("Coverage", key=key, on_change="rerun")
    if not popover.open:  # the page is drawn often while files are added
        return
    with popover:
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
    st.session_state[popover] = False  # else it would stay open above the page
    page_view.show(shown)


def facts(document: DocumentInfo) -> str:
    """Sizes, how much can be found, and what is worth a word of warning, as HTML."""
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
    st.session_state.pop(_ASKED, None)


@st.dialog("Remove this document?", on_dismiss=_answered)
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
        _answered()
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
