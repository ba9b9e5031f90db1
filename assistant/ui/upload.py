"""Files from a browser become documents of the library, in a thread, so that a person may go on.

Knows no Streamlit.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ingest.errors import PinciteError
from vectorstore.errors import HomeNotWritable
from vectorstore.indexing import AddSummary, Progress
from vectorstore.library import Library

_LEFT_OVER = 3600.0  # seconds; a younger file may belong to another app on the same home

log = logging.getLogger(__name__)

# A file's path is the same in each upload of its name, so that in each library one is at work.
_turns: defaultdict[Path, threading.Lock] = defaultdict(threading.Lock)


class Dropped(Protocol):
    """A file as Streamlit hands it over."""

    name: str

    def getbuffer(self) -> memoryview: ...


@dataclass(frozen=True)
class State:
    """How far a file is; `failed` when the words are the reason why it is not in the library."""

    name: str
    words: str
    failed: bool = False


class Upload:
    """An `add` of files that were dropped together."""

    def __init__(self, library: Library, home: Path, files: Sequence[Dropped]) -> None:
        """Saves and adds the files in the background, after the uploads before it."""
        self._library = library
        self.error = ""
        self.summary: AddSummary | None = None
        self.progress = Progress("", 0, len(files), "")
        self._folder = home.absolute() / "uploads" / library.name
        self._paths = _places(self._folder, [file.name for file in files])
        self._begun: list[str] = []
        self._thread = threading.Thread(target=self._run, args=(files,), name="upload", daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def wait(self, seconds: float) -> bool:
        """Whether it is done by then."""
        self._thread.join(seconds)
        return self.done

    def states(self) -> list[State]:
        """How far each file is, in the order in which they were dropped."""
        return [self._state(path) for path in self._paths]

    def _state(self, path: Path) -> State:
        failures = {f.path: f.error for f in self.summary.failed} if self.summary else {}
        if str(path) in failures:
            return State(path.name, failures[str(path)], failed=True)
        if self.summary:
            return State(path.name, "in the library")
        if self.error:
            return State(path.name, "not added", failed=True)
        if path.name == self.progress.file:
            return State(path.name, f"{self.progress.stage}…")
        return State(path.name, "added" if path.name in self._begun else "waiting")

    def _run(self, files: Sequence[Dropped]) -> None:
        try:
            with _turns[self._folder]:
                self._add(files)
        except PinciteError as error:
            self.error = str(error)
        except Exception:
            log.exception("an upload failed")
            self.error = "Adding failed for a reason nobody expected. The log has the details."

    def _add(self, files: Sequence[Dropped]) -> None:
        try:
            _save(files, self._paths, self._folder)
            self.summary = self._library.add(self._paths, self._note)
        finally:
            _delete(self._paths)

    def _note(self, progress: Progress) -> None:
        self.progress = progress
        if progress.file and progress.file not in self._begun:
            self._begun.append(progress.file)


def clear(home: Path, library: str) -> None:
    """Delete what a crash in the middle of an upload has left behind."""
    oldest = time.time() - _LEFT_OVER
    with suppress(OSError):  # an upload says it when the home cannot be written to
        for path in (home / "uploads" / library).glob("uploaded*/*"):
            if path.is_file() and path.stat().st_mtime < oldest:
                path.unlink()


def _places(folder: Path, names: Sequence[str]) -> list[Path]:
    """Always the same path for the same name: a newer file takes the place of the older one.

    Files of one name that are dropped together are parted by a folder.
    """
    paths: list[Path] = []
    for given in names:
        name = Path(given).name or "document"
        same = sum(path.name == name for path in paths)
        paths.append(folder / (f"uploaded-{same + 1}" if same else "uploaded") / name)
    return paths


def _save(files: Sequence[Dropped], paths: Sequence[Path], folder: Path) -> None:
    """Raises HomeNotWritable."""
    try:
        for file, path in zip(files, paths, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.getbuffer())
    except OSError as error:
        raise HomeNotWritable(
            f"The files could not be saved in {folder}: {error.strerror}. Nothing was added."
        ) from error


def _delete(paths: Sequence[Path]) -> None:
    """The library has its own copies."""
    for path in paths:
        with suppress(OSError):
            path.unlink()
