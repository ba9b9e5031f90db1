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
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_GET_FLAGS, _SET_FLAGS = 0x80086601, 0x40086602  # of a file on ext4 and others
_NO_DUMP = 0x40  # a flag of a file
_UNIX, _INET, _PACKET = 1, 2, 17
_STREAM, _DATAGRAM = 1, 2


def tried(victim: str, other: str, listening: str) -> str:
    """The names of the calls that succeeded, on a file, a process and sockets of somebody else:
    one with a path that is connected to, and one beside it, "datagrams", that is sent to."""
    change(victim)
    calls = {**_on_a_file(victim), **_on_a_process(int(other)), **_on_sockets(listening)}
    calls |= _on_what_is_shared(int(other))
    return " ".join(name for name, call in calls.items() if call())


def change(victim: str) -> None:
    """Try all that changes a file besides its bytes."""
    name, here = victim.encode(), -100
    file = _LIBC.open(name, os.O_PATH | os.O_CLOEXEC)  # opened for nothing, it can be changed
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


def _on_a_file(victim: str) -> dict[str, Callable[[], bool]]:
    name, here = victim.encode(), -100
    folder = os.fsencode(Path(victim).parent)
    scratch = os.fsencode(Path(os.environ.get("TMPDIR", Path(victim).parent), "made"))
    how = struct.pack("QQQ", os.O_RDONLY, 0, 0)
    place = ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + bytes(128))
    mount = ctypes.c_int()

    def by_number() -> bool:
        _LIBC.name_to_handle_at(here, name, place, ctypes.byref(mount), 0)
        root = _LIBC.open(b"/", os.O_RDONLY)
        return int(_LIBC.open_by_handle_at(root, place, os.O_RDONLY)) >= 0

    def by_a_link() -> bool:
        link = scratch + b" link"
        return _done(_LIBC.symlink(name, link)) and _LIBC.open(link, os.O_RDONLY) >= 0

    def again() -> bool:
        held = _LIBC.open(name, os.O_PATH)
        return int(_LIBC.open(b"/proc/self/fd/%d" % held, os.O_RDONLY)) >= 0

    return {
        "open": lambda: _LIBC.open(name, os.O_RDONLY) >= 0,
        "openat2": lambda: _LIBC.syscall(437, here, name, how, len(how)) >= 0,
        "open by a number": by_number,
        "open by a link": by_a_link,
        "open again": again,
        "a second name": lambda: _done(_LIBC.link(name, scratch + b" name")),
        "a folder": lambda: _LIBC.open(folder, os.O_RDONLY | os.O_DIRECTORY) >= 0,
        "device": lambda: _done(_LIBC.mknod(scratch, 0o060600, ctypes.c_ulong(7 << 8))),
        "watch": lambda: _LIBC.inotify_add_watch(_LIBC.inotify_init1(0), folder, 0x100) >= 0,
    }


def _on_what_is_shared(other: int) -> dict[str, Callable[[], bool]]:
    here = (ctypes.c_char * 8)()
    local, remote = (struct.pack("PQ", ctypes.addressof(here), 8) for _ in range(2))
    return {
        "its environment": lambda: _LIBC.open(b"/proc/%d/environ" % other, os.O_RDONLY) >= 0,
        "its command": lambda: _LIBC.open(b"/proc/%d/cmdline" % other, os.O_RDONLY) >= 0,
        "its memory": lambda: (
            _LIBC.process_vm_readv(other, local, 1, remote, 1, 0) >= 0 or ctypes.get_errno() == 14
        ),
        "its files": lambda: _LIBC.syscall(438, _LIBC.syscall(434, other, 0), 0, 0) >= 0,
        "trace": lambda: _done(_LIBC.ptrace(0x4206, other, None, None)),
        "signal": lambda: _done(_LIBC.kill(other, 0)),
        "shared memory": lambda: _LIBC.shmget(0, 4096, 0o1600) >= 0,
        "keys": lambda: _LIBC.syscall(_KEYCTL, 0, -3, 1) >= 0,
        "io_uring": lambda: _LIBC.syscall(425, 1, ctypes.create_string_buffer(256)) >= 0,
        "root of a space": lambda: _done(_LIBC.unshare(0x10000000)),
        "root": lambda: _held() != 0,
    }


_KEYCTL = 250 if platform.machine() == "x86_64" else 219


def _held() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    found = (line.split()[1] for line in status if line.startswith(("CapPrm", "CapBnd")))
    return max(int(one, 16) for one in found)


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
        "datagram to a path": lambda: _sent(str(Path(listening).with_name("datagrams"))),
        "datagram": lambda: _LIBC.socket(_UNIX, _DATAGRAM, 0) >= 0,
        "internet": lambda: _LIBC.socket(_INET, _STREAM, 0) >= 0,
        "packet": lambda: _LIBC.socket(_PACKET, _STREAM, 0) >= 0,
        "as a 32-bit program": _old_call,
    }


def _sent(path: str) -> bool:
    pair = (ctypes.c_int * 2)()
    address = struct.pack("H", _UNIX) + path.encode() + b"\0"
    made = _LIBC.socketpair(_UNIX, _DATAGRAM, 0, pair) == 0
    return made and int(_LIBC.sendto(pair[0], b"x", 1, 0, address, len(address))) > 0


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
