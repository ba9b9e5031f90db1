"""Cores and memory that this process may use, also within a container.

psutil knows what the machine has, on every system. It ignores the limits that a control group of
Linux sets for a container, so these are read here.
"""

import sys
from pathlib import Path

_GROUP = Path("/sys/fs/cgroup")
_SIBLINGS = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"


def memory() -> int:
    """All of it, in bytes."""
    import psutil

    return min(int(psutil.virtual_memory().total), _limit())


def free_memory() -> int:
    """Bytes that can be had without driving anything else out."""
    import psutil

    free = int(psutil.virtual_memory().available)
    files = dict(line.split() for line in _read(_GROUP / "memory.stat").splitlines())
    reclaimable = int(files.get("inactive_file", 0)) + int(files.get("active_file", 0))
    used = int(_read(_GROUP / "memory.current") or 0)
    return min(free, _limit() - used + reclaimable)


def cores() -> int:
    """Threads that can compute at the same time."""
    quota, _, period = _read(_GROUP / "cpu.max").partition(" ")
    share = int(quota) / int(period) if quota.isdigit() else sys.maxsize
    return max(1, min(len(_usable()), int(share)))


def physical_cores() -> int:
    """Cores with a thread that this process may use: a core counts once for all its threads."""
    import psutil

    usable = _usable()
    if sys.platform == "linux":
        found = len({_read(Path(_SIBLINGS.format(number))) or str(number) for number in usable})
    else:
        found = min(psutil.cpu_count(logical=False) or len(usable), len(usable))
    return min(found, cores())


def _usable() -> list[int]:
    """The numbers of the processors that this process may run on."""
    import psutil

    process = psutil.Process()
    if hasattr(process, "cpu_affinity"):  # macOS binds no process
        return list(process.cpu_affinity())
    return list(range(psutil.cpu_count() or 1))


def _limit() -> int:
    most = _read(_GROUP / "memory.max")
    return int(most) if most.isdigit() else sys.maxsize


def _read(path: Path) -> str:
    """Empty where there is no such file, as on other systems."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
