"""What this machine has: a processor, a graphics card, a compiler, a llama.cpp that starts."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.setting_up import place
from scripts.setting_up.console import StepFailed


def user_cache() -> Path:
    """The same folder as platformdirs.user_cache_dir("pincite", appauthor=False)."""
    if sys.platform == "win32":
        return Path(os.environ["LOCALAPPDATA"], "pincite", "Cache")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "pincite"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pincite"


def has_compiler() -> bool:
    both = (("cc", "gcc", "clang", "cl"), ("c++", "g++", "clang++", "cl"))
    return all(any(shutil.which(name) for name in names) for names in both)


def machine_key(build: str = "") -> str:
    """Which machines can share a compiled wheel: same Python, system and vector instructions, and
    the same kind of graphics card."""
    vector = re.compile("sse|ssse|avx|fma|f16c|bmi|amx|asimd|sve|i8mm|bf16")
    flags: list[str] = []
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith(("flags", "Features")):
                flags = sorted(flag for flag in line.split() if vector.match(flag))
                break
    processor = " ".join(flags) or platform.processor()
    python = "cp{}{}".format(*sys.version_info[:2])
    system = f"{platform.system()}-{platform.machine()}".lower()
    return f"{python}-{system}-{place.digest(processor.encode())[:8]}-{build}".rstrip("-")


def wants_cpu_build() -> bool:
    """Elsewhere the package index has a build without CUDA under the plain name."""
    nvidia = shutil.which("nvidia-smi") or Path("/proc/driver/nvidia/version").exists()
    return sys.platform == "linux" and not nvidia


def graphics_builds() -> tuple[str, ...]:
    """Those that this machine has a card and the tools for; GPU=vulkan chooses one, GPU=off none.
    The build for Apple's chips brings Metal anyhow."""
    from ingest.platform.hardware import BUILD_TOOLS, llama_builds

    chosen = os.environ.get("GPU", "auto")
    if chosen == "auto":
        return llama_builds()
    if chosen not in (*BUILD_TOOLS, "off"):
        raise StepFailed(f"GPU={chosen}: choose one of auto, off, {', '.join(BUILD_TOOLS)}.")
    return () if chosen == "off" else (chosen,)


def llama_starts() -> bool:
    return runs("import llama_cpp; llama_cpp.llama_backend_init()")


def ready_starts() -> bool:
    return runs("from assistant.llm.llama import runtime; runtime.runtime()")


def runs(code: str) -> bool:
    return subprocess.run([str(place.PYTHON), "-c", code], capture_output=True).returncode == 0
