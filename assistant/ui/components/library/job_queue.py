"""The live job queue of the Library page: files that any process adds."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from assistant.i18n.numbers import number
from assistant.i18n.told import told
from assistant.i18n.translation import N_, _, ngettext
from assistant.ui import resources, session
from assistant.ui.components import error_banner
from assistant.ui.components.escaping import as_html
from assistant.ui.components.waiting import Waiting, Work, waiting
from assistant.uploads.upload import Upload, describe_step, folder, forget
from ingest.document.source import readable
from ingest.errors import PinciteError
from vectorstore.indexing.jobs import Job
from vectorstore.library import Library

UPLOAD = "upload"  # of this visitor, until its summary was read
_LISTED = 8  # files in work
_FAILED = 12  # files with buttons of their own


@dataclass(frozen=True)
class _Queue:
    """What is added here and elsewhere."""

    rebuilding: tuple[Upload, ...]
    adding: tuple[Upload, ...]  # of this server
    found: Waiting

    def __bool__(self) -> bool:
        """Whether anything goes on."""
        return bool(self.rebuilding or self.found.work)


def at_rest(library: Library) -> Waiting | None:
    """What waits or has failed while nothing is added; None while something is, or where that
    cannot be told."""
    return _resting(_read(library))


def draw(library: Library, told: bool) -> Waiting | None:
    """Draw the queue, again and again until it is at rest. Returns it where it is.

    `told`: the page shows the result of this visitor's upload, or there is none.
    """
    queue = _read(library)
    resting = _resting(queue)
    live = resting is None or not told
    st.fragment(_draw, run_every=1.0 if live else None)(library, told, [queue])
    return resting


def _resting(queue: _Queue | None) -> Waiting | None:
    return None if queue is None or queue else queue.found


def _read(library: Library) -> _Queue | None:
    with suppress(PinciteError):
        return _queue(library)
    return None


def _queue(library: Library) -> _Queue:
    uploads = resources.uploads().of(library.name)
    rebuilding = tuple(upload for upload in uploads if upload.is_rebuilding)
    adding = tuple(upload for upload in uploads if not upload.is_rebuild)
    return _Queue(rebuilding, adding, waiting(library, adding))


def _draw(library: Library, told: bool, read: list[_Queue | None]) -> None:
    """`read`: as the page has just read it. Streamlit calls this with the same list again and
    again: later drawings find it empty, and read anew."""
    mine: Upload | None = st.session_state.get(UPLOAD)
    if not told and mine and mine.done:
        st.rerun()
    try:
        before = read.pop() if read else None
        queue = _queue(library) if before is None else before
        found = queue.found
        if queue or (found and resources.may_change()):
            with st.container(border=True, key="queue"):
                _draw_rebuild(queue.rebuilding)
                _work(found, queue.adding)
                if resources.may_change():
                    _draw_left(library, found.left)
                    _failed(library, found.failed)
    except PinciteError as error:
        error_banner.say(error)


def start(library: Library, again: Sequence[str]) -> None:
    """Try files again; without any, continue what was stopped."""
    home = resources.settings().home
    st.session_state[UPLOAD] = resources.uploads().start(
        resources.to_change(library, "added again"), home, again=again
    )
    st.rerun()


def draw_list(rows: Sequence[Work], failed: bool = False) -> None:
    """Draw names with their progress, or the reason of a failure."""
    if not rows:
        return
    kind = "failed" if failed else "fine"
    items = "".join(
        f'<li class="{kind}"><span class="name">{as_html(readable(row.name))}</span>'
        f'<span class="state">{as_html(row.words)}</span></li>'
        for row in rows
    )
    st.html(f'<ul class="files">{items}</ul>')


def files(count: int) -> str:
    """`1 file`, `2 files`."""
    return ngettext("{count} file", "{count} files", count)


def more_files(count: int) -> str:
    """How many are not listed."""
    return ngettext("and {count} file more", "and {count} files more", count)


# -- its parts


def _title(text: str) -> None:
    st.html(f'<p class="queue-title">{as_html(text)}</p>')


def _draw_rebuild(uploads: Sequence[Upload]) -> None:
    if not uploads:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        _title(_("Rebuilding the library"))
        if uploads[0].stopping:
            st.caption(_("Stopping…"))
        elif resources.may_change():
            st.button(_("Stop"), key="stop-rebuild", on_click=_stop, args=(uploads,))
    step = uploads[0].progress
    if step.total:
        sizes = {"done": number(step.done), "total": number(step.total)}
        documents, passages = (
            N_("{done} of {total} documents done"),
            N_("{done} of {total} passages done"),
        )
        what = _(documents if step.is_rebuild else passages, **sizes)
        st.progress(min(step.done / step.total, 1), what)
    if step.is_rebuild:
        draw_list([Work(step.file, describe_step(step))])
    st.caption(_("Until then, search works as before."))


def _work(found: Waiting, uploads: Sequence[Upload]) -> None:
    if not found.work:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        _title(ngettext("Adding {count} file", "Adding {count} files", len(found.work)))
        if uploads and uploads[0].stopping:
            st.caption(_("Stopping…"))
        elif uploads and resources.may_change():
            st.button(_("Stop"), key="stop-adding", on_click=_stop, args=(uploads,))
    if uploads and not uploads[0].is_rebuilding and (total := uploads[0].progress.total):
        done = min(uploads[0].progress.done, total)
        count = ngettext("{done} of {count} file done", "{done} of {count} files done", total,
                         done=number(done))  # fmt: skip
        st.progress(done / total, count)
    draw_list(found.work[:_LISTED])
    if len(found.work) > _LISTED:
        st.caption(more_files(len(found.work) - _LISTED))


def _stop(uploads: Sequence[Upload]) -> None:
    for upload in uploads:
        upload.stop()


def _draw_left(library: Library, jobs: Sequence[Job]) -> None:
    if not jobs:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        _title(
            ngettext(
                "Stopped: {count} file waits to be continued",
                "Stopped: {count} files wait to be continued",
                len(jobs),
            )
        )
        with _buttons():
            if st.button(_("Continue"), key="continue", type="primary"):
                start(library, [])
            if st.button(_("Dismiss"), key="dismiss-left"):
                _dismiss(library, jobs)
    draw_list([Work(job.name, _("not read yet")) for job in jobs[:_LISTED]])
    if len(jobs) > _LISTED:
        st.caption(more_files(len(jobs) - _LISTED))


def _failed(library: Library, jobs: Sequence[Job]) -> None:
    if not jobs:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        _title(
            ngettext(
                "{count} file could not be added", "{count} files could not be added", len(jobs)
            )
        )
        if len(jobs) > 1:
            with _buttons():
                if st.button(_("Retry all"), key="retry-all"):
                    start(library, [job.path for job in jobs])
                if st.button(_("Dismiss all"), key="dismiss-all"):
                    _dismiss(library, jobs)
    for job in jobs[:_FAILED]:
        _failure(library, job)
    if len(jobs) > _FAILED:
        st.caption(more_files(len(jobs) - _FAILED))


def _failure(library: Library, job: Job) -> None:
    key = hashlib.sha256(job.path.encode()).hexdigest()[:16]
    reason = told(job.error.partition(" Known: ")[0])  # all suffixes there are
    with st.container(horizontal=True, vertical_alignment="center", key=f"failure-{key}"):
        draw_list([Work(job.name, reason)], failed=True)
        with _buttons():
            if st.button(_("Retry"), key=f"retry-{key}"):
                start(library, [job.path])
            if st.button(_("Dismiss"), key=f"dismiss-{key}"):
                _dismiss(library, [job])


def _buttons() -> DeltaGenerator:
    """Draw buttons beside their item, or below it on a narrow screen."""
    return st.container(horizontal=True, vertical_alignment="center", width="content")


def _dismiss(library: Library, jobs: Sequence[Job]) -> None:
    places = [job.path for job in jobs]
    try:
        resources.to_change(library, "dismissed").jobs.drop(places)
    except PinciteError as error:
        session.keep_error(error)
    else:
        forget(places, folder(resources.settings().home, library.name))
    st.rerun()
