"""Gives up what root may do besides, and bounds how many processes there can be."""

import ctypes
import os
import struct
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_DROP, _AMBIENT, _CLEAR = 24, 47, 4  # for prctl
_SET = {"x86_64": 126, "aarch64": 91}  # the number of capset
_FORM = 0x20080522
_ENTER_ANY_FOLDER = 2  # CAP_DAC_READ_SEARCH
_MOST = 64  # capabilities that the kernel can have
_FEW = 1024  # processes and threads: a reader has 10 to 200
_DOUBLINGS = 12  # to four million, more than the kernel numbers


def give_up(needed: Iterable[Path]) -> None:
    """Give up all capabilities, as root has them.

    Root then opens no folder of others, such as a home with the Python that root runs. Where one of
    `needed` is in such a folder, the right to look into folders stays.
    """
    with suppress(OSError, AttributeError, KeyError):
        system = ctypes.CDLL(None, use_errno=True)
        kept = 0
        if os.geteuid() == 0 and not _seen(system, needed):
            kept = 1 << _ENTER_ANY_FOLDER
        for number in range(_MOST):
            if not kept >> number & 1:
                system.prctl(_DROP, number, 0, 0, 0)
        system.prctl(_AMBIENT, _CLEAR, 0, 0, 0)
        _hold(system, kept, kept)


def _seen(system: ctypes.CDLL, needed: Iterable[Path]) -> bool:
    """Whether they can be reached as the owner of files alone, whom root is then."""
    held = _held()
    _hold(system, held, 0)
    try:
        for path in needed:
            if path.is_dir():
                os.scandir(path).close()
        return True
    except PermissionError:
        return False
    finally:
        _hold(system, held, held)


def _held() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    found = next(line for line in status.splitlines() if line.startswith("CapPrm:"))
    return int(found.split()[1], 16)


def _hold(system: ctypes.CDLL, permitted: int, effective: int) -> None:
    header = struct.pack("Ii", _FORM, 0)
    halves = [
        part
        for shift in (0, 32)
        for part in (effective >> shift & 0xFFFFFFFF, permitted >> shift & 0xFFFFFFFF, 0)
    ]
    system.syscall(_SET[os.uname().machine], header, struct.pack("6I", *halves))


def bound_processes() -> None:
    """Bound the processes and threads of this person to twice those that there are.

    The system counts all of a person, also in containers that cannot see each other, so the number
    is found by trying. It does not count those of root.
    """
    import resource

    before, most = resource.getrlimit(resource.RLIMIT_NPROC)
    for bound in (_FEW << more for more in range(_DOUBLINGS)):
        if most != resource.RLIM_INFINITY and 2 * bound > most:
            break
        resource.setrlimit(resource.RLIMIT_NPROC, (bound, most))
        if _can_start():
            resource.setrlimit(resource.RLIMIT_NPROC, (2 * bound, 2 * bound))
            return
    resource.setrlimit(resource.RLIMIT_NPROC, (before, most))


def _can_start() -> bool:
    try:
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
        return True
    except RuntimeError:
        return False
