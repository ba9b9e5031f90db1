"""What a process that reads unknown files gives up for good: the network, memory and disk."""

import ctypes
import os
import signal
import socket
import struct
import sys
from contextlib import suppress

MEMORY = 4 << 30  # bytes of address space
LARGEST = 4 << 30  # bytes of a file that is written; see Limits for what may be unpacked in all

_ASKS = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
_CONNECTS = {"socket.bind", "socket.connect", "socket.sendto", "socket.sendmsg"}


def confine() -> None:
    """For this process, its threads and all that it starts, until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this one
    sys.addaudithook(_refuse)
    with suppress(OSError, AttributeError, KeyError, TypeError):  # not on every system
        _forbid_sockets()
    with suppress(ImportError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST, LARGEST))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash must not fill the disk


def allow_seconds(seconds: float) -> None:
    """Of processor time from now on: a child that lost its parent in native code ends, too."""
    with suppress(ImportError, ValueError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        most = resource.getrlimit(resource.RLIMIT_CPU)[1]
        until = int(used.ru_utime + used.ru_stime + seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (until, most))


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook: Python calls it before it opens a connection, and it cannot be removed."""
    local = event in _CONNECTS and isinstance(arguments[1], str | bytes)  # a path on this machine
    if event in _ASKS or (event in _CONNECTS and not local):
        raise PermissionError("Files are read without a network.")


# Per machine: its number of the call `socket`, and how the kernel names its way of calling.
_MACHINES = {"x86_64": (41, 0xC000003E), "aarch64": (198, 0xC00000B7)}
_IO_URING = 425  # can open sockets as well
_OLD_X86 = 0x40000000  # calls numbered from here are the same ones under other numbers
_ALLOW, _DENY = 0x7FFF0000, 0x00050000 | 13  # 13: the caller is told EACCES
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06


def _forbid_sockets() -> None:
    """The same for native code, by Linux itself (seccomp): only local sockets can be made.

    Where there is no such thing the hook remains.
    """
    number, architecture = _MACHINES[os.uname().machine]
    rules = [
        (_LOAD, 0, 0, 4),  # the way of calling
        (_EQUAL, 0, 6, architecture),
        (_LOAD, 0, 0, 0),  # the number of the call
        (_AT_LEAST, 4, 0, _OLD_X86),
        (_EQUAL, 3, 0, _IO_URING),
        (_EQUAL, 0, 3, number),
        (_LOAD, 0, 0, 16),  # its first argument: the family of the socket
        (_EQUAL, 1, 0, int(socket.AF_UNIX)),
        (_RETURN, 0, 0, _DENY),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
    program = ctypes.create_string_buffer(struct.pack("HP", len(rules), ctypes.addressof(code)))
    system = ctypes.CDLL(None, use_errno=True)
    without_new_rights, filtering = 38, 22
    system.prctl(without_new_rights, 1, 0, 0, 0)  # else only root may filter
    system.prctl(filtering, 2, program, 0, 0)
