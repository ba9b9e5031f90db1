"""The graphics cards of this machine, and the tools that build programs for them.

Needs no package: set-up asks before there is one.
"""

import os
import shutil
import sys
from pathlib import Path

# By the number of the PCI bus. Intel's are left out: most are part of the processor and share its
# memory, so that they write no faster.
_MAKERS = {"0x10de": "NVIDIA", "0x1002": "AMD"}
_DRM = Path("/sys/class/drm")
_INCLUDES = ("/usr/include", "/usr/local/include")
_VULKAN = ("vulkan/vulkan.h", "spirv/unified1/spirv.hpp")  # what llama.cpp's Vulkan part includes

# What builds llama.cpp for a card, and where it comes from.
TOOLS = {
    "cuda": "NVIDIA's CUDA toolkit (nvcc)",
    "vulkan": "glslc and the headers of Vulkan and SPIR-V "
    "(on Debian and Ubuntu: glslc libvulkan-dev spirv-headers)",
}


def cards(drm: Path = _DRM) -> frozenset[str]:
    """The makers of the cards that are worth computing on; "Apple" where the chip has one."""
    if sys.platform == "darwin":
        return frozenset({"Apple"} if os.uname().machine == "arm64" else ())
    numbers = {_text(vendor) for vendor in drm.glob("card*/device/vendor")}
    found = {_MAKERS[number] for number in numbers if number in _MAKERS}
    return frozenset(found | ({"NVIDIA"} if shutil.which("nvidia-smi") else set()))


def builds() -> tuple[str, ...]:
    """How llama.cpp can be built here for a card that is there, the quickest first: "cuda",
    "vulkan". On Apple's chips it always brings Metal."""
    found = cards()
    cuda = "NVIDIA" in found and shutil.which("nvcc")
    vulkan = found & {"NVIDIA", "AMD"} and shutil.which("glslc") and all(map(_included, _VULKAN))
    return tuple(name for name, here in (("cuda", cuda), ("vulkan", vulkan)) if here)


def _included(header: str) -> bool:
    kit = os.environ.get("VULKAN_SDK")
    return any(Path(folder, header).exists() for folder in (*_INCLUDES, f"{kit}/include"))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
