"""Gives up rights for good on Linux: seccomp for some calls, Landlock for writing.

An old kernel or another processor supports less of this; the rest still holds.
"""

import ctypes
import os
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_NO_NEW_RIGHTS, _FILTERING = 38, 22  # for prctl; without the first only root may give up rights

# Per machine: its numbers of the calls `socket`, `setsid` and `seccomp`, and how the kernel names
# its way of calling.
_MACHINES = {"x86_64": (41, 112, 317, 0xC000003E), "aarch64": (198, 157, 277, 0xC00000B7)}
_IO_URING = 425  # can open sockets as well
_OLD_X86 = 0x40000000  # calls numbered from here are the same ones under other numbers
_ALLOW, _DENY = 0x7FFF0000, 0x00050000 | 13  # 13: the caller is told EACCES
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06

# Landlock: the numbers of its calls, the same on all machines, and what counts as writing.
_RULESET, _RULE, _RESTRICT = 444, 445, 446
_WRITE_FILE, _TRUNCATE = 1 << 1, 1 << 14
_CHANGE = _WRITE_FILE | sum(1 << bit for bit in range(4, 13))  # make and remove, of every kind
_SINCE = ((2, 1 << 13), (3, _TRUNCATE))  # moving between folders, and cutting off
_MAKE_SOCKET = 1 << 9
_PIPES = Path("/tmp")  # where LibreOffice insists on making one, whatever TMPDIR says
_SIGNALS = 0b11  # since 6: no signals to, and no hidden sockets of, processes outside


def forbid_leaving() -> None:
    """Forbid sockets beyond this machine, and sessions of its own: also to running threads."""
    with suppress(OSError, AttributeError, KeyError, TypeError):
        sockets, sessions, seccomp, architecture = _MACHINES[os.uname().machine]
        rules = [
            (_LOAD, 0, 0, 4),  # the way of calling
            (_EQUAL, 0, 7, architecture),
            (_LOAD, 0, 0, 0),  # the number of the call
            (_AT_LEAST, 5, 0, _OLD_X86),
            (_EQUAL, 4, 0, _IO_URING),
            (_EQUAL, 3, 0, sessions),
            (_EQUAL, 0, 3, sockets),
            (_LOAD, 0, 0, 16),  # its first argument: the family of the socket
            (_EQUAL, 1, 0, int(socket.AF_UNIX)),
            (_RETURN, 0, 0, _DENY),
            (_RETURN, 0, 0, _ALLOW),
        ]
        code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
        program = ctypes.create_string_buffer(struct.pack("HP", len(rules), ctypes.addressof(code)))
        system = _system()
        everyone = 1  # threads as well
        if system.syscall(seccomp, 1, everyone, program):
            system.prctl(_FILTERING, 2, program, 0, 0)


def forbid_writing(writable: Sequence[Path]) -> None:
    """Forbid writing outside these folders. Reading stays allowed: fonts and models need it."""
    with suppress(OSError, AttributeError):
        system = _system()
        version = system.syscall(_RULESET, None, 0, 1)
        if version < 1:
            return
        changes = _CHANGE | sum(bit for since, bit in _SINCE if version >= since)
        signals = _SIGNALS if version >= 6 else 0
        about = struct.pack("QQQ", changes, 0, signals)[: 24 if signals else 8]
        rules = system.syscall(_RULESET, about, len(about), 0)
        for folder in writable:
            _allow(system, rules, folder, changes)
        _allow(system, rules, Path(os.devnull), changes & (_WRITE_FILE | _TRUNCATE))
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


def _allow(system: ctypes.CDLL, rules: int, path: Path, changes: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    system.syscall(_RULE, rules, 1, struct.pack("=Qi", changes, place), 0)
    os.close(place)


def _system() -> ctypes.CDLL:
    system = ctypes.CDLL(None, use_errno=True)
    system.prctl(_NO_NEW_RIGHTS, 1, 0, 0, 0)
    return system
