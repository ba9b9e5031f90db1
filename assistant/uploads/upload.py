"""Adds files from a browser or a program to the library in a background thread.

Knows no Streamlit.
"""

import logging
import threading
import time
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from assistant.i18n.language import carried
from assistant.i18n.told import told
from assistant.i18n.translation import N_, _
from assistant.uploads.staged_file import StagedFile, not_saved
from ingest.errors import PinciteError
from vectorstore.catalog.sources import INSIDE, own_folder, place_of
from vectorstore.indexing.pipeline import AddProgress, AddSummary
from vectorstore.library import Library

_TOUCHED = 600.0  # seconds between two signs of life of a file that waits
_LEFT_OVER = 3600.0  # seconds; a younger file may belong to another app on the same home

log = logging.getLogger(__name__)

# One `add` of this process at a time in each library; other processes add at the same time.
_turns: defaultdict[Path, threading.Lock] = defaultdict(threading.Lock)


class DroppedFile(Protocol):
    """A file as Streamlit hands it over."""

    name: str

    def getbuffer(self) -> memoryview: ...


Sent = DroppedFile | StagedFile


class Upload:
    """An `add` of files that were dropped together or wait in the queue; or a rebuild.

    It may rebuild documents of the library, also before it adds others.
    """

    def __init__(
        self,
        library: Library,
        home: Path,
        files: Sequence[Sent] = (),
        again: Sequence[str] = (),
        rebuild: bool = False,
    ) -> None:
        """Saves and adds the files in the background, after the uploads before it.

        `again` are places of the queue to be tried once more; without either, all that was
        stopped is continued. `rebuild`: nothing is added, and what is outdated is rebuilt.
        """
        self._library = library
        self.is_rebuild = rebuild
        self.error = ""
        self.summary: AddSummary | None = None
        self.progress = AddProgress("", 0, len(files), "")
        self.pages: dict[str, AddProgress] = {}  # of each file in work, how far its reader is
        self._cancel = threading.Event()
        self._folder = folder(home, library.name)
        self.paths = _own_places(self._folder, [f.name for f in files]) if files else _outer(again)
        self._resumes = not self.paths
        self._thread = threading.Thread(
            target=carried(self._run), args=(files,), name="upload", daemon=True
        )
        self._thread.start()

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    @property
    def is_rebuilding(self) -> bool:
        """Whether it rebuilds now, or as soon as its turn comes."""
        return not self.done and (self.is_rebuild or self.progress.is_rebuild)

    @property
    def stopping(self) -> bool:
        return self._cancel.is_set()

    def stop(self) -> None:
        """Stop it; finished work stays, and the rest waits in the queue until it is continued."""
        self._cancel.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait, to the end or so many seconds, and return whether it is done."""
        self._thread.join(seconds)
        return self.done

    def added(self, queued: Collection[str]) -> list[Path]:
        """The files that are in the library, in the order in which they were dropped.

        `queued` are the places that wait in the queue, or failed there.
        """
        if self.summary is None:
            return []
        failed = {failure.path for failure in self.summary.failed}
        return [path for path in self.paths if str(path) not in failed.union(queued)]

    def _run(self, files: Sequence[Sent]) -> None:
        try:
            with self._turn(files):
                if self.is_rebuild:
                    self._library.maintenance.rebuild(self._note, self._cancel)
                else:
                    self._add(files)
        except PinciteError as error:
            self.error = str(error)
        except Exception:
            log.exception("an upload failed")
            self.error = N_("Adding failed unexpectedly. The log has the details.")

    @contextmanager
    def _turn(self, files: Sequence[Sent]) -> Iterator[None]:
        """Wait until it is this one's turn. What waits long must not look left over."""
        turn = _turns[self._folder]
        while not turn.acquire(timeout=_TOUCHED):
            for file in files:
                if isinstance(file, StagedFile):
                    with suppress(OSError):
                        file.touch()
        try:
            yield
        finally:
            turn.release()

    def _add(self, files: Sequence[Sent]) -> None:
        queued = [job.path for job in self._library.jobs.all()] if self._resumes else []
        try:
            _save(files, self.paths, self._folder)
            there = [path for path in self.paths if path.exists()]
            if there or self._resumes:
                self.summary = self._library.add(there, self._note, cancel=self._cancel)
            self.error = _missing([path for path in self.paths if path not in there])
        finally:
            self._tidy([*self.paths, *map(Path, queued)])

    def _tidy(self, paths: Iterable[Path]) -> None:
        """Delete dropped files: the library has its own copies. Failed files stay until they, or
        newer ones of their names, are dropped again."""
        own = {str(path) for path in self.paths}
        names = {place_of(path) for path in own}
        jobs = self._library.jobs.all()
        failed = [(job.path, job.path.split(INSIDE)[0]) for job in jobs if job.state == "failed"]
        older = [job for job, file in failed if file not in own and place_of(file) in names]
        if older:
            self._library.jobs.drop(older)
        left = {job.path for job in jobs}.difference(older)
        gone = [path for path in [*map(str, paths), *older] if path not in left]
        forget(gone, self._folder)

    def _note(self, progress: AddProgress) -> None:
        self.progress = progress
        if progress.file and not progress.is_rebuild:
            self.pages[progress.file] = progress


class Uploads:
    """The uploads of this server, which all its visitors can see and stop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[tuple[str, Upload]] = []

    def start(
        self,
        library: Library,
        home: Path,
        files: Sequence[Sent] = (),
        again: Sequence[str] = (),
        rebuild: bool = False,
    ) -> Upload:
        """See Upload."""
        upload = Upload(library, home, files, again, rebuild)
        with self._lock:
            self._all = [(name, old) for name, old in self._all if not old.done]
            self._all.append((library.name, upload))
        return upload

    def of(self, library: str) -> list[Upload]:
        """The running uploads, the oldest first."""
        with self._lock:
            return [upload for name, upload in self._all if name == library and not upload.done]


def describe_step(step: AddProgress) -> str:
    """`reading, page 3 of 20`"""
    if not step.page or not step.stage.startswith("reading"):
        return told(step.stage)
    stage = told(step.stage)
    if not step.pages:
        return _("{stage}, page {page}", stage=stage, page=step.page)
    return _("{stage}, page {page} of {pages}", stage=stage, page=step.page, pages=step.pages)


def folder(home: Path, library: str) -> Path:
    """The folder of dropped files until they are in the library."""
    return home.absolute() / "uploads" / library


def turn_of(home: Path, library: str) -> threading.Lock:
    """What adds to a library in this process holds it meanwhile."""
    return _turns[folder(home, library)]


def forget(places: Iterable[str], below: Path) -> None:
    """Delete files that were dropped; a file of a person's own folders is never touched."""
    for place in places:
        path = Path(place)
        if path.is_relative_to(below):
            with suppress(OSError):
                path.unlink()
                path.parent.rmdir()


def clear(home: Path, library: Library) -> None:
    """Delete leftovers of a crash during an upload, unless they are in the queue."""
    oldest = time.time() - _LEFT_OVER
    queued = {job.path for job in library.jobs.all()}
    emptied: set[Path] = set()
    with suppress(OSError):  # an upload says it when the home cannot be written to
        for path in folder(home, library.name).glob("uploaded*/*"):
            if path.is_file() and path.stat().st_mtime < oldest and str(path) not in queued:
                path.unlink()
                emptied.add(path.parent)
        for each in folder(home, library.name).glob("uploaded-*"):
            with suppress(OSError):  # it has files
                if each in emptied or each.stat().st_mtime < oldest:
                    each.rmdir()


def _outer(places: Sequence[str]) -> list[Path]:
    """The files to read again: for a file inside an archive, the archive."""
    return list(dict.fromkeys(Path(place.split(INSIDE)[0]) for place in places))


def _missing(paths: Sequence[Path]) -> str:
    if not paths:
        return ""
    names = ", ".join(path.name for path in paths[:3]) + ("…" if len(paths) > 3 else "")
    return _("No longer in its place: {names}. Add it again from its new place.", names=names)


def _own_places(folder: Path, names: Sequence[str]) -> list[Path]:
    """A path for each file that no other upload uses, of this process or another."""
    paths: list[Path] = []
    for given in names:
        # As Windows and Linux write it: a name from macOS has its accents apart.
        name = unicodedata.normalize("NFC", Path(given).name) or "document"
        same = sum(path.name == name for path in paths)
        paths.append(own_folder(folder, same + 1) / name)
    return paths


def _save(files: Sequence[Sent], paths: Sequence[Path], folder: Path) -> None:
    """Raises HomeNotWritable."""
    if not files:
        return
    try:
        for file, path in zip(files, paths, strict=True):
            path.parent.mkdir(parents=True)
            if isinstance(file, StagedFile):
                file.move_to(path)
            else:
                path.write_bytes(file.getbuffer())
    except OSError as error:
        raise not_saved(folder, error) from error
