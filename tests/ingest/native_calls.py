"""Calls to the system, past Python, that a file tries which has taken its reader over.

Where they succeed they change nothing: each sets what is set already.
"""

import ctypes
import mmap
import os
import platform
import resource
import struct
from collections.abc import Callable
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_GET_FLAGS, _SET_FLAGS = 0x80086601, 0x40086602  # of a file on ext4 and others
_UNIX, _INET, _PACKET = 1, 2, 17
_STREAM, _DATAGRAM = 1, 2


def tried(victim: str, other: str, listening: str) -> str:
    """The names of the calls that succeeded, on a file, a process and a socket of somebody else."""
    calls = {**_on_a_file(victim), **_on_a_process(int(other)), **_on_sockets(listening)}
    return " ".join(name for name, call in calls.items() if call())


def _on_a_file(victim: str) -> dict[str, Callable[[], bool]]:
    name, about = victim.encode(), Path(victim).stat()
    mode, now = about.st_mode & 0o7777, struct.pack("qqqq", 0, 0x3FFFFFFF, 0, 0x3FFFFFFF)
    file = os.open(victim, os.O_RDONLY)
    here, owner = -100, (about.st_uid, about.st_gid)
    flags = ctypes.c_int()
    _LIBC.ioctl(file, _GET_FLAGS, ctypes.byref(flags))
    return {
        "chmod": lambda: _done(_LIBC.chmod(name, mode)),
        "fchmod": lambda: _done(_LIBC.fchmod(file, mode)),
        "fchmodat": lambda: _done(_LIBC.fchmodat(here, name, mode, 0)),
        "chown": lambda: _done(_LIBC.chown(name, *owner)),
        "fchown": lambda: _done(_LIBC.fchown(file, *owner)),
        "lchown": lambda: _done(_LIBC.lchown(name, *owner)),
        "fchownat": lambda: _done(_LIBC.fchownat(here, name, *owner, 0)),
        "utime": lambda: _done(_LIBC.utime(name, None)),
        "utimensat": lambda: _done(_LIBC.utimensat(here, name, now, 0)),
        "setxattr": lambda: _done(_LIBC.setxattr(name, b"user.a", b"x", 1, 0)),
        "lsetxattr": lambda: _done(_LIBC.lsetxattr(name, b"user.a", b"x", 1, 0)),
        "fsetxattr": lambda: _done(_LIBC.fsetxattr(file, b"user.a", b"x", 1, 0)),
        "removexattr": lambda: _done(_LIBC.removexattr(name, b"user.kept")),
        "flags": lambda: _done(_LIBC.ioctl(file, _SET_FLAGS, ctypes.byref(flags))),
    }


def _on_a_process(other: int) -> dict[str, Callable[[], bool]]:
    limit = struct.pack("QQ", *(v & 2**64 - 1 for v in resource.getrlimit(resource.RLIMIT_CORE)))
    processors = (ctypes.c_ulong * 16)()
    size = ctypes.sizeof(processors)
    _LIBC.sched_getaffinity(other, size, processors)
    usual = ctypes.c_int(0)
    return {
        "prlimit": lambda: _done(_LIBC.prlimit(other, resource.RLIMIT_CORE, limit, None)),
        "setpriority": lambda: _done(_LIBC.setpriority(0, other, _LIBC.getpriority(0, other))),
        "setpriority of all": lambda: _done(_LIBC.setpriority(2, os.getuid(), 0)),
        "sched_setaffinity": lambda: _done(_LIBC.sched_setaffinity(other, size, processors)),
        "sched_setscheduler": lambda: _done(
            _LIBC.sched_setscheduler(other, 0, ctypes.byref(usual))
        ),
        "of its own": lambda: _done(
            _LIBC.sched_getaffinity(0, size, processors) < 0
            or _LIBC.sched_setaffinity(0, size, processors)
            or _LIBC.setpriority(0, 0, _LIBC.getpriority(0, 0))
            or _LIBC.prlimit(0, resource.RLIMIT_CORE, limit, None)
        ),
    }


def _on_sockets(listening: str) -> dict[str, Callable[[], bool]]:
    address = struct.pack("H", _UNIX) + listening.encode() + b"\0"
    return {
        "connect": lambda: _done(
            _LIBC.connect(_LIBC.socket(_UNIX, _STREAM, 0), address, len(address))
        ),
        "datagram": lambda: _LIBC.socket(_UNIX, _DATAGRAM, 0) >= 0,
        "internet": lambda: _LIBC.socket(_INET, _STREAM, 0) >= 0,
        "packet": lambda: _LIBC.socket(_PACKET, _STREAM, 0) >= 0,
        "as a 32-bit program": _old_call,
    }


def _done(result: int) -> bool:
    return result == 0


def _old_call() -> bool:
    """A socket by the calls of 32-bit programs, which have other numbers: socketcall(1, ...)."""
    if platform.machine() != "x86_64":
        return False
    below = 0x40  # MAP_32BIT: the old call takes addresses of 32 bits
    wanted = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | below
    _LIBC.mmap.restype = ctypes.c_void_p
    place = _LIBC.mmap(None, ctypes.c_size_t(4096), 7, wanted, -1, ctypes.c_long(0))
    values = place + 256
    ctypes.memmove(values, struct.pack("III", _INET, _STREAM, 0), 12)
    code = b"\x53\xb8\x66\0\0\0\xbb\x01\0\0\0\xb9" + struct.pack("I", values) + b"\xcd\x80\x5b\xc3"
    ctypes.memmove(place, code, len(code))
    return int(ctypes.CFUNCTYPE(ctypes.c_int)(place)()) >= 0
