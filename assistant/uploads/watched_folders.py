"""Follows folders of this machine from the app, as `pincite watch` does from the terminal: their
files come into the library, change and leave it with them. Knows no Streamlit."""

import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.i18n.translation import N_
from assistant.settings import Settings
from assistant.sources.store import check_there, write_whole
from assistant.uploads.given_path import check_apart
from assistant.uploads.upload import turn_of
from ingest.errors import NothingFound, PinciteError
from vectorstore.add_report import AddSummary, Change
from vectorstore.errors import HomeNotWritable
from vectorstore.indexing.jobs import alone
from vectorstore.library import Library
from vectorstore.watch import PAUSE, SETTLE, Watching

_FILE = "watched.json"  # in the library's folder: it is renamed, deleted and brought back with it
_WAIT = 10.0  # seconds, for another process that writes the list
_TOLD = 20  # changes that are kept to be shown

log = logging.getLogger(__name__)


class NotFollowed(AssistantError):
    """The folder is none of those that a library follows."""


def folders(settings: Settings, library: str) -> list[Path]:
    """Those of a library that are followed whenever the app runs; none where nothing is kept."""
    try:
        rows = json.loads((settings.libraries_folder / library / _FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return []
    return [Path(row) for row in rows if isinstance(row, str)] if isinstance(rows, list) else []


def keep(settings: Settings, library: str, path: Path) -> Path:
    """Put a folder on that list, and return its place. Raises NothingFound, HomeNotWritable."""
    place = path.absolute()
    if not place.is_dir():
        raise NothingFound(f"There is no folder {place}.")
    check_apart(settings, [place])
    with _listed(settings, library) as known:
        if place not in known:
            known.append(place)
    return place


def leave(settings: Settings, library: str, path: Path) -> None:
    """Take a folder off it. Raises NotFollowed, HomeNotWritable."""
    with _listed(settings, library) as known:
        if path not in known:
            raise NotFollowed(f"{library} follows no folder {path}.")
        known.remove(path)


@contextmanager
def _listed(settings: Settings, library: str) -> Iterator[list[Path]]:
    """The list, to be changed: other processes wait, and it is written whole or not at all. Raises
    UnknownLibrary, HomeNotWritable."""
    check_there(settings, library)
    place = settings.libraries_folder / library / _FILE
    with alone(place.with_suffix(".lock"), _WAIT) as held:
        if not held:
            raise HomeNotWritable(f"{place} is being written by another program: try again.")
        known = folders(settings, library)
        before = list(known)
        yield known
        if known != before:
            write_whole(place, json.dumps([str(path) for path in known]))


class _Shared:
    """A library that others use at the same time: adding takes its turn among the uploads, and
    nothing closes it."""

    def __init__(self, library: Library, turn: threading.Lock) -> None:
        self._library, self._turn = library, turn
        self.sources = library.sources

    def add(self, *given: Any, **named: Any) -> AddSummary:
        with self._turn:
            return self._library.add(*given, **named)

    def close(self) -> None:
        """The app closes it."""


class WatchedFolder:
    """One folder, from now on until it is stopped."""

    def __init__(
        self, library: Library, turn: threading.Lock, path: Path, settle: float, pause: float
    ) -> None:
        self.path = path
        self.changes: deque[Change] = deque(maxlen=_TOLD)
        self.notice = self.error = ""
        self._cancel = threading.Event()
        self._pause = pause
        shared = _Shared(library, turn)
        watching = Watching(shared, [path], self.changes.append, self._tell, settle)
        self._thread = threading.Thread(
            target=self._run, args=(watching,), name="watch", daemon=True
        )
        self._thread.start()

    def is_alive(self) -> bool:
        """False after an error."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End it; a file that is being read is finished first, for a few seconds at most."""
        self._cancel.set()
        self._thread.join(10)

    def _tell(self, notice: str) -> None:
        self.notice = notice

    def _run(self, watching: Watching) -> None:
        try:
            watching.run(self._cancel, self._pause)
        except PinciteError as error:
            self.error = str(error)
        except Exception:
            log.exception("watching %s failed", self.path)
            self.error = N_("Watching failed unexpectedly. The log has the details.")


class WatchedFolders:
    """Of all libraries that a server has open."""

    def __init__(self, settle: float = SETTLE, pause: float = PAUSE) -> None:
        """Seconds without a change before a file is read, and between two looks."""
        self._settle, self._pause = settle, pause
        self._lock = threading.Lock()
        self._all: dict[str, list[WatchedFolder]] = {}

    def of(self, library: str) -> list[WatchedFolder]:
        """Those that are followed now."""
        with self._lock:
            return list(self._all.get(library, ()))

    def resume(self, settings: Settings, library: Library) -> None:
        """Follow those that were followed when the app ran last."""
        for path in folders(settings, library.name):
            self._follow(settings, library, path)

    def sync(self, settings: Settings, library: Library) -> None:
        """Follow those that others have put on the list meanwhile, and no longer those that they
        have taken off."""
        listed = folders(settings, library.name)
        self._end(library.name, lambda one: one.path not in listed)
        known = [one.path for one in self.of(library.name)]  # also those that ended by an error
        for path in listed:
            if path not in known:
                self._follow(settings, library, path)

    def add(self, settings: Settings, library: Library, path: Path) -> None:
        """Follow a folder from now on, again if it had ended. Raises NothingFound,
        HomeNotWritable."""
        self._follow(settings, library, keep(settings, library.name, path))

    def remove(self, settings: Settings, library: str, path: Path) -> None:
        """Follow it no longer; its documents stay in the library."""
        with suppress(NotFollowed):  # by another process
            leave(settings, library, path)
        self._end(library, lambda one: one.path == path)

    def stop(self, library: str) -> None:
        """Until the library is opened again."""
        self._end(library, lambda _: True)

    def _follow(self, settings: Settings, library: Library, path: Path) -> None:
        with self._lock:
            now = self._all.setdefault(library.name, [])
            now[:] = [one for one in now if one.path != path or one.is_alive()]
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
