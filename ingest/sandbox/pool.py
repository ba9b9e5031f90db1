"""Runs loaders in child processes: a crash or hang costs only that file."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from ingest.chunking import chunk
from ingest.containers import Expanded, expand
from ingest.document.source import Bounds, Engines, Limits, readable
from ingest.document.wire import Codec, Loaded, LoadedCodec
from ingest.errors import PageTooLarge, PinciteError, Stopped, UnreadableFile
from ingest.loaders import load, needs_office, suffixes
from ingest.platform.process import beat
from ingest.sandbox import child, confinement
from ingest.sandbox.child import Child, Heard

POLL = 0.25  # seconds between two progress checks

T = TypeVar("T")


class Sandbox:
    """A pool of warm child processes that read files; a broken one is replaced."""

    def __init__(
        self, read: Callable[[Path], Loaded] | None = None, engines: Engines | None = None,
        children: int = 1, folder: Path | None = None,
    ) -> None:  # fmt: skip
        """`read` is a function that the child can import; the loaders and the chunker if none.

        Below `folder`, and nowhere else, files that are inside of others can be unpacked.
        """
        engines = engines or Engines()
        self._bounds = engines.bounds
        self._read = read or partial(_load, engines)
        self._models = engines.models
        self.children = children  # how many files are read at the same time
        self._folder = folder
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
        return self._begin(self._read, [path], LoadedCodec(), heard)

    def start_expand(
        self, path: Path, folder: Path, limits: Limits | None = None, level: int = 0
    ) -> Callable[[], Expanded]:  # fmt: skip
        """The same for the files inside a file, see `ingest.containers.expand`."""
        bounds = limits or self._bounds.unpacking
        known = frozenset(suffixes())
        job = partial(expand, folder=folder, limits=bounds, level=level, suffixes=known)
        return self._begin(job, [path], Codec(Expanded))

    def start_work(self, path: Path, do: Callable[[Path], T], kind: type[T]) -> Callable[[], T]:
        """The same for what `do`, which the child can import, makes of a file, of type `kind`."""
        return self._begin(do, [path], Codec(kind))

    def close(self) -> None:
        """End all children, also in the middle of a file; from any thread."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def _begin(
        self, do: Callable[..., T], paths: Sequence[Path], codec: Codec[T],
        heard: Heard | None = None,
    ) -> Callable[[], T]:  # fmt: skip
        """`do` gets the places of the files `paths` in the child."""
        if self._pool is None:
            confinement.sweep_scratch()
            make = partial(Child, self._bounds, self._folder, self._models)
            self._pool = _Pool(self.children, make)
        signs, office = deque([(0, 0)], maxlen=1), needs_office(paths[0])
        future = self._pool.threads.submit(self._pool.run, do, paths, codec, signs, office)
        return partial(_wait, future, paths[0], self._bounds, signs, heard)


class _Pool:
    """One thread for each child, which passes it jobs and listens to it."""

    def __init__(self, children: int, make: Callable[[bool], Child]) -> None:
        """`make` is told whether the child is to run LibreOffice, for which it keeps a right that
        no other child has: it reads nothing else."""
        self._make = make
        self.threads = ThreadPoolExecutor(children, "sandbox")
        self._lock = threading.Lock()
        self._idle: dict[bool, list[Child]] = {False: [], True: []}
        self._busy: set[Child] = set()
        self._closed = False

    def run(
        self, do: Callable[..., T], paths: Sequence[Path], codec: Codec[T],
        signs: deque[tuple[int, int]], office: bool,
    ) -> T:  # fmt: skip
        with self._lock:
            if self._closed:
                raise CancelledError
            one = self._warm(office) or self._make(office)
            self._busy.add(one)
        try:
            do_it = partial(do, *one.lent(paths))
            result = one.run(do_it, codec, lambda done, total: signs.append((done, total)))
        except child.Ended:
            with self._lock:
                self._busy.discard(one)
                if self._closed:
                    raise CancelledError from None
            raise
        except BaseException:
            self._rest(one, office)
            raise
        self._rest(one, office)
        return result

    def _warm(self, office: bool) -> Child | None:
        while self._idle[office]:
            one = self._idle[office].pop()
            if one.alive:  # otherwise something else ended it, and the next file is not to blame
                return one
            one.end()
        return None

    def _rest(self, one: Child, office: bool) -> None:
        with self._lock:
            self._busy.discard(one)
            self._idle[office].append(one)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for one in self._busy:
                one.kill()
        self.threads.shutdown(wait=True, cancel_futures=True)
        for one in (*self._idle[False], *self._idle[True]):
            one.end()


def _wait(
    future: "Future[T]", path: Path, bounds: Bounds, signs: deque[tuple[int, int]],
    heard: Heard | None,
) -> T:  # fmt: skip
    """`signs` holds the last sign of life of the child."""
    shown = 0, 0
    while heard and not wait([future], POLL).done:
        if (last := signs[0])[1] and last != shown:
            shown = last
            heard(*shown)
    try:
        return future.result()
    except PageTooLarge as error:
        raise UnreadableFile(f"{readable(path.name)} could not be read. {error}") from error
    except PinciteError:
        raise
    except CancelledError as error:
        raise Stopped(f"{readable(path.name)}: reading was stopped.") from error
    except Exception as error:
        raise UnreadableFile(_sentence(readable(path.name), error, bounds)) from error


def _sentence(name: str, error: Exception, bounds: Bounds) -> str:
    """Says what happened and what to do; the settings are those of assistant/settings.py."""
    match error:
        case child.Late():
            what, knob = f"took longer than {bounds.seconds:.0f} seconds to read", "file_seconds"
        case child.Silent():
            what = f"hung the reader: no progress for {bounds.silence:.0f} seconds"
            knob = "file_silence_seconds"
        case child.Crashed():
            return f"{name} crashed the reader: the file is damaged or too large. Save it again."
        case child.Invalid():
            return (
                f"{name} made its reader send data that no reader sends: it may be made to attack "
                "programs that open it."
            )
        case child.OutOfMemory():
            what, knob = f"needs more than {bounds.memory >> 20} MB of memory", "file_memory_mb"
        case child.TooLarge():
            what, knob = f"holds more than {bounds.output >> 20} MB of text", "file_text_mb"
        case _:
            return f"{name} could not be read: {error}."
    return f"{name} {what}: split the file, or raise the setting {knob}."


def _load(engines: Engines, path: Path) -> Loaded:
    document = load(path, engines)
    beat(len(document.pages), len(document.pages))
    return document, chunk(document)
