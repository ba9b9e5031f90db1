"""The live job queue of the Library page: files that any process adds."""

import hashlib
from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from assistant.ui import resources, session
from assistant.ui.background.upload import Upload, describe_step, folder, forget
from assistant.ui.components import error_banner
from assistant.ui.components.escaping import as_html
from assistant.ui.components.waiting import Waiting, Work, waiting
from ingest.document.source import readable
from ingest.errors import PinciteError
from vectorstore.indexing.jobs import Job
from vectorstore.library import Library

UPLOAD = "upload"  # of this visitor, until its summary was read
_LISTED = 8  # files in work
_FAILED = 12  # files with buttons of their own


@st.fragment(run_every=1.0)
def draw(library: Library, told: bool) -> None:
    """Draw the queue. `told`: the page shows the result of this visitor's upload, or there is
    none."""
    mine: Upload | None = st.session_state.get(UPLOAD)
    if not told and mine and mine.done:
        st.rerun()
    try:
        uploads = resources.uploads().of(library.name)
        rebuilding = [upload for upload in uploads if upload.is_rebuilding]
        adding = [upload for upload in uploads if not upload.is_rebuild]
        found = waiting(library, adding)
        if (found if resources.is_owner() else found.work) or rebuilding:
            with st.container(border=True, key="queue"):
                _draw_rebuild(rebuilding)
                _work(found, adding)
                if resources.is_owner():
                    _draw_left(library, found.left)
                    _failed(library, found.failed)
    except PinciteError as error:
        error_banner.say(error)


def start(library: Library, again: Sequence[str]) -> None:
    """Try files again; without any, continue what was stopped."""
    home = resources.settings().home
    st.session_state[UPLOAD] = resources.uploads().start(library, home, again=again)
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
    return "1 file" if count == 1 else f"{count:,} files"


# -- its parts


def _draw_rebuild(uploads: Sequence[Upload]) -> None:
    if not uploads:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html('<p class="queue-title">Rebuilding the library</p>')
        if uploads[0].stopping:
            st.caption("Stopping…")
        elif resources.is_owner():
            st.button("Stop", key="stop-rebuild", on_click=_stop, args=(uploads,))
    step = uploads[0].progress
    if step.total:
        what = "documents" if step.is_rebuild else "passages"
        st.progress(min(step.done / step.total, 1), f"{step.done} of {step.total:,} {what} done")
    if step.is_rebuild:
        draw_list([Work(step.file, describe_step(step))])
    st.caption("Until then, search works as before.")


def _work(found: Waiting, uploads: Sequence[Upload]) -> None:
    if not found.work:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="queue-title">Adding {files(len(found.work))}</p>')
        if uploads and uploads[0].stopping:
            st.caption("Stopping…")
        elif uploads and resources.is_owner():
            st.button("Stop", key="stop-adding", on_click=_stop, args=(uploads,))
    if uploads and not uploads[0].is_rebuilding and (total := uploads[0].progress.total):
        done = min(uploads[0].progress.done, total)
        st.progress(done / total, f"{done} of {files(total)} done")
    draw_list(found.work[:_LISTED])
    if len(found.work) > _LISTED:
        st.caption(f"and {files(len(found.work) - _LISTED)} more")


def _stop(uploads: Sequence[Upload]) -> None:
    for upload in uploads:
        upload.stop()


def _draw_left(library: Library, jobs: Sequence[Job]) -> None:
    if not jobs:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        waits = "waits" if len(jobs) == 1 else "wait"
        st.html(f'<p class="queue-title">Stopped: {files(len(jobs))} {waits} to be continued</p>')
        with _buttons():
            if st.button("Continue", key="continue", type="primary"):
                start(library, [])
            st.button("Dismiss", key="dismiss-left", on_click=_dismiss, args=(library, jobs))
    draw_list([Work(job.name, "not read yet") for job in jobs[:_LISTED]])
    if len(jobs) > _LISTED:
        st.caption(f"and {files(len(jobs) - _LISTED)} more")


def _failed(library: Library, jobs: Sequence[Job]) -> None:
    if not jobs:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="queue-title">{files(len(jobs))} could not be added</p>')
        if len(jobs) > 1:
            with _buttons():
                if st.button("Retry all", key="retry-all"):
                    start(library, [job.path for job in jobs])
                st.button("Dismiss all", key="dismiss-all", on_click=_dismiss, args=(library, jobs))
    for job in jobs[:_FAILED]:
        _failure(library, job)
    if len(jobs) > _FAILED:
        st.caption(f"and {files(len(jobs) - _FAILED)} more")


def _failure(library: Library, job: Job) -> None:
    key = hashlib.sha256(job.path.encode()).hexdigest()[:16]
    reason = job.error.partition(" Known: ")[0]  # all suffixes there are
    with st.container(horizontal=True, vertical_alignment="center", key=f"failure-{key}"):
        draw_list([Work(job.name, reason)], failed=True)
        with _buttons():
            if st.button("Retry", key=f"retry-{key}"):
                start(library, [job.path])
            st.button("Dismiss", key=f"dismiss-{key}", on_click=_dismiss, args=(library, [job]))


def _buttons() -> DeltaGenerator:
    """Draw buttons beside their item, or below it on a narrow screen."""
    return st.container(horizontal=True, vertical_alignment="center", width="content")


def _dismiss(library: Library, jobs: Sequence[Job]) -> None:
    places = [job.path for job in jobs]
    try:
        library.jobs.drop(places)
    except PinciteError as error:
        session.keep_error(error)
    else:
        forget(places, folder(resources.settings().home, library.name))
