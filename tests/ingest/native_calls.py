"""Calls to the system, past Python, that a file tries which has taken its reader over.

Where those on a process succeed they change nothing: each sets what is set already.
"""

import ctypes
import mmap
import os
import platform
import resource
import struct
from collections.abc import Callable

_LIBC = ctypes.CDLL(None, use_errno=True)
_GET_FLAGS, _SET_FLAGS = 0x80086601, 0x40086602  # of a file on ext4 and others
_NO_DUMP = 0x40  # a flag of a file
_UNIX, _INET, _PACKET = 1, 2, 17
_STREAM, _DATAGRAM = 1, 2


def tried(victim: str, other: str, listening: str) -> str:
    """The names of the calls that succeeded, on a process and a socket of somebody else."""
    change(victim)
    calls = {**_on_a_process(int(other)), **_on_sockets(listening)}
    return " ".join(name for name, call in calls.items() if call())


def change(victim: str) -> None:
    """Try all that changes a file besides its bytes."""
    name, here = victim.encode(), -100
    file = os.open(victim, os.O_RDONLY)
    past = struct.pack("qqqq", 1000, 0, 1000, 0)
    flags = ctypes.c_int()
    _LIBC.ioctl(file, _GET_FLAGS, ctypes.byref(flags))
    flags.value ^= _NO_DUMP
    _LIBC.ioctl(file, _SET_FLAGS, ctypes.byref(flags))
    _LIBC.chmod(name, 0o604)
    _LIBC.fchmod(file, 0o604)
    _LIBC.fchmodat(here, name, 0o604, 0)
    _LIBC.chown(name, os.getuid(), os.getgid())
    _LIBC.fchown(file, os.getuid(), os.getgid())
    _LIBC.lchown(name, os.getuid(), os.getgid())
    _LIBC.fchownat(here, name, os.getuid(), os.getgid(), 0)
    _LIBC.utime(name, None)
    _LIBC.utimensat(here, name, past, 0)
    _LIBC.futimens(file, past)
    for call in (_LIBC.setxattr, _LIBC.lsetxattr):
        call(name, b"user.a", b"x", 1, 0)
    _LIBC.fsetxattr(file, b"user.a", b"x", 1, 0)
    _LIBC.removexattr(name, b"user.kept")
    os.close(file)


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
