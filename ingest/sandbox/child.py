"""A child process that runs one job after the other, and is ended when it falls silent.

A message to it is a function and the codec of its result. One from it is a letter that says its
kind, and a value as bytes: see `ingest.document.wire`.
"""

import multiprocessing
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing import connection
from multiprocessing.connection import Connection
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from ingest import errors
from ingest.document.source import Bounds
from ingest.document.wire import Codec, InvalidData
from ingest.errors import PinciteError
from ingest.platform import linux, process
from ingest.sandbox import confinement, starting
from ingest.sandbox.confinement import allow_seconds, confine, end_session, reads_a_copy
from ingest.sandbox.starting import Loan, import_main, started

STARTING = 120.0  # seconds for a new child to load its libraries, on a busy machine
OFTEN = 0.1  # seconds between two forwarded beats
CONTEXT = started()
_BEAT, _FAILED, _DONE = b"b", b"f", b"d"  # the kinds of messages

_SIGN = Codec[tuple[int, int]](tuple[int, int])  # of life: how much is done, of how much in all
_FAILURE = Codec[tuple[str, str]](tuple[str, str])  # which of `_ERRORS`, in what words
# Beside ten other programs a child gets a tenth of the work done: one that works, and has used
# less of the processor than this share of the allowed silence, may be silent for as long again.
_SHARE = 0.4
_WORKING = 0.005  # of the silence: sleeping and waiting use far less

Heard = Callable[[int, int], None]
T = TypeVar("T")


class Ended(Exception):
    """The child has ended before it gave a result; the next job needs a new one."""


class Crashed(Ended):
    """The child crashed, or the system killed it: the parent did not end it."""


class Invalid(Ended):
    """It was ended because it sent what no reader sends: it may have been taken over."""


class Silent(Ended):
    """The parent ended it because it gave no sign of life."""


class Late(Ended):
    """The parent ended it because the job took too long."""


class TooLarge(Exception):
    """The result is too large to be sent."""


class OutOfMemory(Exception):
    """The job needed more memory than it may have."""


class Faulty(Exception):
    """The job raised an unexpected error."""


class Child:
    """The parent's end. One job at a time."""

    def __init__(
        self, bounds: Bounds, writable: Path | None = None, models: Sequence[Path] = (),
        listening: bool = False,
    ) -> None:  # fmt: skip
        """The child can write below `writable`, and below a folder of its own; it opens what is
        there, libraries, the folders `models`, and what it is lent.

        With `listening` it can run LibreOffice, see `confine`.
        """
        self._pipe, theirs = CONTEXT.Pipe()
        self._folder = confinement.make_scratch(writable.parent if writable else None)
        folders = [self._folder, *([writable] if writable else [])]
        self._bounds = bounds
        self._listening = listening
        self._loan = Loan(self._folder, folders) if reads_a_copy() else None
        given = (theirs, folders, starting.needed_models(models), bounds, listening)
        self._process = CONTEXT.Process(target=_serve, args=given, daemon=True)
        self._process.start()
        theirs.close()  # otherwise its end would not be noticed
        self._ready = False

    def lent(self, paths: Sequence[Path]) -> Sequence[Path]:
        """Where it finds these files, until it is lent others. Raises UnreadableFile or OSError."""
        return self._loan.of(paths) if self._loan else paths

    def run(self, do: Callable[[], T], codec: Codec[T], heard: Heard) -> T:
        """What `do` gives; both must travel to the child. Raises its PinciteError or one of the
        errors above."""
        try:
            self._pipe.send((do, codec))
            if not self._ready:  # it is loading the libraries of the job
                self._next(STARTING, float("inf"))
                self._ready = True
            return self._result(codec, heard)
        except (EOFError, ConnectionError) as error:
            self.end()
            raise Crashed from error
        except InvalidData as error:
            self.end()
            raise Invalid from error
        except OSError:  # a fault on this side, which may have left half a message in the pipe
            self.end()
            raise

    def end(self) -> None:
        """End it at once: a hanging child ignores anything softer."""
        self.kill()
        self._process.join()
        self._pipe.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        if sys.platform == "linux" and self._listening:
            linux.sweep_pipes()

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    def kill(self) -> None:
        """Kill it from another thread, with what it has started; the waiting thread ends it."""
        self._process.kill()
        end_session(self._process.pid or 0)

    def _result(self, codec: Codec[T], heard: Heard) -> T:
        latest = time.monotonic() + self._bounds.seconds
        while True:
            message = self._next(self._bounds.silence, latest)
            kind, value = bytes(message[:1]), message[1:]
            if kind == _DONE:
                return codec.decode(value)
            if kind == _FAILED:
                name, words = _FAILURE.decode(value)
                if name not in _ERRORS:
                    raise InvalidData(f"{name!r} is no error of a reader")
                raise _ERRORS[name](words)
            if kind != _BEAT:
                raise InvalidData(f"a message of the unknown kind {kind!r}")
            heard(*_SIGN.decode(value))

    def _next(self, silence: float, latest: float) -> memoryview:
        first = before = confinement.processor_seconds(self._process.pid)
        while not self._pipe.poll(max(min(silence, latest - time.monotonic()), 0)):
            now = confinement.processor_seconds(self._process.pid)
            starved = now - first < _SHARE * silence and now - before > _WORKING * silence
            if (late := time.monotonic() >= latest) or not starved:
                self.end()
                raise Late if late else Silent
            before = now
        return self._message()

    def _message(self) -> memoryview:
        late = threading.Timer(self._bounds.silence, self.kill)  # it may send half a message
        late.start()
        try:
            return memoryview(self._pipe.recv_bytes(self._bounds.output + 4096))
        except OSError as error:
            if not self._pipe.readable:
                raise InvalidData("more bytes than a result may have") from error
            if error.errno is None:  # it ended within a message
                raise EOFError from error
            raise
        finally:
            late.cancel()


_ERRORS: dict[str, type[Exception]] = {
    error.__name__: error
    for error in (
        TooLarge, OutOfMemory, Faulty, PinciteError, errors.NothingFound, errors.Stopped,
        errors.UnreadableFile, errors.UnsupportedFile, errors.EncryptedFile, errors.PageTooLarge,
        errors.CannotRecognise,
    )
}  # fmt: skip


def _serve(
    pipe: Connection, folders: Sequence[Path], models: Sequence[Path], bounds: Bounds,
    listening: bool, main: Mapping[str, str] = MappingProxyType({}),
) -> None:  # fmt: skip
    """In the child."""
    libraries = starting.needed_libraries(main.get("init_main_from_path", ""))
    # What looks for files of the person finds none. The parent removes it in any case.
    tempfile.tempdir = os.environ["TMPDIR"] = os.environ["HOME"] = str(folders[0])
    confine(bounds.memory, folders, [*libraries, *models], listening)
    threading.Thread(target=_end_with_parent, args=folders[:1], daemon=True).start()
    import_main(main)
    send = _sender(pipe)
    with suppress(EOFError, BrokenPipeError):  # the parent has ended
        while True:
            do, codec = pipe.recv()
            send(_BEAT + _SIGN.encode((0, 0)))
            allow_seconds(bounds.seconds * (os.cpu_count() or 1))
            send(_done(do, codec, bounds))
    shutil.rmtree(folders[0], ignore_errors=True)  # before the thread that waits for it ends, too


def _sender(pipe: Connection) -> Callable[[bytes], None]:
    """Sends messages, one at a time: loaders have threads. Some beats are sent, too: a loader may
    beat for each row of a large sheet."""
    lock, last = threading.Lock(), 0.0

    def send(data: bytes) -> None:
        with lock:
            pipe.send_bytes(data)

    def beat(done: int, total: int) -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= OFTEN:
            last = now
            send(_BEAT + _SIGN.encode((done, total)))

    process.set_progress_listener(beat)
    return send


def _done(do: Callable[[], T], codec: Codec[T], bounds: Bounds) -> bytes:
    try:
        data = codec.encode(do())
        return _DONE + data if len(data) <= bounds.output else _failed(TooLarge)
    except PinciteError as error:
        return _failed(next(cls for cls in type(error).mro() if cls.__name__ in _ERRORS), error)
    except MemoryError:
        return _failed(OutOfMemory)
    except Exception as error:  # a fault of a loader costs one file, like a crash
        return _failed(Faulty, repr(error)[:2000])


def _failed(kind: type, words: object = "") -> bytes:
    return _FAILED + _FAILURE.encode((kind.__name__, str(words)))


def _end_with_parent(folder: Path) -> None:
    # A killed parent sends nothing, and a child would wait for its next job for ever.
    if parent := multiprocessing.parent_process():
        connection.wait([parent.sentinel])
        end_session(os.getpid())
        shutil.rmtree(folder, ignore_errors=True)  # what is in it: it may not remove itself
        os._exit(1)
