"""Adds files from a browser or a program to the library in a background thread.

Knows no Streamlit.
"""

import json
import os
import shutil
import threading
import time
import unicodedata
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from assistant.background import Background
from assistant.errors import AssistantError
from assistant.i18n.translation import N_, _, told
from assistant.settings import Settings
from assistant.storage.files import held, write_private
from ingest.document.source import readable
from ingest.errors import NothingFound
from vectorstore.add_report import AddProgress, AddSummary, Change
from vectorstore.catalog.catalog import INSIDE, own_folder, place_of
from vectorstore.errors import HomeNotWritable
from vectorstore.library import Library
from vectorstore.watch import PAUSE, SETTLE, Watching

# -- Folders of this machine that a person names


def given_path(text: str) -> Path:
    """The file or folder that a person has typed. Raises NothingFound."""
    try:
        text.encode()  # a half of a pair of surrogates is no letter of any name
        path = Path(text).expanduser().absolute()
        if text and path.exists():
            return path
    except (OSError, RuntimeError, ValueError):  # too long, no such person, no right to look
        pass
    raise NothingFound(f"There is no file or folder {readable(text) or '…'}.")


def check_apart(settings: Settings, paths: list[Path]) -> None:
    """A folder around the home cannot be followed: what was dropped into the app has been in the
    home for a while, and would count as deleted. Raises NothingFound."""
    home = settings.home.resolve()
    for path in paths:
        place = path.resolve()
        if home.is_relative_to(place) or place.is_relative_to(home):
            raise NothingFound(
                f"{path} holds Pincite's own files, in {home}. Name a folder beside them."
            )


# -- Files that a client sends: on the disk from their first piece on, however large they are

_PIECE = 1 << 20  # bytes in memory at a time


def staged(folder: Path, files: Iterable[tuple[str, BinaryIO]]) -> list[Path]:
    """Copy what is sent below `folder`, each file into a folder that no other upload uses, of this
    process or another, where it waits for its turn. Raises HomeNotWritable, and AssistantError for
    a name that no file can have; nothing is left then."""
    paths: list[Path] = []
    try:
        for name, source in files:
            paths.append(_own_place(folder, name, paths))
            paths[-1].parent.mkdir(parents=True)
            with paths[-1].open("wb") as copy:
                shutil.copyfileobj(source, copy, _PIECE)
    except OSError as error:
        unstage(paths)
        raise HomeNotWritable(
            f"The files could not be saved in {folder}: {error.strerror}. Nothing was added."
        ) from error
    except ValueError as error:  # zero bytes, halves of letters
        unstage(paths)
        raise AssistantError(
            f"{readable(paths[-1].name)} cannot be the name of a file: rename it. Nothing was"
            " added."
        ) from error
    return paths


def unstage(paths: Iterable[Path]) -> None:
    """Delete files that are not to be added after all."""
    for path in paths:
        shutil.rmtree(path.parent, ignore_errors=True)


def _own_place(folder: Path, given: str, taken: Sequence[Path]) -> Path:
    # As Windows and Linux write it: a name from macOS has its accents apart.
    name = unicodedata.normalize("NFC", Path(given).name) or "document"
    same = sum(path.name == name for path in taken)
    return own_folder(folder, same + 1) / name


_LEFT_OVER = 24 * 3600.0  # seconds; a younger file may wait for its turn in another app
_TOUCHED = 600.0  # seconds between two signs of files that wait

# One `add` of this process at a time in each library; other processes add at the same time.
_turns: defaultdict[Path, threading.Lock] = defaultdict(threading.Lock)


class Upload(Background):
    """An `add` of files that were dropped together or wait in the queue; or a rebuild.

    It may rebuild documents of the library, also before it adds others. Stopped, it leaves the rest
    in the queue until it is continued.
    """

    unexpected = N_("Adding failed unexpectedly. The log has the details.")

    def __init__(
        self, library: Library, home: Path, paths: Sequence[Path] = (), rebuild: bool = False
    ) -> None:
        """Adds files in the background, after the uploads before it: `staged` ones, those of this
        machine, or those of the queue once more. Without any, all that was stopped is continued.
        `rebuild`: nothing is added, and what is outdated is rebuilt.
        """
        self._library, self.library = library, library.name
        self.is_rebuild = rebuild
        self.summary: AddSummary | None = None
        self.progress = AddProgress("", 0, len(paths), "")
        self.pages: dict[str, AddProgress] = {}  # of each file in work, how far its reader is
        self._folder = upload_folder(home, library.name)
        self.paths = list(paths)
        self._resumes = not self.paths
        super().__init__("upload", self._work)

    @property
    def is_rebuilding(self) -> bool:
        """Whether it rebuilds now, or as soon as its turn comes."""
        return not self.ended and (self.is_rebuild or self.progress.is_rebuild)

    @property
    def stopping(self) -> bool:
        return self.cancel.is_set()

    def added(self, queued: Collection[str]) -> list[Path]:
        """The files that are in the library, in the order in which they were dropped.

        `queued` are the places that wait in the queue, or failed there.
        """
        if self.summary is None:
            return []
        failed = {failure.path for failure in self.summary.failed}
        return [path for path in self.paths if str(path) not in failed.union(queued)]

    def _work(self) -> None:
        turn = _turns[self._folder]
        while not turn.acquire(timeout=_TOUCHED):
            self._touch()
        try:
            if self.is_rebuild:
                self._library.maintenance.rebuild(self._note, self.cancel)
            else:
                self._add()
        finally:
            turn.release()

    def _touch(self) -> None:
        """Say that dropped files that wait for their turn are not left over."""
        for path in self.paths:
            if path.is_relative_to(self._folder):
                with suppress(OSError):
                    os.utime(path.parent)

    def _add(self) -> None:
        queued = [job.path for job in self._library.jobs.all()] if self._resumes else []
        try:
            there = [path for path in self.paths if path.exists()]
            if there or self._resumes:
                self.summary = self._library.add(there, self._note, cancel=self.cancel)
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
        delete_dropped(gone, self._folder)

    def _note(self, progress: AddProgress) -> None:
        self.progress = progress
        if progress.file and not progress.is_rebuild:
            self.pages[progress.file] = progress


class Uploads:
    """The uploads of this server, which all its visitors can see and stop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[Upload] = []

    def show(self, upload: Upload) -> Upload:
        """From now on until it is done."""
        with self._lock:
            self._all = [*(old for old in self._all if not old.ended), upload]
        return upload

    def of(self, library: str) -> list[Upload]:
        """The running uploads, the oldest first."""
        with self._lock:
            return [one for one in self._all if one.library == library and not one.ended]


def told_stage(stage: str) -> str:
    """A stage of adding in the visitor's language, in words that need no explanation."""
    return told({"indexing": N_("preparing")}.get(stage, stage))


def describe_step(step: AddProgress) -> str:
    """A step of adding in the visitor's language: `reading, page 3 of 20`."""
    if not step.page or not step.stage.startswith("reading"):
        return told_stage(step.stage)
    stage = told(step.stage)
    if not step.pages:
        return _("{stage}, page {page}", stage=stage, page=step.page)
    return _("{stage}, page {page} of {pages}", stage=stage, page=step.page, pages=step.pages)


def upload_folder(home: Path, library: str) -> Path:
    """The folder of dropped files until they are in the library."""
    return home.absolute() / "uploads" / library


def turn_of(home: Path, library: str) -> threading.Lock:
    """What adds to a library in this process holds it meanwhile."""
    return _turns[upload_folder(home, library)]


def delete_dropped(places: Iterable[str], below: Path) -> None:
    """Delete files that were dropped; a file of a person's own folders is never touched."""
    for place in places:
        path = Path(place)
        if path.is_relative_to(below):
            with suppress(OSError):
                path.unlink()
                path.parent.rmdir()


def clear_leftovers(home: Path, library: Library) -> None:
    """Delete leftovers of a crash during an upload, unless they are in the queue."""
    oldest = time.time() - _LEFT_OVER
    queued = {Path(job.path.split(INSIDE)[0]).parent for job in library.jobs.all()}
    for folder in upload_folder(home, library.name).glob("uploaded*"):
        with suppress(OSError):  # an upload says it when the home cannot be written to
            if folder not in queued and folder.stat().st_mtime < oldest:
                shutil.rmtree(folder)


def _missing(paths: Sequence[Path]) -> str:
    if not paths:
        return ""
    names = ", ".join(path.name for path in paths[:3]) + ("…" if len(paths) > 3 else "")
    return _("No longer in its place: {names}. Add it again from its new place.", names=names)


# -- Follows folders of this machine from the app, as `pincite watch` does from the terminal: their
# files come into the library, change and leave it with them. Knows no Streamlit.

_FILE = "watched.json"  # in the library's folder: it is renamed, deleted and brought back with it
_TOLD = 20  # changes that are kept to be shown


class NotFollowed(AssistantError):
    """The folder is none of those that a library follows."""


def watched_folders(settings: Settings, library: str) -> list[Path]:
    """The folders that a library always watches; empty where none are stored."""
    try:
        rows = json.loads((settings.libraries_folder / library / _FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return []
    return [Path(row) for row in rows if isinstance(row, str)] if isinstance(rows, list) else []


def add_watched_folder(settings: Settings, library: str, path: Path) -> Path:
    """Put a folder on that list, and return its place. Raises NothingFound, HomeNotWritable."""
    place = path.absolute()
    if not place.is_dir():
        raise NothingFound(f"There is no folder {place}.")
    check_apart(settings, [place])
    with _listed(settings, library) as known:
        if place not in known:
            known.append(place)
    return place


def remove_watched_folder(settings: Settings, library: str, path: Path) -> None:
    """Take a folder off it. Raises NotFollowed, HomeNotWritable."""
    with _listed(settings, library) as known:
        if path not in known:
            raise NotFollowed(f"{library} follows no folder {path}.")
        known.remove(path)


@contextmanager
def _listed(settings: Settings, library: str) -> Iterator[list[Path]]:
    """The list, to be changed: other processes wait, and it is written whole or not at all. Raises
    UnknownLibrary, HomeNotWritable."""
    place = settings.libraries_folder / library / _FILE
    with held(place):
        known = watched_folders(settings, library)
        before = list(known)
        yield known
        if known != before:
            write_private(place, json.dumps([str(path) for path in known]))


class WatchedFolder(Background):
    """One folder, from now on until it is stopped."""

    unexpected = N_("Watching failed unexpectedly. The log has the details.")

    def __init__(
        self, library: Library, turn: threading.Lock, path: Path, settle: float, pause: float
    ) -> None:
        self.path = path
        self.changes: deque[Change] = deque(maxlen=_TOLD)
        self.notice = ""
        watching = Watching(library, [path], self.changes.append, self._tell, settle, turn)
        super().__init__("watch", lambda: watching.run(self.cancel, pause))

    def stop(self) -> None:
        """End it; a file that is being read is finished first, for a few seconds at most."""
        super().stop()
        self.wait(10)

    def _tell(self, notice: str) -> None:
        self.notice = notice


class WatchedFolders:
    """The watched folders of all libraries that a server has open."""

    def __init__(self, settle: float = SETTLE, pause: float = PAUSE) -> None:
        """Seconds without a change before a file is read, and between two looks."""
        self._settle, self._pause = settle, pause
        self._lock = threading.Lock()
        self._all: dict[str, list[WatchedFolder]] = {}

    def of(self, library: str) -> list[WatchedFolder]:
        """The folders that are watched for a library now; empty when there are none."""
        with self._lock:
            return list(self._all.get(library, ()))

    def sync(self, settings: Settings, library: Library) -> None:
        """Watch the folders of the list, to which other processes may have added some, and stop
        watching those that they have removed."""
        listed = watched_folders(settings, library.name)
        self._end(library.name, lambda one: one.path not in listed)
        known = [one.path for one in self.of(library.name)]  # also those that ended by an error
        for path in listed:
            if path not in known:
                self._follow(settings, library, path)

    def add(self, settings: Settings, library: Library, path: Path) -> None:
        """Follow a folder from now on, again if it had ended. Raises NothingFound,
        HomeNotWritable."""
        self._follow(settings, library, add_watched_folder(settings, library.name, path))

    def remove(self, settings: Settings, library: str, path: Path) -> None:
        """Follow it no longer; its documents stay in the library."""
        with suppress(NotFollowed):  # by another process
            remove_watched_folder(settings, library, path)
        self._end(library, lambda one: one.path == path)

    def stop(self, library: str) -> None:
        """Until the library is opened again."""
        self._end(library, lambda _: True)

    def _follow(self, settings: Settings, library: Library, path: Path) -> None:
        with self._lock:
            now = self._all.setdefault(library.name, [])
            now[:] = [one for one in now if one.path != path or not one.ended]
            if path not in [one.path for one in now]:
                turn = turn_of(settings.home, library.name)
                now.append(WatchedFolder(library, turn, path, self._settle, self._pause))

    def _end(self, library: str, which: Callable[[WatchedFolder], bool]) -> None:
        with self._lock:
            now = self._all.get(library, [])
            ended = [one for one in now if which(one)]
            self._all[library] = [one for one in now if one not in ended]
        for one in ended:
            one.stop()
