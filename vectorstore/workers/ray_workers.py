"""Workers on the machines of a Ray cluster. What they read comes back packed; this process checks
it, as it checks what a child sends, and writes.

Containers are unpacked here, since the files inside are sent out one by one.
"""

import multiprocessing
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ingest import errors
from ingest.containers import Expanded, Limits
from ingest.document.source import readable
from ingest.errors import PinciteError, Stopped, UnreadableFile
from ingest.platform.extras import require
from ingest.sandbox.pool import Heard
from ingest.serialization.codec import InvalidData
from ingest.serialization.reading import Loaded, LoadedCodec, Several, SeveralCodec
from vectorstore.errors import LibraryError, WorkersAway
from vectorstore.workers import workers
from vectorstore.workers.address import RayAddress, away
from vectorstore.workers.ray_driver import AWAY, LOST, Job, Look, Machine, serve
from vectorstore.workers.task import READ, UNFIT, Result, Task, readers
from vectorstore.workers.workers import Order

_SPAWN = multiprocessing.get_context("spawn")  # not fork: this process has threads
_CONNECTS = 90.0  # seconds for Ray to connect; its client alone tries for 30
_SILENT = 150.0  # seconds without a sign of the driver: the cluster has gone
_LARGEST = 512 << 20  # bytes of a file that travels: it is in memory as a whole on its way
_MOST = 64  # files on their way

Locate = Callable[[Path], Path | None]


@dataclass(frozen=True)
class RayCluster:
    """The cluster at an address. `locate` finds a model of this machine on another one, and must be
    importable there; None where it lacks the model. `quiet` are variables of the environment that
    keep libraries from telling of their use, on the workers, too."""

    address: RayAddress
    locate: Locate
    quiet: tuple[tuple[str, str], ...] = ()

    def hire(self, order: Order) -> "RayWorkers":
        """Raises LibraryError without the extra."""
        require("ray", "ray", to="read files on other machines", error=LibraryError)
        return RayWorkers(self, order)

    def machines(self, order: Order) -> list[Machine]:
        """All that read, each asked whether it can. Raises WorkersAway or LibraryError."""
        asked = self.hire(order)
        try:
            return asked.machines()
        finally:
            asked.close()


class RayWorkers:
    """Of one run. Ray is looked for when the first file has to be read."""

    def __init__(self, cluster: RayCluster, order: Order) -> None:
        self._cluster = cluster
        self._order = order
        self._here = workers.here(order)
        self._link: _Link | None = None
        self._lock = threading.Lock()
        self._closed = False

    @property
    def children(self) -> int:
        """Two files for each core of the cluster: one is read, and one is on its way."""
        return max(2, min(_MOST, 2 * self._connected().cores))

    def start(self, path: Path, heard: Heard | None = None) -> Callable[[], Loaded]:
        """Its pages are not counted while it is read. A file that is too large to travel is read
        here."""
        if _size(path) > _LARGEST:
            return self._here.start(path, heard)
        return partial(self._loaded, path, self._send([path], self._task(False)))

    def start_several(self, paths: Sequence[Path]) -> Callable[[], Several]:
        """Small files travel together."""
        return partial(self._listed, len(paths), self._send(paths, self._task(True)))

    def start_expand(
        self, path: Path, folder: Path, limits: Limits | None = None, level: int = 0
    ) -> Callable[[], Expanded]:
        """In a child of this machine."""
        return self._here.start_expand(path, folder, limits, level)

    def machines(self) -> list[Machine]:
        """See `RayCluster.machines`."""
        return self._connected().look(self._task(False))

    def close(self) -> None:
        """Ray ends what it reads for a driver that has gone."""
        with self._lock:
            self._closed = True
            if self._link:
                self._link.close()
        self._here.close()

    def _connected(self) -> "_Link":
        with self._lock:
            if self._closed:
                raise Stopped("Reading was stopped.")
            if self._link is None:
                self._link = _Link(self._cluster.address)
            return self._link

    def _task(self, together: bool) -> Task:
        order = self._order
        cluster = self._cluster
        return Task(
            order.engines, order.recipe(), cluster.locate, readers(), cluster.quiet, together
        )  # fmt: skip

    def _send(self, paths: Sequence[Path], task: Task) -> "Future[Result]":
        return self._connected().send(paths, task)

    def _loaded(self, path: Path, pending: "Future[Result]") -> Loaded:
        name = readable(path.name)
        result = self._outcome(name, pending)
        try:
            loaded = LoadedCodec().decode(result.packed)
            self._tell(result, [loaded])
        except InvalidData as error:
            raise UnreadableFile(
                f"{name} made its worker send data that no worker sends: it may be made to attack "
                "programs that open it."
            ) from error
        return loaded

    def _listed(self, files: int, pending: "Future[Result]") -> Several:
        try:
            result = self._outcome("a file", pending)
            found = SeveralCodec().decode(result.packed)
            if len(found) != files:
                raise InvalidData("another number of files")
            self._tell(result, [one for one in found if not isinstance(one, str)])
        except (InvalidData, UnreadableFile):  # each is read alone, which names it
            return [""] * files
        return found

    def _tell(self, result: Result, read: Sequence[Loaded]) -> None:
        """Of the vectors. Raises InvalidData for what are none of these passages."""
        texts = [passage.text for _, chunks in read for passage in chunks]
        if not result.vectors:
            return
        vectors = np.frombuffer(result.vectors, np.float32)
        if not texts or len(vectors) % len(texts) or not np.isfinite(vectors).all():
            raise InvalidData("vectors of other passages")
        self._order.embedded(result.made_by, texts, vectors.reshape(len(texts), -1))

    def _outcome(self, name: str, pending: "Future[Result]") -> Result:
        try:
            result = pending.result()
        except CancelledError as error:
            raise Stopped(f"{name}: reading was stopped.") from error
        if result.kind == READ:
            return result
        if result.kind == UNFIT:
            raise WorkersAway(f"The worker {result.words}. The next `pincite add` goes on.")
        if result.kind == AWAY:
            raise away(self._cluster.address, result.words)
        if result.kind == LOST:
            why = f" ({result.words})" if result.words else ""
            raise UnreadableFile(f"{name} was not read: its workers were lost{why}. Add it again.")
        raise _error(result)


class _Link:
    """The pipe to the driver, and a thread that hears it."""

    def __init__(self, address: RayAddress) -> None:
        """Raises WorkersAway."""
        address.knock()
        self._address = address
        self._pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=serve, args=(theirs, address.place), daemon=True)
        self._process.start()
        theirs.close()  # otherwise its end would not be noticed
        self._pending: dict[int, Future[Result]] = {}
        self._lock = threading.Lock()
        self._over: Result | None = None
        self._number = 0
        self.cores = self._first()
        self._looked: Future[list[Machine]] = Future()
        threading.Thread(target=self._listen, name="workers", daemon=True).start()

    def send(self, paths: Sequence[Path], task: Task) -> "Future[Result]":
        """Each result comes as soon as it is there."""
        made: Future[Result] = Future()
        with self._lock:
            if self._over:
                made.set_result(self._over)
                return made
            self._number += 1
            self._pending[self._number] = made
            try:
                self._pipe.send(Job(self._number, paths, task))
            except OSError:  # the listener says so, too
                self._end(Result(AWAY, words="do not answer"))
        return made

    def look(self, task: Task) -> list[Machine]:
        """Raises WorkersAway."""
        try:
            self._pipe.send(Look(task))
            return self._looked.result(_SILENT)
        except (OSError, TimeoutError, CancelledError) as error:  # the first: a driver that ended
            raise away(self._address, reason="do not answer") from error

    def close(self) -> None:
        """End the driver; who waits is told that it was stopped."""
        self._process.kill()  # first: a send that waits for it lets the lock go then
        with self._lock:
            self._end(None)
        self._process.join()

    def _first(self) -> int:
        """The number of cores."""
        said: Any = Result(AWAY, words="do not answer")
        with suppress(EOFError, OSError):
            said = self._pipe.recv() if self._pipe.poll(_CONNECTS) else said
        if isinstance(said, int):
            return said
        self._process.kill()
        self._process.join()
        raise away(self._address, f"let nobody in ({said.words})")

    def _listen(self) -> None:
        over = Result(AWAY, words="do not answer")
        try:
            while self._pipe.poll(_SILENT):
                match self._pipe.recv():
                    case (int(number), Result() as result):
                        with self._lock:
                            done = self._pending.pop(number, None)
                        if done:
                            done.set_result(result)
                    case [*machines]:
                        self._looked.set_result(machines)
                    case Result() as over:
                        break
        except (EOFError, OSError):
            pass
        with self._lock:
            self._end(over)

    def _end(self, over: Result | None) -> None:
        """All that wait hear of it; nothing more is sent."""
        if self._over is None:
            self._over = over or Result(AWAY, words="are no longer asked")
        for one in self._pending.values():
            if over:
                one.set_result(over)
            else:
                one.cancel()
        self._pending.clear()
        self._looked.cancel()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # it is gone, which its reader reports
        return 0


def _error(result: Result) -> PinciteError:
    kind = getattr(errors, result.error, None)
    known = isinstance(kind, type) and issubclass(kind, PinciteError)
    return kind(result.words) if known else UnreadableFile(result.words)  # type: ignore[misc]
