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

# How the kernel names each machine's way of calling, and which numbers its calls have there.
_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
_SECCOMP = (317, 277)
_SOCKET = (41, 198)
_PRLIMIT = (302, 261)
_SET_PRIORITY = (141, 140)
_SET_AFFINITY = (203, 122)
_IOCTL = (16, 29)
_Calls = tuple[tuple[int | None, int | None], ...]  # None: the machine has no such call
_REFUSED: _Calls = (  # to everybody
    (425, 425),  # io_uring_setup: can open sockets as well
    (112, 157),  # setsid: programs are found by their session
    (42, 203),  # connect: also to sockets with a path, such as those of agents with keys
    # What changes other processes:
    (142, 118), (144, 119), (314, 274), (251, 30),  # sched_setparam, -scheduler, -attr, ioprio_set
    (101, 117), (311, 271), (438, 438), (440, 440),  # ptrace, process_vm_writev, pidfd_getfd, ...
    (256, 238), (279, 239),  # migrate_pages, move_pages
)  # fmt: skip
# What belongs to files besides their bytes, which Landlock leaves open. Nothing is done, and the
# caller is told that it is: `touch` and others insist on it for files of their own.
_IGNORED: _Calls = (
    (90, None), (91, 52), (268, 53), (452, 452),  # chmod, fchmod, fchmodat, fchmodat2
    (92, None), (93, 55), (94, None), (260, 54),  # chown, fchown, lchown, fchownat
    (132, None), (235, None), (261, None), (280, 88),  # utime, utimes, futimesat, utimensat
    (188, 5), (189, 6), (190, 7), (463, 463),  # setxattr, lsetxattr, fsetxattr, setxattrat
    (197, 14), (198, 15), (199, 16), (466, 466),  # the same for removexattr
    (469, 469),  # file_setattr
)  # fmt: skip
# ioctl: flags of files (FS_IOC_SETFLAGS and FSSETXATTR), and typing into a terminal (TIOCSTI,
# TIOCLINUX).
_FLAGS = (0x40086602, 0x401C5820, 0x5412, 0x541C)
_OLD_X86 = 0x40000000  # calls numbered from here are the same ones under other numbers
_ALLOW, _DENY = 0x7FFF0000, 0x00050000 | 13  # 13: the caller is told EACCES
_IGNORE = 0x00050000  # and told that all is well
_LOAD, _EQUAL, _AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_ARGUMENTS = (16, 24)  # where the first and the second argument are; 32 bits decide
_ALL, _KIND = 0xFFFFFFFF, 0xF  # the bits of an argument that count; of the kind of a socket

# Landlock: the numbers of its calls, the same on all machines, and what counts as writing.
_RULESET, _RULE, _RESTRICT = 444, 445, 446
_WRITE_FILE, _TRUNCATE = 1 << 1, 1 << 14
_CHANGE = _WRITE_FILE | sum(1 << bit for bit in range(4, 13))  # make and remove, of every kind
_SINCE = ((2, 1 << 13), (3, _TRUNCATE))  # moving between folders, and cutting off
_MAKE_SOCKET = 1 << 9
_PIPES = Path("/tmp")  # where LibreOffice insists on making one, whatever TMPDIR says
_SIGNALS = 0b11  # since 6: no signals to, and no hidden sockets of, processes outside


def forbid_calls(listening: bool = False) -> None:
    """Forbid what a reader of files has no use for, also to running threads.

    That is to make a socket, or to reach anybody by one, on this machine as well; to change the
    mode, owner, times and attributes of files; to change limits, priority and processors of other
    processes; and sessions of its own. With `listening` a socket with a path can be made, not
    reached, for LibreOffice.
    """
    with suppress(OSError, AttributeError, KeyError, TypeError):
        rules = _rules(os.uname().machine, listening)
        code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
        program = ctypes.create_string_buffer(struct.pack("HP", len(rules), ctypes.addressof(code)))
        system = _system()
        everyone = 1  # threads as well
        number = _SECCOMP[_MACHINES[os.uname().machine][1]]
        if system.syscall(number, 1, everyone, program):
            system.prctl(_FILTERING, 2, program, 0, 0)


Rule = tuple[int, int, int, int]  # of the kernel's filter: what, jump if so, jump if not, value


def _rules(machine: str, listening: bool) -> list[Rule]:
    """The filter: read from top to bottom; a jump skips that many rules."""
    architecture, column = _MACHINES[machine]
    deny = (_RETURN, 0, 0, _DENY)
    rules = [
        (_LOAD, 0, 0, 4),  # the way of calling
        (_EQUAL, 1, 0, architecture),
        deny,  # calls of a 32-bit program have other numbers
        (_LOAD, 0, 0, 0),  # the number of the call
        (_AT_LEAST, 0, 1, _OLD_X86),
        deny,
    ]
    for calls, told in ((_REFUSED, _DENY), (_IGNORED, _IGNORE)):
        for numbers in calls:
            if (number := numbers[column]) is not None:
                rules += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, told)]
    itself = (0, _ALL)  # the process that calls
    rules += _only(_PRLIMIT[column], itself)
    rules += _only(_SET_AFFINITY[column], itself)
    rules += _only(_SET_PRIORITY[column], (os.PRIO_PROCESS, _ALL), itself)
    if listening:
        rules += _only(_SOCKET[column], (socket.AF_UNIX, _ALL), (socket.SOCK_STREAM, _KIND))
    else:
        rules += [(_EQUAL, 0, 1, _SOCKET[column]), (_RETURN, 0, 0, _DENY)]
    rules += _but(_IOCTL[column], _FLAGS)
    return [*rules, (_RETURN, 0, 0, _ALLOW)]


def _only(number: int, *allowed: tuple[int, int]) -> list[Rule]:
    """One call, with these values alone, each with the bits of its argument that count."""
    checks: list[Rule] = []
    for place, (value, bits) in zip(_ARGUMENTS, allowed, strict=False):
        checks += [(_LOAD, 0, 0, place), (_AND, 0, 0, bits)]
        checks += [(_EQUAL, 1, 0, value), (_RETURN, 0, 0, _DENY)]
    return [(_EQUAL, 0, len(checks) + 1, number), *checks, (_RETURN, 0, 0, _ALLOW)]


def _but(number: int, refused: Sequence[int]) -> list[Rule]:
    """One call, without these values of its second argument."""
    checks: list[Rule] = [(_LOAD, 0, 0, _ARGUMENTS[1])]
    for value in refused:
        checks += [(_EQUAL, 0, 1, value), (_RETURN, 0, 0, _DENY)]
    return [(_EQUAL, 0, len(checks) + 1, number), *checks, (_RETURN, 0, 0, _ALLOW)]


def forbid_writing(writable: Sequence[Path], listening: bool = False) -> None:
    """Forbid writing outside these folders. Reading stays allowed: fonts and models need it.

    With `listening`, LibreOffice can make its socket where it insists on making it.
    """
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


def _allow(system: ctypes.CDLL, rules: int, path: Path, changes: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    system.syscall(_RULE, rules, 1, struct.pack("=Qi", changes, place), 0)
    os.close(place)


def _system() -> ctypes.CDLL:
    system = ctypes.CDLL(None, use_errno=True)
    system.prctl(_NO_NEW_RIGHTS, 1, 0, 0, 0)
    return system
