"""The live job queue of the Library page, with the box that takes files; any process may add."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from assistant.i18n.translation import N_, _, ngettext, number, told
from assistant.libraries import uploads as adding
from assistant.libraries.uploads import Upload, describe_step, told_stage
from assistant.ui import resources, session, widgets
from assistant.ui.library.document_list import DIALOG_OPEN
from assistant.ui.widgets import as_html, button, own, pace
from ingest.document.source import readable
from ingest.errors import PinciteError
from ingest.loaders import LOADERS
from vectorstore.catalog.catalog import INSIDE
from vectorstore.indexing.jobs import Job
from vectorstore.library import Library

_LISTED = 8  # files of a list
_FAILED = 12  # files with buttons of their own
_RANK = {"indexing": 0, N_("reading"): 1, N_("waiting"): 2}


class FileState(NamedTuple):
    """A file on its way in, and how far it is."""

    name: str
    words: str


@dataclass(frozen=True)
class Waiting:
    """Files that are not in the library yet, here and in other processes."""

    rebuilding: tuple[Upload, ...] = ()  # by this server, like those that follow
    adding: tuple[Upload, ...] = ()
    work: tuple[FileState, ...] = ()  # what is read now comes first
    left: tuple[Job, ...] = ()  # stopped by a person, or left behind by a process that has ended
    failed: tuple[Job, ...] = ()

    @property
    def goes_on(self) -> bool:
        return bool(self.rebuilding or self.work)

    @property
    def at_rest(self) -> "Waiting | None":
        """The same where nothing goes on; else None, whatever goes on."""
        return None if self.goes_on else self


def waiting(library: Library) -> Waiting:
    """The queue of all processes; the uploads of this one know the pages. Raises PinciteError."""
    uploads = resources.uploads().of(library.name)
    rebuilding = tuple(upload for upload in uploads if upload.is_rebuilding)
    adding = tuple(upload for upload in uploads if not upload.is_rebuild)
    jobs = library.jobs.all()
    moving = sorted((job for job in jobs if job.state in _RANK), key=lambda job: _RANK[job.state])
    # Files of uploads that have not begun are not in the queue of the catalogue yet.
    known = {job.path for job in moving}
    paths = [path for upload in adding if not upload.pages for path in upload.paths]
    unsaved = [FileState(path.name, _("waiting")) for path in paths if str(path) not in known]
    left = [job for job in jobs if job.state == "cancelled"]
    if moving and not adding and not library.jobs.running():
        moving, left = [], left + moving
    # A file is read before its turn to be indexed, and only its run knows.
    steps = {name: step for upload in adding for name, step in upload.pages.items()}
    work = [FileState(job.name, describe_step(steps[job.name])) for job in moving
            if job.name in steps]  # fmt: skip
    work += [FileState(job.name, told_stage(job.state)) for job in moving if job.name not in steps]
    failed = tuple(job for job in jobs if job.state == "failed")
    return Waiting(rebuilding, adding, (*work, *unsaved), tuple(left), failed)


def draw_queue(library: Library, state: tuple[int, int], told: bool) -> None:
    """Draw the queue, and again and again: often until it is at rest. The page is drawn again when
    another visitor or process has changed the queue or the library, of which the page shows a
    `state`.

    `told`: the page shows the result of this visitor's upload, or there is none.
    """
    queue = waiting(library)
    run_every = pace(1.0, goes_on=queue.goes_on or not told)
    st.fragment(_draw, run_every=run_every)(library, (state, queue.at_rest), told, [queue])


@widgets.errors_shown()
def _draw(
    library: Library, drawn: tuple[tuple[int, int], Waiting | None], told: bool,
    read: list[Waiting],
) -> None:  # fmt: skip
    """`read`: as the page has just read it. Streamlit calls this with the same list again and
    again: later drawings find it empty, and read anew."""
    mine: Upload | None = st.session_state.get(resources.UPLOAD)
    is_first, queue = bool(read), read.pop() if read else waiting(library)
    is_new = not is_first and (library.state(), queue.at_rest) != drawn
    # It would close an open dialog.
    if (is_new and not st.session_state.get(DIALOG_OPEN)) or (not told and mine and mine.ended):
        st.rerun()
    changes = resources.may_change()
    if queue.goes_on or (changes and (queue.left or queue.failed)):
        with st.container(border=True, key="queue"):
            _draw_rebuild(queue.rebuilding)
            _draw_work(queue.work, queue.adding)
            _draw_left(library, queue.left if changes else ())
            _failed(library, queue.failed if changes else ())


def draw_work_list(rows: Sequence[FileState], failed: bool = False) -> None:
    """Draw names with their progress, or the reason of a failure; of many how many more."""
    if not rows:
        return
    kind = "failed" if failed else "fine"
    items = "".join(
        f'<li class="{kind}"><span class="name">{as_html(readable(row.name))}</span>'
        f'<span class="state">{as_html(row.words)}</span></li>'
        for row in rows[:_LISTED]
    )
    st.html(f'<ul class="files">{items}</ul>')
    _draw_rest(len(rows) - _LISTED)


def _draw_rest(count: int) -> None:
    if count > 0:
        st.caption(ngettext("and {count} file more", "and {count} files more", count))


# -- its parts


@contextmanager
def _titled(text: str) -> Iterator[None]:
    """Draw a title; what is drawn within stands beside it, or below it on a narrow screen."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="queue-title">{as_html(text)}</p>')
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            yield


def _draw_stop(uploads: Sequence[Upload], key: str) -> None:
    if uploads and (uploads[0].stopping or resources.may_change()):
        stop = [upload.stop for upload in uploads]
        widgets.draw_stop(uploads[0].stopping, key, lambda: [each() for each in stop])


def _draw_rebuild(uploads: Sequence[Upload]) -> None:
    if not uploads:
        return
    with _titled(_("Rebuilding the library")):
        _draw_stop(uploads, "stop-rebuild")
    step = uploads[0].progress
    if step.total:
        sizes = {"done": number(step.done), "total": number(step.total)}
        what = _("{done} of {total} passages done", **sizes)
        if step.is_rebuild:
            what = _("{done} of {total} documents done", **sizes)
        st.progress(min(step.done / step.total, 1), what)
    if step.is_rebuild:
        draw_work_list([FileState(step.file, describe_step(step))])
    st.caption(_("Until then, search works as before."))


def _draw_work(files: Sequence[FileState], uploads: Sequence[Upload]) -> None:
    if not files:
        return
    with _titled(ngettext("Adding {count} file", "Adding {count} files", len(files))):
        _draw_stop(uploads, "stop-adding")
    if uploads and not uploads[0].is_rebuilding and (total := uploads[0].progress.total):
        done = min(uploads[0].progress.done, total)
        count = ngettext("{done} of {count} file done", "{done} of {count} files done", total,
                         done=number(done))  # fmt: skip
        st.progress(done / total, count)
    draw_work_list(files)


def _draw_left(library: Library, jobs: Sequence[Job]) -> None:
    if not jobs:
        return
    title = ngettext("Stopped: {count} file waits to be continued",
                     "Stopped: {count} files wait to be continued", len(jobs))  # fmt: skip
    with _titled(title):
        _draw_button(_("Continue"), "continue", _again, library, (), type="primary")
        _draw_button(_("Dismiss"), "dismiss-left", _dismiss, library, jobs)
    draw_work_list([FileState(job.name, _("not read yet")) for job in jobs])


def _failed(library: Library, jobs: Sequence[Job]) -> None:
    if not jobs:
        return
    title = ngettext("{count} file could not be added", "{count} files could not be added",
                     len(jobs))  # fmt: skip
    with _titled(title):
        if len(jobs) > 1:
            _again_or_not(library, jobs, _("Retry all"), _("Dismiss all"), "all")
    for job in jobs[:_FAILED]:
        key = hashlib.sha256(job.path.encode()).hexdigest()[:16]
        reason = told(job.error.partition(" Known: ")[0])  # all suffixes there are
        with st.container(horizontal=True, vertical_alignment="center", key=f"failure-{key}"):
            draw_work_list([FileState(job.name, reason)], failed=True)
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                _again_or_not(library, [job], _("Retry"), _("Dismiss"), key)
    _draw_rest(len(jobs) - _FAILED)


def _again_or_not(library: Library, jobs: Sequence[Job], retry: str, no: str, key: str) -> None:
    _draw_button(retry, f"retry-{key}", _again, library, jobs)
    _draw_button(no, f"dismiss-{key}", _dismiss, library, jobs)


def _draw_button(
    label: str, key: str, act: Callable[..., None], *given: object, **how: Any
) -> None:
    """One that changes the queue: the whole page is drawn for it."""
    if button(label, key, act, *given, **{"type": "secondary", **how}):
        st.rerun()


def _again(library: Library, jobs: Sequence[Job]) -> None:
    """Try files again; without any, continue what was stopped."""
    # Of a file inside an archive, the archive is read again.
    paths = dict.fromkeys(Path(job.path.split(INSIDE)[0]) for job in jobs)
    resources.upload(library, "added again", paths=list(paths))


def _dismiss(library: Library, jobs: Sequence[Job]) -> None:
    places = [job.path for job in jobs]
    resources.to_change(library, "dismissed").jobs.drop(places)
    adding.delete_dropped(places, adding.upload_folder(resources.settings().home, library.name))


# -- On the Library page: that another model or an earlier Pincite made it, and a button for it


def draw_reindex_notice(library: Library) -> None:
    """Draw nothing for a library that is up to date, or is being rebuilt."""
    if any(upload.is_rebuilding for upload in resources.uploads().of(library.name)):
        return
    why = ""
    with suppress(PinciteError):  # such as no model; a question says it
        why = library.embedders.why()
    if not why:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="outdated"):
        meanwhile = _(
            "Everything in it is still found. Rebuilding it reads or indexes again what has "
            "changed, and you can go on meanwhile."
        )
        st.html(f'<p class="outdated">{as_html(f"{told(why)} {meanwhile}")}</p>')
        rebuild = partial(resources.upload, library, "rebuilt", rebuild=True)
        button(_("Rebuild it"), "rebuild", rebuild, type="secondary")


# -- Files that fields of a page have taken, and that the program has saved elsewhere


def let_go(files: Iterable[Any]) -> None:
    """Leave their names in Streamlit's memory alone, where else their bytes stay until the tab has
    gone: the field still shows them."""
    context = get_script_run_ctx()
    if context is None or not isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        return
    for file in files:
        empty = UploadedFileRec(file.file_id, file.name, file.type, b"")
        context.uploaded_file_mgr.add_file(context.session_id, empty)


# -- The box that takes documents, wherever they are added

_FOLDER_TO_ADD = "folder-to-add"  # the field
_KINDS = {  # and a suffix of each
    "PDF": ".pdf", "Word": ".docx", "Excel": ".xlsx", "PowerPoint": ".pptx",
    "OpenDocument": ".odt", "RTF": ".rtf", N_("text"): ".txt", "Markdown": ".md",
    N_("web pages"): ".html", N_("e-books"): ".epub", N_("mails"): ".eml", "CSV": ".csv",
    "JSON": ".json", "XML": ".xml", N_("source code"): ".py", N_("pictures and scans"): ".png",
    N_("sound"): ".mp3", N_("video"): ".mp4", N_("subtitles"): ".srt", N_("archives"): ".zip",
}  # fmt: skip


def draw_uploader(library: Library) -> None:
    """Draw the box; what is dropped is added in the background, and the page drawn again."""
    # A new key empties the box, ready for the next files.
    number = st.session_state.setdefault("uploads", 0)
    files = st.file_uploader(
        _("Add documents: drop files here"),
        accept_multiple_files=True,
        key=f"files-{number}",
        help=readable_kinds(),
    )
    if not files:
        return
    st.session_state["uploads"] = number + 1
    let_go(files)
    with session.errors_kept():  # they are shown above
        resources.count_files(file.size for file in files)
        named = [(file.name, file) for file in files]
        resources.upload(library, "added", ", ".join(name for name, _file in named), files=named)
    st.rerun()


def draw_folder_field(library: Library) -> None:
    """Draw a field for a folder of this machine. Only for owners who sit at it: its files are read
    where they are."""
    if not resources.may_name_folders():
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="folder-of-documents"):
        key = own(library, _FOLDER_TO_ADD)
        label, example = _("Or a folder of this machine"), str(Path.home())
        st.text_input(label, key=key, placeholder=example)
        button(_("Add folder"), "add-folder", _add_folder, library, key, type="secondary")


def _add_folder(library: Library, field: str) -> None:
    resources.check_folder_right()
    add_paths(library, [adding.given_path(st.session_state[field].strip())])


def add_paths(library: Library, paths: list[Path]) -> None:
    """Files and folders of this machine, from where they are. Raises NotAllowed."""
    names = ", ".join(path.name for path in paths)
    resources.upload(library, "added", names, [path.absolute() for path in paths])


def readable_kinds() -> str:
    """The readable kinds of files, in everyday words."""
    known = [_(kind) for kind, suffix in _KINDS.items() if suffix in LOADERS]
    return _("{kinds} and {last}.", kinds=", ".join(known[:-1]), last=known[-1])
