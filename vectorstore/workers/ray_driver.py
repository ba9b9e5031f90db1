"""The process that talks to Ray: the only module that imports it.

Ray ends or blocks a process whose cluster has gone, takes its signals and reads its command line.
So it has a process of its own beside the one that adds: jobs come through a pipe, results go back,
and whoever adds can end it at any moment. Ray ends the tasks of a driver that has gone.
"""

import hashlib
import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import connection, parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ingest.errors import UnreadableFile
from vectorstore.workers.task import CRASHED, FAILED, Result, Sent, Task, work

# Nothing phones home: Ray would send statistics from a node that it starts, which this is not.
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}
_AGAIN = 10  # times that a file is read once more because its worker or machine was lost
_POLL = 0.05  # seconds
_SIGN = 2.0  # seconds between two signs of life
_NOBODY = 120.0  # seconds without any machine that reads
_TRIES = 100.0  # seconds for all machines to read a line of text, with the models that they load
LOST, AWAY = "lost", "away"  # kinds of results beside those of a task


@dataclass(frozen=True)
class Job:
    """Files to be read by one task."""

    number: int
    paths: Sequence[Path]
    task: Task
    again: bool = True  # where a child crashed: it may be the machine, which lacks memory


@dataclass(frozen=True)
class Look:
    """A question to each machine whether it could do a task."""

    task: Task


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
            pipe.send(Result(AWAY, words=_said(error)))
        else:
            driver.run()
    os._exit(0)  # Ray's own end waits for its threads


class _Nobody(Exception):
    """No machine reads; the end of a sentence about the workers."""


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
            while True:
                while self._pipe.poll(0 if self._waiting else _POLL):
                    self._take(self._pipe.recv())
                self._give()
                self._sign()
        except (EOFError, BrokenPipeError):
            raise
        except _Nobody as error:
            self._pipe.send(Result(AWAY, words=str(error)))
        except BaseException as error:  # Ray has given up: its head has gone, as a rule
            self._pipe.send(Result(AWAY, words=gone(error)))

    def _take(self, message: Job | Look) -> None:
        if isinstance(message, Look):
            self._pipe.send(self._machines(message.task))
            return
        try:
            files = [_sent(path) for path in message.paths]
        except OSError as error:
            words = f"{message.paths[0].name} cannot be opened: {error.strerror}."
            self._pipe.send(
                (message.number, Result(FAILED, error=UnreadableFile.__name__, words=words))
            )
            return
        self._waiting[self._task.remote(message.task, *files)] = message

    def _give(self) -> None:
        if not self._waiting:
            return
        done, _ = self._ray.wait([*self._waiting], num_returns=1, timeout=_POLL)
        for one in done:
            job, result = self._waiting.pop(one), self._result(one)
            if result.kind == CRASHED and job.again:
                self._take(replace(job, again=False))
            else:
                self._pipe.send((job.number, result))

    def _result(self, one: Any) -> Result:
        errors = self._ray.exceptions
        try:
            found: Result = self._ray.get(one)
            return found
        except errors.RayTaskError as error:  # no fault of a file: `work` returns those
            return Result(LOST, words=_said(error.cause or error))
        except (errors.WorkerCrashedError, errors.NodeDiedError, errors.ObjectLostError,
                errors.OutOfMemoryError, errors.TaskUnschedulableError):  # fmt: skip
            return Result(LOST)

    def _sign(self) -> None:
        """Tell that it lives, and give up where no machine has read for long."""
        now = time.monotonic()
        if now - self._signed < _SIGN:
            return
        self._signed = now
        self._seen = now if self._cores() else self._seen
        if self._waiting and now - self._seen > _NOBODY:
            raise _Nobody(f"have had no machine that reads for {_NOBODY:.0f} seconds")
        self._pipe.send(None)

    def _cores(self) -> int:
        return int(self._ray.cluster_resources().get("CPU", 0))

    def _machines(self, task: Task) -> list[Machine]:
        """Those that Ray knows to be lost in the end are none."""
        asked = {name: self._ask(name, task) for name in self._reading()}
        until = time.monotonic() + _TRIES
        answered = {name: self._answer(one, until) for name, one in asked.items()}
        there = self._reading()
        return [self._machine(there[name], answered[name]) for name in answered if name in there]

    def _reading(self) -> dict[str, dict[str, Any]]:
        """The machines that read just now, by their ids."""
        return {node["NodeID"]: node for node in self._ray.nodes()
                if node["Alive"] and node["Resources"].get("CPU")}  # fmt: skip

    def _ask(self, node: str, task: Task) -> Any:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        there = NodeAffinitySchedulingStrategy(node, soft=False)
        return self._task.options(scheduling_strategy=there).remote(task, _TRY)

    def _answer(self, asked: Any, until: float) -> str:
        """Why a machine cannot read; empty where it can."""
        try:
            return str(self._ray.get(asked, timeout=max(0.1, until - time.monotonic())).words)
        except Exception as error:
            return f"it cannot read: {_said(error)}"

    @staticmethod
    def _machine(node: dict[str, Any], unfit: str) -> Machine:
        return Machine(node["NodeManagerAddress"], int(node["Resources"]["CPU"]), unfit)


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
