"""A child process that does one job after the other, and is ended when it falls silent."""

import multiprocessing
import os
import pickle
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ingest.document.limits import Bounds
from ingest.errors import PinciteError
from ingest.platform import linux, progress
from ingest.sandbox.confinement import allow_seconds, confine, session
from ingest.sandbox.cpu_starvation import Starving
from ingest.serialization import safe_unpickle

Job = Callable[[], object]

STARTING = 120.0  # seconds until a new child has loaded its libraries, on a busy machine
OFTEN = 0.1  # seconds between two beats that are passed on


@dataclass(frozen=True)
class Beat:
    """The child is at work; `total` 0: it does not know how far it is."""

    done: int
    total: int


@dataclass(frozen=True)
class _Failed:
    """What a job raised: an error for people, or which of the errors below, in what words."""

    error: PinciteError | None = None
    kind: str = ""
    words: str = ""


class Ended(Exception):
    """The child is no more."""


class Crashed(Ended):
    """It ended by itself."""


class Silent(Ended):
    """It was ended because it gave no sign of life."""


class Late(Ended):
    """It was ended because the job took too long."""


class TooLarge(Exception):
    """What the job made is too much to be sent."""


class OutOfMemory(Exception):
    """The job wanted more memory than there is for it."""


class Faulty(Exception):
    """The job raised an error that is not meant for people."""


class Child:
    """The parent's end. One job at a time."""

    def __init__(self, bounds: Bounds, writable: Path | None = None) -> None:
        """It can write below `writable`, and below a folder of its own."""
        # Not fork: the parent has threads, and its models would count as the child's memory.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._folder = tempfile.mkdtemp(prefix="pincite-")
        folders = [Path(self._folder), *([writable] if writable else [])]
        self._bounds = bounds
        self._process = context.Process(target=_serve, args=(theirs, folders, bounds), daemon=True)
        self._process.start()
        theirs.close()  # else its end would not be noticed
        self._ready = False

    def run(self, job: Job, heard: Callable[[Beat], None]) -> Any:
        """What the job returns. Raises its PinciteError or one of the errors above."""
        try:
            self._pipe.send(job)
            if not self._ready:  # it is loading what the job needs
                self._next(time.monotonic() + STARTING)
                self._ready = True
            return self._result(heard)
        except (EOFError, ConnectionError, pickle.UnpicklingError) as error:
            self.end()
            raise Crashed from error

    def end(self) -> None:
        """At once: a hanging child does not listen to anything softer."""
        self.kill()
        self._process.join()
        self._pipe.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        if sys.platform == "linux":
            linux.sweep_pipes()

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    def kill(self) -> None:
        """From another thread: whoever waits for it ends it."""
        self._process.kill()
        for program in session(self._process.pid or 0):
            with suppress(OSError):
                os.kill(program, signal.SIGKILL)

    def _result(self, heard: Callable[[Beat], None]) -> Any:
        latest = time.monotonic() + self._bounds.seconds
        while True:
            message = self._next(min(latest, time.monotonic() + self._bounds.silence), latest)
            if isinstance(message, _Failed):
                raise message.error or _KINDS[message.kind](message.words)
            if not isinstance(message, Beat):
                return message
            heard(message)

    def _next(self, until: float, latest: float = float("inf")) -> Any:
        if not self._pipe.poll(max(until - time.monotonic(), 0)):
            self.end()
            raise Late if until >= latest else Silent
        return safe_unpickle.loads(self._pipe.recv_bytes(self._bounds.output + 4096))


_KINDS = {"output": TooLarge, "memory": OutOfMemory, "fault": Faulty}


def _serve(pipe: Connection, folders: Sequence[Path], bounds: Bounds) -> None:
    """In the child."""
    confine(bounds.memory, folders)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    tempfile.tempdir = os.environ["TMPDIR"] = str(folders[0])  # removed by the parent in any case
    sender = _Sender(pipe)
    progress.listen(sender.beat)
    with suppress(EOFError):
        while True:
            job = pipe.recv()
            sender.send(pickle.dumps(Beat(0, 0)))
            allow_seconds(bounds.seconds * (os.cpu_count() or 1))
            sender.starving.begin(bounds.silence)
            done = _done(job, bounds)
            sender.starving.end()
            sender.send(done)


class _Sender:
    """Passes beats on, but not every one: a loader may beat for each row of a large sheet."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._last = 0.0
        self._lock = threading.Lock()  # loaders have threads, too
        self._shown = pickle.dumps(Beat(0, 0))
        self.starving = Starving(lambda: self.send(self._shown))

    def send(self, data: bytes) -> None:
        with self._lock:
            self._pipe.send_bytes(data)

    def beat(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._last >= OFTEN:
            self._last = now
            self._shown = pickle.dumps(Beat(done, total))
            self.starving.alive()
            self.send(self._shown)


def _done(job: Job, bounds: Bounds) -> bytes:
    try:
        data = pickle.dumps(job())
        return data if len(data) <= bounds.output else pickle.dumps(_Failed(kind="output"))
    except PinciteError as error:
        return pickle.dumps(_Failed(error))
    except MemoryError:
        return pickle.dumps(_Failed(kind="memory"))
    except Exception as error:  # a fault of a loader costs one file, as a crash does
        return pickle.dumps(_Failed(kind="fault", words=repr(error)[:2000]))


def _end_with_parent() -> None:
    # A killed parent tells nobody, and a child would wait for its next job for ever.
    if parent := multiprocessing.parent_process():
        connection.wait([parent.sentinel])
        os._exit(1)
