"""Forbids to open and change files, by the kernel's Landlock: 5.13 or newer, where it is on."""

import ctypes
import os
import struct
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_NO_NEW_RIGHTS = 38  # for prctl; without it only root may give up rights
_RULESET, _RULE, _RESTRICT = 444, 445, 446  # its calls have the same numbers on all machines
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1, 1 << 1, 1 << 2, 1 << 3
_READ = _READ_FILE | _READ_FOLDER
_TRUNCATE = 1 << 14
_DEVICES = 1 << 6 | 1 << 11  # make them
_MAKE_SOCKET = 1 << 9
_CHANGE = _WRITE_FILE | sum(1 << bit for bit in range(4, 13))  # make and remove, of every kind
_SINCE = ((2, 1 << 13), (3, _TRUNCATE))  # moving between folders, and cutting off
_PIPES = Path("/tmp")  # where LibreOffice insists on making one, whatever TMPDIR says
_SIGNALS = 0b11  # since 6: no signals to, and no hidden sockets of, processes outside
_PROCESSES = Path("/proc")


def version() -> int:
    """Of Landlock; 0 where there is none."""
    with suppress(OSError, AttributeError, TypeError):
        return max(int(ctypes.CDLL(None).syscall(_RULESET, None, 0, 1)), 0)
    return 0


def forbid_files(
    writable: Sequence[Path], readable: Sequence[Path], listening: bool = False
) -> None:
    """Leave this thread, and whatever it starts, these files and folders alone: those that are
    `readable` can be opened and run, those below `writable` opened, made and changed.

    What is not there is left out. Other processes can be counted, for those to be found that this
    one started. With `listening`, LibreOffice can make its socket where it insists on making it.
    """
    if not (now := version()):
        return
    system = ctypes.CDLL(None, use_errno=True)
    system.prctl(_NO_NEW_RIGHTS, 1, 0, 0, 0)
    changes = _CHANGE | sum(bit for since, bit in _SINCE if now >= since)
    signals = _SIGNALS if now >= 6 else 0
    about = struct.pack("QQQ", changes | _READ | _EXECUTE, 0, signals)[: 24 if signals else 8]
    rules = system.syscall(_RULESET, about, len(about), 0)
    for path in readable:
        _allow(system, rules, path, _READ | _EXECUTE)
    for folder in writable:
        _allow(system, rules, folder, changes & ~_DEVICES | _READ)
    _allow(system, rules, Path(os.devnull), changes & (_WRITE_FILE | _TRUNCATE))
    _allow(system, rules, _PROCESSES, _READ_FOLDER)
    if listening:
        _allow(system, rules, _PIPES, _MAKE_SOCKET)
    system.syscall(_RESTRICT, rules, 0)
    os.close(rules)


def sweep_pipes() -> None:
    """Remove pipes without a listener, which LibreOffice could make but not remove."""
    with suppress(OSError):
        listening = Path("/proc/net/unix").read_text()
        for pipe in _PIPES.glob(f"OSL_PIPE_{os.getuid()}_*"):
            if str(pipe) not in listening:
                pipe.unlink(missing_ok=True)


def _allow(system: ctypes.CDLL, rules: int, path: Path, what: int) -> None:
    with suppress(OSError):
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        if not path.is_dir():
            what &= _EXECUTE | _READ_FILE | _WRITE_FILE | _TRUNCATE
        system.syscall(_RULE, rules, 1, struct.pack("=Qi", what, place), 0)
        os.close(place)
