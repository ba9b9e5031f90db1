"""Forbids system calls to this process, its threads and what it starts.

An old kernel or another processor supports less of this; the rest still holds.
"""

import ctypes
import os
import socket
import struct
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

# -- Forbids to open and change files, by the kernel's Landlock: 5.13 or newer, where it is on

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


def landlock_version() -> int:
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
    if not (now := landlock_version()):
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


# -- Gives up what root may do besides, and bounds how many processes there can be

_DROP, _AMBIENT, _CLEAR = 24, 47, 4  # for prctl
_SET = {"x86_64": 126, "aarch64": 91}  # the number of capset
_FORM = 0x20080522
_ENTER_ANY_FOLDER = 2  # CAP_DAC_READ_SEARCH
_MOST = 64  # capabilities that the kernel can have
_FEW = 1024  # processes and threads: a reader has 10 to 200
_DOUBLINGS = 12  # to four million, more than the kernel numbers


def give_up_rights(needed: Iterable[Path]) -> None:
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


_FILTERING = 22  # for prctl

# How the kernel names each machine's way of calling, and which numbers its calls have there.
_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
_SECCOMP = (317, 277)
_SOCKET = (41, 198)
_SOCKET_PAIR = (53, 199)
_SEND_TO = (44, 206)
_PRLIMIT = (302, 261)
_SET_PRIORITY = (141, 140)
_SET_AFFINITY = (203, 122)
_IOCTL = (16, 29)
_CLONE = (56, 220)
_CLONE_3 = (435, 435)
_Calls = tuple[tuple[int | None, int | None], ...]  # None: the machine has no such call
_REFUSED: _Calls = (  # to everybody
    (425, 425), (426, 426), (427, 427),  # io_uring_*: does what other calls do, past this filter
    (112, 157),  # setsid: programs are found by their session
    (42, 203),  # connect: also to sockets with a path, such as those of agents with keys
    (46, 211), (307, 269),  # sendmsg, sendmmsg: with an address, or with open files
    # What looks into, or changes, other processes:
    (142, 118), (144, 119), (314, 274), (251, 30),  # sched_setparam, -scheduler, -attr, ioprio_set
    (101, 117), (310, 270), (311, 271), (312, 272),  # ptrace, process_vm_readv, -writev, kcmp
    (424, 424), (438, 438), (440, 440),  # pidfd_send_signal, pidfd_getfd, process_madvise
    (256, 238), (279, 239),  # migrate_pages, move_pages
    # What processes of one person share: System V's memory, semaphores and messages, POSIX's
    # messages, and keys.
    (29, 194), (30, 196), (31, 195), (64, 190), (66, 191), (68, 186), (71, 187),
    (240, 180), (241, 181), (248, 217), (249, 218), (250, 219),
    # Files by a number, past their folders; what happens to files of others; new roots of rights.
    (303, 264), (304, 265),  # name_to_handle_at, open_by_handle_at
    (253, None), (294, 26), (300, 262),  # inotify_init, -1, fanotify_init
    (272, 97), (308, 268),  # unshare, setns
    (163, 89), (321, 280), (298, 241), (323, 282),  # acct, bpf, perf_event_open, userfaultfd
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
# Its flags cannot be looked at: the library of C then takes clone, whose can.
_UNKNOWN: _Calls = (_CLONE_3,)
# ioctl: flags of files (FS_IOC_SETFLAGS and FSSETXATTR), and typing into a terminal (TIOCSTI,
# TIOCLINUX).
_FLAGS = (0x40086602, 0x401C5820, 0x5412, 0x541C)
_NEW_SPACES = 0x7E020080  # flags of clone: where whoever calls would be root
_OLD_X86 = 0x40000000  # calls numbered from here are the same ones under other numbers
_ALLOW, _DENY = 0x7FFF0000, 0x00050000 | 13  # 13: the caller is told EACCES
_IGNORE = 0x00050000  # and told that all is well
_ABSENT = 0x00050000 | 38  # and told that there is no such call
_LOAD, _EQUAL, _AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_ARGUMENTS = (16, 24)  # where the first and the second argument are; 32 bits decide
_ADDRESS = (48, 52)  # both halves of the fifth
_ALL, _KIND = 0xFFFFFFFF, 0xF  # the bits of an argument that count; of the kind of a socket
_STREAM = ((socket.AF_UNIX, _ALL), (socket.SOCK_STREAM, _KIND))  # reaches nobody without `connect`


def forbid_calls(listening: bool = False) -> None:
    """Forbid what a reader of files has no use for, also to running threads.

    That is to make a socket, or to reach anybody by one, on this machine as well; to look into, or
    change, other processes and what they share; to change the mode, owner, times and attributes of
    files; sessions and namespaces of its own. Pairs of connected sockets remain. With `listening`
    a socket with a path can be made, not reached, for LibreOffice.
    """
    with suppress(OSError, AttributeError, KeyError, TypeError):
        rules = _rules(os.uname().machine, listening)
        code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
        program = ctypes.create_string_buffer(struct.pack("HP", len(rules), ctypes.addressof(code)))
        system = ctypes.CDLL(None, use_errno=True)
        system.prctl(_NO_NEW_RIGHTS, 1, 0, 0, 0)
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
    for calls, told in ((_REFUSED, _DENY), (_IGNORED, _IGNORE), (_UNKNOWN, _ABSENT)):
        for numbers in calls:
            if (number := numbers[column]) is not None:
                rules += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, told)]
    itself = (0, _ALL)  # the process that calls
    rules += _only(_PRLIMIT[column], itself)
    rules += _only(_SET_AFFINITY[column], itself)
    rules += _only(_SET_PRIORITY[column], (os.PRIO_PROCESS, _ALL), itself)
    rules += _only(_CLONE[column], (0, _NEW_SPACES))
    rules += _only(_SOCKET_PAIR[column], *_STREAM)
    rules += _only(_SEND_TO[column], (0, _ALL), (0, _ALL), places=_ADDRESS)
    if listening:
        rules += _only(_SOCKET[column], *_STREAM)
    else:
        rules += [(_EQUAL, 0, 1, _SOCKET[column]), (_RETURN, 0, 0, _DENY)]
    rules += _but(_IOCTL[column], _FLAGS)
    return [*rules, (_RETURN, 0, 0, _ALLOW)]


def _only(
    number: int, *allowed: tuple[int, int], places: tuple[int, int] = _ARGUMENTS
) -> list[Rule]:
    """One call, with these values alone, each with the bits of its argument that count."""
    checks: list[Rule] = []
    for place, (value, bits) in zip(places, allowed, strict=False):
        checks += [(_LOAD, 0, 0, place), (_AND, 0, 0, bits)]
        checks += [(_EQUAL, 1, 0, value), (_RETURN, 0, 0, _DENY)]
    return [(_EQUAL, 0, len(checks) + 1, number), *checks, (_RETURN, 0, 0, _ALLOW)]


def _but(number: int, refused: Sequence[int]) -> list[Rule]:
    """One call, without these values of its second argument."""
    checks: list[Rule] = [(_LOAD, 0, 0, _ARGUMENTS[1])]
    for value in refused:
        checks += [(_EQUAL, 0, 1, value), (_RETURN, 0, 0, _DENY)]
    return [(_EQUAL, 0, len(checks) + 1, number), *checks, (_RETURN, 0, 0, _ALLOW)]
