"""Cores and memory that this process may use, also within a container.

psutil knows what the machine has, on every system. It ignores the limits that a control group of
Linux sets for a container, so these are read here.
"""

import os
import shutil
import sys
from pathlib import Path

# -- The graphics cards of this machine, and the tools that build programs for them
# Needs no package: set-up asks before there is one.

# By the number of the PCI bus. Intel's are left out: most are part of the processor and share its
# memory, so that they write no faster.
_MAKERS = {"0x10de": "NVIDIA", "0x1002": "AMD"}
_DRM = Path("/sys/class/drm")
_INCLUDES = ("/usr/include", "/usr/local/include")
_VULKAN = ("vulkan/vulkan.h", "spirv/unified1/spirv.hpp")  # what llama.cpp's Vulkan part includes

# What builds llama.cpp for a card, and where it comes from.
BUILD_TOOLS = {
    "cuda": "NVIDIA's CUDA toolkit (nvcc)",
    "vulkan": "glslc and the headers of Vulkan and SPIR-V "
    "(on Debian and Ubuntu: glslc libvulkan-dev spirv-headers)",
}


def graphics_cards(drm: Path = _DRM) -> frozenset[str]:
    """The makers of the cards that are worth computing on; "Apple" where the chip has one."""
    if sys.platform == "darwin":
        return frozenset({"Apple"} if os.uname().machine == "arm64" else ())
    numbers = {_read(vendor) for vendor in drm.glob("card*/device/vendor")}
    found = {_MAKERS[number] for number in numbers if number in _MAKERS}
    return frozenset(found | ({"NVIDIA"} if shutil.which("nvidia-smi") else set()))


def has_avx512() -> bool:
    """Whether the processor has the wide products of whole numbers that llama.cpp reads with."""
    return "avx512_vnni" in _read(Path("/proc/cpuinfo")).split()


def llama_builds() -> tuple[str, ...]:
    """How llama.cpp can be built here for a card that is there, the quickest first: "cuda",
    "vulkan". On Apple's chips it always brings Metal."""
    found = graphics_cards()
    cuda = "NVIDIA" in found and shutil.which("nvcc")
    vulkan = found & {"NVIDIA", "AMD"} and shutil.which("glslc") and all(map(_included, _VULKAN))
    return tuple(name for name, here in (("cuda", cuda), ("vulkan", vulkan)) if here)


def _included(header: str) -> bool:
    kit = os.environ.get("VULKAN_SDK")
    return any(Path(folder, header).exists() for folder in (*_INCLUDES, f"{kit}/include"))


_GROUP = Path("/sys/fs/cgroup")
_SIBLINGS = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"


def memory() -> int:
    """Bytes of memory that this process may use: of the machine, or of its container."""
    import psutil

    return min(int(psutil.virtual_memory().total), _limit())


def free_memory() -> int:
    """Bytes that can be allocated without pushing other programs out of memory."""
    import psutil

    free = int(psutil.virtual_memory().available)
    files = dict(line.split() for line in _read(_GROUP / "memory.stat").splitlines())
    reclaimable = int(files.get("inactive_file", 0)) + int(files.get("active_file", 0))
    used = int(_read(_GROUP / "memory.current") or 0)
    return min(free, _limit() - used + reclaimable)


def on_battery() -> bool:
    """Whether the machine runs on its battery."""
    import psutil

    sensors = getattr(psutil, "sensors_battery", None)  # not on every system
    battery = sensors() if sensors else None
    return bool(battery and battery.power_plugged is False)


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
