"""A real Ray cluster on loopback, which tests start and end: a head that reads nothing, and
machines of one core each, on addresses of their own. Linux has 127.0.0.2 and the like. The commands
are those of docs/deploy.md.

Each part is a session of processes, so that a machine can be killed as a whole. Ray's ports are
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
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

PATIENCE = 180.0  # seconds for a machine to start on a busy one
_HEAD = "127.0.0.2"
_PAGE = Path(__file__).parents[1] / "docs" / "deploy.md"
_DOCUMENTED = [line.strip() for line in _PAGE.read_text(encoding="utf-8").splitlines()]
_SMALL = ["--object-store-memory", "120000000", "--min-worker-port", "0", "--max-worker-port", "0"]


def missing() -> str:
    """Why there can be no cluster here; empty where there can."""
    if not os.environ.get("PINCITE_TEST_RAY"):
        return "PINCITE_TEST_RAY is not set: machines that join late fail these tests now and then"
    if sys.platform != "linux":
        return "the tests start Ray on Linux alone"
    return "" if find_spec("ray") else "Ray is not installed"


class RayProcess:
    """A head, and machines that come and go."""

    def __init__(self, machines: int = 2) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
        self.port, client = _free_port(), _free_port()
        self.client = f"ray://{_HEAD}:{client}"  # for any machine
        self.member = f"{_HEAD}:{self.port}"  # for this one, which belongs to the cluster
        # Without the last of them the head, which forks a process for each client, crashes it now
        # and then (grpcio 1.85, Ray 2.60).
        self.environment = {
            **_documented_settings(), "RAY_AUTH_TOKEN": secrets.token_hex(32),
            # A machine that is slow to answer, beside other tests, is not lost.
            "RAY_health_check_timeout_ms": "60000",
        }  # fmt: skip
        self._numbers = iter(range(3, 250))
        self.machines: dict[str, subprocess.Popen[bytes]] = {}
        self._head = self._run(
            "head", *self._documented("--head"), "--ray-client-server-port", str(client),
            "--temp-dir", str(self._folder / "s"),
        )  # fmt: skip
        _listens(client, self._head)
        for _ in range(machines):
            self.add()

    def tend(self) -> None:
        """Start a machine for each that has ended, as a service manager does."""
        for name in [name for name, machine in self.machines.items() if machine.poll() is not None]:
            self.kill(name)
            self.add()

    def add(self) -> str:
        """Start a machine of one core; its address."""
        name = f"127.0.0.{next(self._numbers)}"
        self.machines[name] = self._run(
            name, *self._documented("--address"), "--node-ip-address", name, "--num-cpus", "1",
        )  # fmt: skip
        return name

    def _documented(self, kind: str) -> list[str]:
        """The options of a command of docs/deploy.md, for this machine."""
        line = next(one for one in _DOCUMENTED if one.startswith(f"ray start {kind}"))
        told = line.replace("HEAD", _HEAD).replace("6379", str(self.port))
        return shlex.split(told, comments=True)[2:]

    def kill(self, name: str) -> None:
        """As by a loss of power: with its workers, and the children that read."""
        machine = self.machines.pop(name)
        for process in [*_below(machine.pid), machine.pid]:
            _kill(process)
        machine.wait()

    def workers(self) -> list[int]:
        """The processes that read just now."""
        found = [pid for machine in self.machines.values() for pid in _below(machine.pid)]
        return [pid for pid in found if _name(pid).startswith("ray::work")]

    def kill_worker(self) -> bool:
        """The first of them that is there within a while."""
        until = time.monotonic() + 20
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
        for process in [*_below(self._head.pid), self._head.pid]:
            _kill(process)
        self._head.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, name: str, *options: str) -> "subprocess.Popen[bytes]":
        ray = "from ray.scripts.scripts import main; main()"
        with (self._folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-W", "ignore", "-c", ray, "start", "--block", *_SMALL, *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, **self.environment},
            )  # fmt: skip


def _documented_settings() -> dict[str, str]:
    lines = [one for one in _DOCUMENTED if one.startswith("export RAY_") and "..." not in one]
    return dict(part.split("=") for line in lines for part in line.split()[1:])


def _listens(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert process.poll() is None, "Ray's head did not start"
        try:
            return socket.create_connection((_HEAD, port), 1).close()
        except OSError:
            time.sleep(0.2)
    raise AssertionError("Ray's head does not listen")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HEAD, 0))
        port: int = probe.getsockname()[1]
        return port


def _below(process: int) -> list[int]:
    """Its children and theirs, the youngest first."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        if parent := _parent(entry):
            parents.setdefault(parent, []).append(int(entry.name))
    return [*reversed([*_tree(process, parents)])]


def _tree(process: int, parents: dict[int, list[int]]) -> Iterator[int]:
    for child in parents.get(process, []):
        yield child
        yield from _tree(child, parents)


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _name(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _kill(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
