"""Runs loaders in child processes: a file that crashes or hangs one costs only that file."""

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

from ingest import child
from ingest.child import Beat, Child, Job
from ingest.chunking import chunk
from ingest.containers import LIMITS, Expanded, Limits, expand
from ingest.document import Chunk, Document
from ingest.errors import PinciteError, Stopped, UnreadableFile
from ingest.heartbeat import beat
from ingest.loaders import load
from ingest.source import Engines

SECONDS = 7200.0  # for one file: a day of speech, or a thousand scans, on a small machine
SILENCE = 60.0  # without a page read; the slowest page that was measured takes a tenth of it
OUTPUT = 200 << 20  # bytes of a document in pieces: a hundred times the Bible
POLL = 0.25  # seconds between two looks at how far a file is

Loaded = tuple[Document, list[Chunk]]
Heard = Callable[[int, int], None]
Result = TypeVar("Result")


class Sandbox:
    """Warm child processes that read files; one is replaced when a file breaks it."""

    def __init__(
        self,
        seconds: float = SECONDS,
        read: Callable[[Path], Loaded] | None = None,
        engines: Engines | None = None,
        silence: float = SILENCE,
        children: int = 1,
    ) -> None:
        """`read` is a function that the child can import; the loaders and the chunker if none."""
        self._limits = child.Limits(silence, seconds, OUTPUT)
        self._read = read or partial(_load, engines or Engines())
        self._children = children
        self._pool: _Pool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, path: Path, heard: Heard | None = None) -> Callable[[], Loaded]:
        """Begin reading; the returned function waits for the result.

        While it waits it tells `heard` how many pages are done and how many there are. It raises
        EncryptedFile, UnsupportedFile or UnreadableFile, or Stopped after `close`.
        """
        return self._begin(partial(self._read, path), path, heard)

    def start_expand(
        self, path: Path, folder: Path, limits: Limits = LIMITS, level: int = 0,
        heard: Heard | None = None,
    ) -> Callable[[], Expanded]:  # fmt: skip
        """The same for the files inside of a file, see `ingest.containers.expand`."""
        return self._begin(partial(expand, path, folder, limits, level), path, heard)

    def close(self) -> None:
        """End all children, also in the midst of a file; from any thread."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def _begin(
        self, job: Callable[[], Result], path: Path, heard: Heard | None
    ) -> Callable[[], Result]:
        if self._pool is None:
            self._pool = _Pool(self._children)
        signs = _Signs()
        future = self._pool.threads.submit(self._pool.run, job, self._limits, signs.note)
        return partial(_wait, future, path, self._limits, signs, heard)


class _Signs:
    """The last beat of a child: written by the thread that listens, read by the one that waits."""

    def __init__(self) -> None:
        self.last = Beat(0, 0)

    def note(self, last: Beat) -> None:
        self.last = last


class _Pool:
    """A thread for each child, which hands it jobs and listens to it."""

    def __init__(self, children: int) -> None:
        self.threads = ThreadPoolExecutor(children, "sandbox")
        self._lock = threading.Lock()
        self._idle: list[Child] = []
        self._busy: set[Child] = set()
        self._closed = False

    def run(self, job: Job, limits: child.Limits, heard: Callable[[Beat], None]) -> Any:
        with self._lock:
            if self._closed:
                raise CancelledError
            one = self._warm() or Child()
            self._busy.add(one)
        try:
            result = one.run(job, limits, heard)
        except child.Ended:
            with self._lock:
                self._busy.discard(one)
                if self._closed:
                    raise CancelledError from None
            raise
        except BaseException:
            self._rest(one)
            raise
        self._rest(one)
        return result

    def _warm(self) -> Child | None:
        while self._idle:
            one = self._idle.pop()
            if one.alive:  # else something ended it meanwhile, and the next file is not to blame
                return one
            one.end()
        return None

    def _rest(self, one: Child) -> None:
        with self._lock:
            self._busy.discard(one)
            self._idle.append(one)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for one in self._busy:
                one.kill()
        self.threads.shutdown(wait=True, cancel_futures=True)
        for one in self._idle:
            one.end()


def _wait(
    future: "Future[Result]", path: Path, limits: child.Limits, signs: _Signs, heard: Heard | None
) -> Result:
    shown = Beat(0, 0)
    while heard and not wait([future], POLL).done:
        if signs.last.total and signs.last != shown:
            shown = signs.last
            heard(shown.done, shown.total)
    try:
        return future.result()
    except PinciteError:
        raise
    except CancelledError as error:
        raise Stopped(f"{path.name}: reading was stopped.") from error
    except Exception as error:
        raise UnreadableFile(_sentence(path.name, error, limits)) from error


def _sentence(name: str, error: Exception, limits: child.Limits) -> str:
    match error:
        case child.Late():
            return f"{name} took longer than {limits.seconds:.0f} seconds to read."
        case child.Silent():
            return f"{name} hung the reader: nothing was read for {limits.silence:.0f} seconds."
        case child.Crashed():
            return f"{name} crashed the reader: the file is damaged or too large."
        case child.OutOfMemory():
            return f"{name} needs too much memory to read."
        case child.TooLarge():
            return f"{name} holds more than {limits.output >> 20} MB of text: split the file."
    return f"{name} could not be read: {error}."


def _load(engines: Engines, path: Path) -> Loaded:
    document = load(path, engines)
    beat(len(document.pages), len(document.pages))
    return document, chunk(document)
