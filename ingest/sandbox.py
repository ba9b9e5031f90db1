"""Runs a loader in a child process: a file that crashes or hangs it costs only that file."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from multiprocessing import connection
from pathlib import Path
from typing import Self

from ingest.chunking import chunk
from ingest.document import Chunk, Document
from ingest.errors import PinciteError, UnreadableFile
from ingest.loaders import load
from ingest.source import Engines

SECONDS = 300.0  # for one file
MEMORY = 4 << 30  # bytes of address space for the child

Loaded = tuple[Document, list[Chunk]]


class Sandbox:
    """One warm child process that reads files; replaced when a file breaks it."""

    def __init__(
        self,
        seconds: float = SECONDS,
        read: Callable[[Path], Loaded] | None = None,
        engines: Engines | None = None,
    ) -> None:
        """`read` is a function that the child can import; the loaders and the chunker if none."""
        self._seconds = seconds
        self._read = read or partial(_load, engines or Engines())
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, path: Path) -> Callable[[], Loaded]:
        """Begin reading; the returned function waits for the result.

        It raises EncryptedFile, UnsupportedFile or UnreadableFile.
        """
        try:
            pool = self._child()
            future = pool.submit(self._read, path)
        except BrokenProcessPool:  # broken by a file read ahead of this one
            self.close()
            pool = self._child()
            future = pool.submit(self._read, path)
        return lambda: self._wait(pool, future, path)

    def close(self) -> None:
        if self._pool is None:
            return
        for process in list(getattr(self._pool, "_processes", {}).values()):
            process.kill()  # a hanging loader does not listen to anything softer
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None

    def _child(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # Not fork: the parent has threads, and its models would count as the child's memory.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, context, initializer=_begin)
        return self._pool

    def _drop(self, pool: ProcessPoolExecutor) -> None:
        if self._pool is pool:  # else it is closed already, and another one reads ahead
            self.close()

    def _wait(
        self, pool: ProcessPoolExecutor, future: "Future[Loaded]", path: Path, again: bool = True
    ) -> Loaded:
        try:
            return future.result(timeout=self._seconds)
        except TimeoutError as error:
            self._drop(pool)
            raise UnreadableFile(
                f"{path.name} took longer than {self._seconds:.0f} seconds to read."
            ) from error
        except (BrokenProcessPool, CancelledError) as error:
            self._drop(pool)
            if again:  # perhaps the file before this one broke the child
                return self._alone(path)
            raise UnreadableFile(
                f"{path.name} crashed the reader: the file is damaged or too large."
            ) from error
        except MemoryError as error:
            raise UnreadableFile(f"{path.name} needs too much memory to read.") from error
        except PinciteError:
            raise
        except Exception as error:  # a fault of a loader costs one file, as a crash does
            raise UnreadableFile(f"{path.name} could not be read: {error!r}.") from error

    def _alone(self, path: Path) -> Loaded:
        """Read in a child of its own: no other file can be taken for this one's fault."""
        with Sandbox(self._seconds, self._read) as own:
            pool = own._child()
            return own._wait(pool, pool.submit(self._read, path), path, again=False)


def _load(engines: Engines, path: Path) -> Loaded:
    document = load(path, engines)
    return document, chunk(document)


def _begin() -> None:
    """In the child: end with the parent, leave Ctrl-C to it, and take no more than MEMORY."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(ImportError):  # Windows has no such limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _end_with_parent() -> None:
    # A killed parent tells nobody, and the pool's child waits for its next file for ever.
    if parent := multiprocessing.parent_process():
        connection.wait([parent.sentinel])
        os._exit(1)
