"""Workers on the machines of a Ray cluster. What they read comes back packed; this process checks
it, as it checks what a child sends, and writes.

Containers are unpacked here, since the files inside are sent out one by one.
"""

import hashlib
import multiprocessing
import os
import pickle
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from multiprocessing import connection, parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ingest import chunking, errors
from ingest.containers import Expanded
from ingest.document.source import Engines, Limits, readable
from ingest.document.wire import InvalidData, Loaded, LoadedCodec
from ingest.errors import PinciteError, Stopped, UnreadableFile
from ingest.loaders import VERSIONS
from ingest.platform.process import require
from ingest.sandbox import confinement
from ingest.sandbox.child import Crashed, Heard
from ingest.sandbox.pool import Sandbox
from vectorstore import workers
from vectorstore.embedding.embedder import Embedder, Recipe
from vectorstore.errors import LibraryError, WorkersAway
from vectorstore.worker_address import RayAddress, away
from vectorstore.workers import Order

# -- What a worker does: it writes a file's bytes down, checks them, reads them in a confined child,
# and embeds the passages. It knows no library and returns bytes. It runs in a process of Ray's on
# another machine, which reads no file itself.


@dataclass(frozen=True)
class Sent:
    """A file on its way: its name without a folder, and the bytes with their sha256."""

    name: str
    sha256: str
    content: bytes


@dataclass(frozen=True)
class Task:
    """What is to be read, and how. It travels to a worker as a pickle."""

    engines: Engines
    recipe: Recipe | None
    locate: Callable[[Path], Path | None]  # a model of the sender, on the machine of the worker
    reads: str  # which readers the sender has, see `readers`
    quiet: tuple[tuple[str, str], ...] = ()  # what keeps libraries from telling of their use


@dataclass(frozen=True)
class Result:
    """ "read" with the packed document and its vectors, "failed" with an error's name and words,
    "crashed" with the same where the child ended by itself, or "unfit" with why this machine cannot
    do it. Of no task: "lost" with its worker, "away" where nobody reads any more, "stopped"."""

    kind: Literal["read", "failed", "crashed", "unfit", "lost", "away", "stopped"]
    packed: bytes = b""
    vectors: bytes = b""  # float32, one row a passage; none where nothing was embedded
    made_by: str = ""  # the identity of the model that made them
    error: str = ""
    words: str = ""


def readers() -> str:
    """Two machines whose readers have the same numbers read the same."""
    told = repr((sorted(VERSIONS.items()), chunking.VERSION, sys.version_info[:2]))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def work(task: Task, file: Sent) -> Result:
    """Read the file. Never raises what is its fault."""
    os.environ.update(task.quiet)  # before a library is imported
    unfit, engines, recipe = fitted(task)
    if unfit:
        return Result("unfit", words=f"{socket.gethostname()} {unfit}")
    folder = confinement.make_scratch()
    try:
        loaded = _sandbox(pickle.dumps(engines)).start(_written(folder, file))()
        return _read(loaded, recipe)
    except PinciteError as error:
        crashed = isinstance(error.__cause__, Crashed)
        return Result(
            "crashed" if crashed else "failed", error=type(error).__name__, words=str(error)
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fitted(task: Task) -> tuple[str, Engines, Recipe | None]:
    """Why this machine cannot do it, as the end of a sentence; else the engines and the recipe with
    their models where they are here."""
    engines, recipe, lacks = task.engines, task.recipe, list[str]()
    if readers() != task.reads:
        return "has another version of Pincite or of Python: install the same", engines, recipe

    def here(model: Path) -> Path:
        if found := task.locate(model):
            return found
        lacks.append(model.name)
        return model

    told: Any = engines.captioner
    if isinstance(at := getattr(told, "folder", None), Path):
        engines = replace(engines, captioner=replace(told, folder=here(at)))
    if engines.speech:
        engines = replace(engines, speech=here(engines.speech))
    if recipe:
        recipe = replace(recipe, folder=here(recipe.folder))
    missing = f"lacks the model {lacks[0]}: `pincite models pull {lacks[0]}` there" if lacks else ""
    return missing, engines, recipe


def _written(folder: Path, file: Sent) -> Path:
    if hashlib.sha256(file.content).hexdigest() != file.sha256:
        raise UnreadableFile(f"{file.name} changed on its way to a worker. Add it again.")
    path = folder / file.name
    path.write_bytes(file.content)
    return path


def _read(loaded: Loaded, recipe: Recipe | None) -> Result:
    packed, texts = LoadedCodec().encode(loaded), [passage.text for passage in loaded[1]]
    embedder = _embedder(recipe) if recipe and texts else None
    if embedder is None:
        return Result("read", packed)
    vectors = embedder.passages(texts).astype(np.float32).tobytes()
    return Result("read", packed, vectors, embedder.identity)


@lru_cache(maxsize=1)
def _embedder(recipe: Recipe) -> Embedder | None:
    """None for other weights than the sender's, who embeds then. Ray gives a task one core."""
    return recipe.make(threads=1)


def _sandbox(engines: bytes) -> Sandbox:
    """Stays warm from task to task; Ray ends this process, and with it the child."""
    if engines not in _warm:
        for other in _warm.values():
            other.close()
        _warm.clear()
        # A child would import the program of Ray's worker, and Ray with it.
        if "default_worker" in str(getattr(sys.modules["__main__"], "__file__", "")):
            del sys.modules["__main__"].__file__
        _warm[engines] = Sandbox(engines=pickle.loads(engines))
    return _warm[engines]


_warm: dict[bytes, Sandbox] = {}


# -- The process that talks to Ray: the only module that imports it
# Ray ends or blocks a process whose cluster has gone, takes its signals and reads its command line.
# So it has a process of its own beside the one that adds: jobs come through a pipe, results go
# back, and whoever adds can end it at any moment. Ray ends the tasks of a driver that has gone.

# Nothing phones home: Ray would send statistics from a node that it starts, which this is not.
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}
_AGAIN = 10  # times that a file is read once more because its worker or machine was lost
_POLL = 0.05  # seconds
_SIGN = 2.0  # seconds between two signs of life
_NOBODY = 120.0  # seconds without any machine that reads
_TRIES = 100.0  # seconds for all machines to read a line of text, with the models that they load


@dataclass(frozen=True)
class Job:
    """A file to be read."""

    number: int
    path: Path
    task: Task
    again: bool = True  # where a child crashed: it may be the machine, which lacks memory


@dataclass(frozen=True)
class Machine:
    """A machine that reads: its name, cores, and why it is unfit; empty where it is not."""

    name: str
    cores: int
    unfit: str = ""


def serve(pipe: Connection, place: str) -> None:
    """In that process: connect, tell the number of cores, and work until the pipe ends."""
    os.environ.update(QUIET)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # Ray and gRPC write about each lost machine
        os.dup2(nowhere, stream)
    with suppress(EOFError, BrokenPipeError):  # who adds has ended
        try:
            driver = _Driver(pipe, place)
        except BaseException as error:
            pipe.send(Result("away", words=_said(error)))
        else:
            driver.run()
    os._exit(0)  # Ray's own end waits for its threads


class _Driver:
    def __init__(self, pipe: Connection, place: str) -> None:
        import ray

        self._ray: Any = ray
        self._pipe = pipe
        connect = partial(
            ray.init, place, log_to_driver=False, logging_level="ERROR", namespace="pincite"
        )
        try:
            connect()
        except RuntimeError:  # Ray gives a busy machine 30 seconds to start what serves its client
            connect()
        self._task = ray.remote(num_cpus=1, max_retries=_AGAIN)(work)
        self._waiting: dict[Any, Job] = {}
        self._signed = self._seen = time.monotonic()
        pipe.send(self._cores())

    def run(self) -> None:
        try:
            while self._lives():
                while self._pipe.poll(0 if self._waiting else _POLL):
                    self._take(self._pipe.recv())
                self._give()
        except (EOFError, BrokenPipeError):
            raise
        except BaseException as error:  # Ray has given up: its head has gone, as a rule
            self._pipe.send(Result("away", words=gone(error)))

    def _take(self, message: Job | Task) -> None:
        """A file to be read, or a question to each machine whether it could do a task."""
        if isinstance(message, Task):
            self._pipe.send(self._machines(message))
            return
        try:
            file = _sent(message.path)
        except OSError as error:
            words = f"{message.path.name} cannot be opened: {error.strerror}."
            failed = Result("failed", error=UnreadableFile.__name__, words=words)
            self._pipe.send((message.number, failed))
            return
        self._waiting[self._task.remote(message.task, file)] = message

    def _give(self) -> None:
        if not self._waiting:
            return
        done, _ = self._ray.wait([*self._waiting], num_returns=1, timeout=_POLL)
        for one in done:
            job, result = self._waiting.pop(one), self._result(one)
            if result.kind == "crashed" and job.again:
                self._take(replace(job, again=False))
            else:
                self._pipe.send((job.number, result))

    def _result(self, one: Any) -> Result:
        errors = self._ray.exceptions
        try:
            found: Result = self._ray.get(one)
            return found
        except errors.RayTaskError as error:  # no fault of a file: `work` returns those
            return Result("lost", words=_said(error.cause or error))
        except (errors.WorkerCrashedError, errors.NodeDiedError, errors.ObjectLostError,
                errors.OutOfMemoryError, errors.TaskUnschedulableError):  # fmt: skip
            return Result("lost")

    def _lives(self) -> bool:
        """Tell that it does, or that no machine has read for long, which is its end."""
        now = time.monotonic()
        if now - self._signed < _SIGN:
            return True
        self._signed = now
        self._seen = now if self._cores() else self._seen
        lives = not self._waiting or now - self._seen <= _NOBODY
        words = f"have had no machine that reads for {_NOBODY:.0f} seconds"
        self._pipe.send(None if lives else Result("away", words=words))
        return lives

    def _cores(self) -> int:
        return int(self._ray.cluster_resources().get("CPU", 0))

    def _machines(self, task: Task) -> list[Machine]:
        """Those that Ray knows to be lost in the end are none."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        asked = {}
        for node in self._reading():
            there = NodeAffinitySchedulingStrategy(node, soft=False)
            asked[node] = self._task.options(scheduling_strategy=there).remote(task, _TRY)
        until = time.monotonic() + _TRIES
        unfit = {node: self._answer(one, until) for node, one in asked.items()}
        return [
            Machine(node["NodeManagerAddress"], int(node["Resources"]["CPU"]), unfit[name])
            for name, node in self._reading().items() if name in unfit
        ]  # fmt: skip

    def _reading(self) -> dict[str, dict[str, Any]]:
        """The machines that read just now, by their ids."""
        return {node["NodeID"]: node for node in self._ray.nodes()
                if node["Alive"] and node["Resources"].get("CPU")}  # fmt: skip

    def _answer(self, asked: Any, until: float) -> str:
        """Why a machine cannot read; empty where it can."""
        try:
            return str(self._ray.get(asked, timeout=max(0.1, until - time.monotonic())).words)
        except Exception as error:
            return f"it cannot read: {_said(error)}"


def _end_with_parent() -> None:
    # Ray can hold the main thread for minutes when its cluster has gone.
    if parent := parent_process():
        connection.wait([parent.sentinel])
        os._exit(1)


def _sent(path: Path) -> Sent:
    content = path.read_bytes()
    return Sent(path.name, hashlib.sha256(content).hexdigest(), content)


_TRY = Sent("A try.txt", hashlib.sha256(b"A try.\n").hexdigest(), b"A try.\n")


def gone(error: BaseException) -> str:
    """What has become of the workers, as the end of a sentence about them."""
    return f"have gone ({_said(error).split('. ')[0]})"


def _said(error: BaseException) -> str:
    """The last line of what Ray says, which may be a page."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if isinstance(error, ModuleNotFoundError) or any("ModuleNotFoundError" in one for one in lines):
        return "it has no Pincite: install the same version there"
    return (lines or [type(error).__name__])[-1].rstrip(".")[:200]


_SPAWN = multiprocessing.get_context("spawn")  # not fork: this process has threads
_RAY_CONNECTS = 90.0  # seconds for Ray to connect; its client alone tries for 30
_SILENT = 150.0  # seconds without a sign of the driver: the cluster has gone
_LARGEST = 512 << 20  # bytes of a file that travels: it is in memory as a whole on its way
_MOST = 64  # files on their way

Locate = Callable[[Path], Path | None]


@dataclass(frozen=True)
class RayCluster:
    """The cluster at an address. `locate` finds a model of this machine on another one, and must be
    importable there; None where it lacks the model. `quiet` are variables of the environment that
    keep libraries from reporting their use, on the workers, too."""

    address: RayAddress
    locate: Locate
    quiet: tuple[tuple[str, str], ...] = ()

    def hire(self, order: Order) -> "RayWorkers":
        """The workers of one run. Raises LibraryError without the extra `ray`."""
        require("ray", "ray", to="read files on other machines", error=LibraryError)
        return RayWorkers(self, order)

    def machines(self, order: Order) -> list[Machine]:
        """All that read, each asked whether it can. Raises WorkersAway or LibraryError."""
        with closing(self.hire(order)) as asked:
            return asked.machines()


class RayWorkers:
    """The workers of one run. Ray is looked for when the first file has to be read."""

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
        return partial(self._loaded, path, self._connected().send(path, self._task()))

    def start_expand(
        self, path: Path, folder: Path, limits: Limits | None = None, level: int = 0
    ) -> Callable[[], Expanded]:
        """See `Workers`; in a child process of this machine."""
        return self._here.start_expand(path, folder, limits, level)

    def machines(self) -> list[Machine]:
        """See `RayCluster.machines`."""
        return self._connected().look(self._task())

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

    def _task(self) -> Task:
        order, cluster, reads = self._order, self._cluster, readers()
        return Task(order.engines, order.recipe(), cluster.locate, reads, cluster.quiet)

    def _loaded(self, path: Path, pending: "Future[Result]") -> Loaded:
        name = readable(path.name)
        result = self._outcome(name, pending)
        try:
            loaded = LoadedCodec().decode(result.packed)
            self._tell(result, loaded)
        except InvalidData as error:
            raise UnreadableFile(
                f"{name} made its worker send data that no worker sends: it may be made to attack "
                "programs that open it."
            ) from error
        return loaded

    def _tell(self, result: Result, read: Loaded) -> None:
        """Of the vectors. Raises InvalidData for what are none of these passages."""
        texts = [passage.text for passage in read[1]]
        if not result.vectors:
            return
        vectors = np.frombuffer(result.vectors, np.float32)
        if not texts or len(vectors) % len(texts) or not np.isfinite(vectors).all():
            raise InvalidData("vectors of other passages")
        self._order.embedded(result.made_by, texts, vectors.reshape(len(texts), -1))

    def _outcome(self, name: str, pending: "Future[Result]") -> Result:
        result = pending.result()
        if result.kind == "read":
            return result
        if result.kind == "stopped":
            raise Stopped(f"{name}: reading was stopped.")
        if result.kind == "unfit":
            raise WorkersAway(f"The worker {result.words}. The next `pincite add` goes on.")
        if result.kind == "away":
            raise away(self._cluster.address, result.words)
        if result.kind == "lost":
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

    def send(self, path: Path, task: Task) -> "Future[Result]":
        """Each result comes as soon as it is there."""
        made: Future[Result] = Future()
        with self._lock:
            if self._over:
                made.set_result(self._over)
                return made
            self._number += 1
            self._pending[self._number] = made
            try:
                self._pipe.send(Job(self._number, path, task))
            except OSError:  # the listener says so, too
                self._end(Result("away", words="do not answer"))
        return made

    def look(self, task: Task) -> list[Machine]:
        """Whether each machine that reads could do a task like this one. Raises WorkersAway."""
        try:
            self._pipe.send(task)
            return self._looked.result(_SILENT)
        except (OSError, TimeoutError, CancelledError) as error:  # the first: a driver that ended
            raise away(self._address, reason="do not answer") from error

    def close(self) -> None:
        """End the driver; who waits is told that it was stopped."""
        self._process.kill()  # first: a send that waits for it lets the lock go then
        with self._lock:
            self._end(Result("stopped"))
        self._process.join()

    def _first(self) -> int:
        """The number of cores."""
        said: Any = Result("away", words="do not answer")
        with suppress(EOFError, OSError):
            said = self._pipe.recv() if self._pipe.poll(_RAY_CONNECTS) else said
        if isinstance(said, int):
            return said
        self._process.kill()
        self._process.join()
        raise away(self._address, f"let nobody in ({said.words})")

    def _listen(self) -> None:
        over = Result("away", words="do not answer")
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

    def _end(self, over: Result) -> None:
        """All that wait hear of it; nothing more is sent."""
        self._over = self._over or over
        for one in self._pending.values():
            one.set_result(over)
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
