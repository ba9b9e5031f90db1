"""A real Ray cluster on loopback, which tests start and end: a head that reads nothing, and
machines of one core each, on addresses of their own. Linux has 127.0.0.2 and the like. The commands
are those of docs/deploy.md.

Each part is a family of processes, so that a machine can be killed as a whole. Ray's ports are
open to this machine: a token closes them.
"""

import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from tests.servers.ports import free_ports

PATIENCE = 300.0  # seconds for all of it to start on a busy machine
_HEAD = "127.0.0.2"
_PAGE = Path(__file__).parents[2] / "docs" / "deploy.md"
_DOCUMENTED = [line.strip() for line in _PAGE.read_text(encoding="utf-8").splitlines()]
_SMALL = ["--object-store-memory", "120000000", "--min-worker-port", "0", "--max-worker-port", "0"]
_STARTED = b"Ray runtime started"  # is said when the head knows it
_MARK = "PINCITE_TEST_RAY_PART"
# It dies with who started it, also where that is killed.
_PROGRAM = (
    "import ctypes, signal; ctypes.CDLL(None).prctl(1, signal.SIGKILL); "
    "from ray.scripts.scripts import main; main()"
)


def missing() -> str:
    """Why there can be no cluster here; empty where there can."""
    if sys.platform != "linux":
        return "the tests start Ray on Linux alone"
    return "" if find_spec("ray") else "Ray is not installed"


class RayProcess:
    """A head, and machines that come and go."""

    def __init__(self, machines: int = 2) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
        self._port, self._client = free_ports(2)
        self.client = f"ray://{_HEAD}:{self._client}"  # for any machine
        self.member = f"{_HEAD}:{self._port}"  # for this one, which belongs to the cluster
        # Without the last of them the head, which forks a process for each client, crashes it now
        # and then (grpcio 1.85, Ray 2.60).
        self.environment = {
            **_documented_settings(), "RAY_AUTH_TOKEN": secrets.token_hex(32),
            # A machine that is slow to answer, beside other tests, is not lost; one that refuses
            # to answer is, within seconds.
            "RAY_health_check_timeout_ms": "60000", "RAY_health_check_period_ms": "1000",
        }  # fmt: skip
        self._numbers = iter(range(3, 250))
        self.machines: dict[str, subprocess.Popen[bytes]] = {}
        try:
            self.start_head()
            for _ in range(machines):
                self.add()
            self.gather()
        except BaseException:
            self.remove()
            raise

    def start_head(self) -> None:
        """Once more where Ray gives itself up: it has half a minute to start, however busy the
        machine."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            self._head = self._run(
                "head", *self._documented("--head"), "--ray-client-server-port", str(self._client)
            )
            if _true(lambda: self._joined("head") and self._listens(), self._head, until):
                return
            self.kill_head()
        raise AssertionError(f"Ray's head does not start: {self._said('head')}")

    def kill_head(self) -> None:
        """As by a loss of power. What it had noted goes, too: beside machines of its cluster that
        still run, Ray takes such a note for a head that runs, and does not start another."""
        self._end("head", self._head)
        shutil.rmtree(self._folder / "head", ignore_errors=True)

    def add(self) -> str:
        """Start a machine of one core; its address. See `gather`."""
        name = f"127.0.0.{next(self._numbers)}"
        self.machines[name] = self._run(
            name, *self._documented("--address"), "--node-ip-address", name, "--num-cpus", "1",
        )  # fmt: skip
        return name

    def gather(self) -> None:
        """Wait until each machine belongs to the cluster."""
        until = time.monotonic() + PATIENCE
        while waiting := [name for name in self.machines if not self._joined(name)]:
            assert time.monotonic() < until, self._said(waiting[0])
            self.tend()
            time.sleep(0.1)

    def tend(self) -> None:
        """Start a machine for each that has ended, as a service manager does."""
        for name in [name for name, machine in self.machines.items() if machine.poll() is not None]:
            self.kill(name)
            self.add()

    def kill(self, name: str) -> None:
        """As by a loss of power: with its workers, and the children that read."""
        self._end(name, self.machines.pop(name))

    def workers(self) -> list[int]:
        """The processes that read just now."""
        found = [pid for machine in self.machines.values() for pid in _below(machine.pid)]
        return [pid for pid in found if _name(pid).startswith("ray::work")]

    def kill_worker(self) -> bool:
        """The first of them that is there within a while."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            for pid in self.workers():
                _kill(pid)
                return True
            time.sleep(0.05)
        return False

    def remove(self) -> None:
        """End all of it, and delete its folder."""
        for name in [*self.machines]:
            self.kill(name)
        self.kill_head()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _documented(self, kind: str) -> list[str]:
        """The options of a command of docs/deploy.md, for this machine."""
        line = next(one for one in _DOCUMENTED if one.startswith(f"ray start {kind}"))
        told = line.replace("HEAD", _HEAD).replace("6379", str(self._port))
        return shlex.split(told, comments=True)[2:]

    def _run(self, name: str, *options: str) -> "subprocess.Popen[bytes]":
        """Each has a folder of its own. In one folder two that start at once take the same names
        for their sockets, and one or both of them never join: Ray looks which names are free, and
        binds them a second later."""
        with self._log(name).open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-W", "ignore", "-c", _PROGRAM, "start", "--block", *_SMALL,
                 "--temp-dir", str(self._folder / name.rpartition(".")[2]), *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, **self.environment, _MARK: self._mark(name)},
            )  # fmt: skip

    def _end(self, name: str, part: "subprocess.Popen[bytes]") -> None:
        for process in [*_below(part.pid), part.pid]:
            _kill(process)
        part.wait()
        while left := _marked(self._mark(name)):  # what was started meanwhile
            for process in left:
                _kill(process)
            time.sleep(0.01)

    def _mark(self, name: str) -> str:
        return f"{self._folder.name}/{name}"

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _joined(self, name: str) -> bool:
        return _STARTED in self._log(name).read_bytes()

    def _said(self, name: str) -> str:
        return self._log(name).read_text(errors="replace")[-2000:]

    def _listens(self) -> bool:
        """Whether there is who answers `ray://`."""
        try:
            socket.create_connection((_HEAD, self._client), 1).close()
        except OSError:
            return False
        return True


def _documented_settings() -> dict[str, str]:
    lines = [one for one in _DOCUMENTED if one.startswith("export RAY_") and "..." not in one]
    return dict(part.split("=") for line in lines for part in line.split()[1:])


def _true(condition: Callable[[], bool], process: "subprocess.Popen[bytes]", until: float) -> bool:
    """Whether it becomes true while the process runs."""
    while process.poll() is None and time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.1)
    return False


def _processes() -> Iterator[Path]:
    return Path("/proc").glob("[0-9]*")


def _marked(mark: str) -> list[int]:
    """The processes that were started for a part."""
    wanted = f"{_MARK}={mark}\0".encode()
    return [int(entry.name) for entry in _processes() if wanted in _read(entry / "environ")]


def _below(process: int) -> list[int]:
    """Its children and theirs, the youngest first."""
    parents: dict[int, list[int]] = {}
    for entry in _processes():
        if parent := _parent(entry):
            parents.setdefault(parent, []).append(int(entry.name))
    return [*reversed([*_tree(process, parents)])]


def _tree(process: int, parents: dict[int, list[int]]) -> Iterator[int]:
    for child in parents.get(process, []):
        yield child
        yield from _tree(child, parents)


def _parent(entry: Path) -> int:
    fields = _read(entry / "stat").rpartition(b")")[2].split()
    return int(fields[1]) if fields else 0


def _name(process: int) -> str:
    return _read(Path(f"/proc/{process}/cmdline")).replace(b"\0", b" ").decode(errors="replace")


def _read(path: Path) -> bytes:
    """Empty for a process that has ended."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _kill(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
