"""Confines a process that reads unknown files: it gives up network, memory and other files.

Landlock and seccomp are Linux's own and hold for native code and for programs that are started;
where there is no such thing, hooks in Python remain. docs/security.md tells what holds where.
"""

import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.platform import linux

if TYPE_CHECKING:
    import psutil


LARGEST = 4 << 30  # bytes of a file that is written; see Limits for what may be unpacked in all
_DYING = 2.0  # seconds that killed programs may take to be gone

_SOCKETS = {
    "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.bind",
    "socket.connect", "socket.sendto", "socket.sendmsg",
}  # fmt: skip
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def confine(
    memory: int, writable: Sequence[Path], readable: Sequence[Path], listening: bool = False
) -> None:
    """Confine this process, its threads and its children, until it ends. It has no other threads.

    `memory` is in bytes of address space. Files may be created and changed only below the folders
    `writable`, and opened only there and where `readable` says. With `listening` the programs that
    it starts can make a socket, as LibreOffice must.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the parent, which ends this one
    with suppress(AttributeError, OSError):  # what it starts can then be found and ended with it
        os.setsid()
    _leave_tracker()
    _leave_outputs()
    sys.dont_write_bytecode = True
    if sys.platform == "linux":
        linux.give_up_rights([*writable, *readable])
        linux.bound_processes()
        linux.forbid_files(writable, readable, listening)
        linux.forbid_calls(listening)
    _watch(writable)
    with suppress(ImportError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST, LARGEST))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash must not fill the disk


def reads_a_copy() -> bool:
    """Whether a confined process opens only what it is given."""
    return sys.platform == "linux" and linux.landlock_version() > 0


def _leave_tracker() -> None:
    """Close the way to the parent's tracker of shared memory, which deletes what it is told to."""
    tracker = resource_tracker._resource_tracker
    nothing = os.open(os.devnull, os.O_WRONLY)
    if (pipe := tracker._fd) is None:  # type: ignore[attr-defined]
        tracker._fd = nothing  # type: ignore[attr-defined]
    else:
        os.dup2(nothing, pipe)
        os.close(nothing)


def _leave_outputs() -> None:
    """What it prints is nobody's answer, and from a terminal it could read what is typed there."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    for output in (1, 2):
        if output == 1 or os.isatty(output):
            os.dup2(nothing, output)
    os.close(nothing)


def allow_seconds(seconds: float) -> None:
    """Limit the processor time from now on: a child that lost its parent in native code ends."""
    with suppress(ImportError, ValueError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        most = resource.getrlimit(resource.RLIMIT_CPU)[1]
        until = int(used.ru_utime + used.ru_stime + seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (until, most))


def _watch(writable: Sequence[Path]) -> None:
    """Add an audit hook: Python calls it before each action, and it cannot be removed."""
    below = tuple(os.path.realpath(folder) + os.sep for folder in writable)

    def hear(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES:
            path = arguments[0]
            if not isinstance(path, str | bytes | os.PathLike):
                return  # the number of a file that is open already
            name = os.fsdecode(path)
            place = os.path.realpath(name) + os.sep  # also of the folder itself: O_TMPFILE
            if name != os.devnull and not place.startswith(below):
                raise PermissionError(f"Files are read without writing to {name}.")
        elif event in _SOCKETS:
            raise PermissionError("Files are read without a network.")

    sys.addaudithook(hear)


def end_session(leader: int) -> None:
    """Kill all in the session of a confined process but this one, where the system lists them."""
    until = time.monotonic() + _DYING
    while (programs := list(_session(leader))) and time.monotonic() < until:
        for program in programs:
            with suppress(OSError):
                os.kill(program, signal.SIGKILL)
        time.sleep(0.001)  # a killed process is there until the system has cleared it away


def _session(leader: int) -> Iterator[int]:
    import psutil

    for process in psutil.process_iter():
        # It has ended, or this is Windows, which has no sessions.
        with suppress(OSError, AttributeError, psutil.NoSuchProcess):
            same = process.pid != os.getpid() and os.getsid(process.pid) == leader
            if same and not _has_ended(process):
                yield process.pid


def _has_ended(process: "psutil.Process") -> bool:
    import psutil

    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.AccessDenied:  # this one is confined
        return False


def processor_seconds(pid: int | None) -> float:
    """What a process has used of the processor; 0 of one that has ended."""
    import psutil

    with suppress(psutil.Error):
        used = psutil.Process(pid).cpu_times()
        return float(used.user + used.system)
    return 0.0


# -- The temporary folder of a child: its name says whose it is, so that it does not outlive them

_PREFIX = "pincite-child-"  # then the process that made it
_NAME = re.compile(rf"{_PREFIX}(\d+)-.*")
_LEFT_OVER = 3600.0  # seconds; a younger one may belong to a process that is not seen from here


def make_scratch(where: Path | None = None) -> Path:
    """A new, empty folder of this process; in the system's temporary folder if not in `where`."""
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=where))


def sweep_scratch() -> None:
    """Delete the folders of processes that were killed before they could do so."""
    import psutil

    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            owner = _NAME.fullmatch(path.name)
            old = time.time() - path.stat().st_mtime > _LEFT_OVER
            if owner and old and not psutil.pid_exists(int(owner[1])):
                shutil.rmtree(path, ignore_errors=True)
