"""llama.cpp: a wheel that was compiled here earlier, one that is ready, or one for this machine."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.setting_up import steps

LLAMA = "llama-cpp-python"
READY = "xllamacpp"
LLAMA_INDEX = "https://abetlen.github.io/llama-cpp-python/whl"  # a folder for each kind of build


def install_llama() -> bool:
    """What answers, the quickest first: a build for a graphics card whose tools are here, or the
    one that COMPILE=1 asks for; else one that is ready."""
    builds = graphics_builds()
    if os.environ.get("COMPILE", "0") not in ("", "0"):
        builds = (*builds, "")
    if any(map(install_llama_for, builds)) or steps.done("llama-ready", ready_key()):
        return True
    return has_llama() or install_ready_llama()


def has_llama() -> bool:
    """llama-cpp-python, which somebody installed or this machine compiled earlier."""
    key = f"{steps.locked(LLAMA)} {machine_key()}"
    if steps.done("llama", key) or llama_starts():
        return True
    kept = user_cache() / "wheels" / machine_key()
    if kept_wheel(kept) is None:
        return False
    if not install_llama_wheel(""):
        uninstall_llama()
        return False
    steps.stamp("llama", key)
    return True


def install_ready_llama() -> bool:
    """llama-cpp-python's own wheel, which runs on more systems; else the library that came with the
    packages. The index is asked once."""
    if not takes_wheel_of_index() and not ready_starts():
        steps.say("No ready llama.cpp runs here. To compile it: make setup COMPILE=1")
        return False
    steps.stamp("llama-ready", ready_key())
    return True


def takes_wheel_of_index() -> bool:
    kind = "metal" if sys.platform == "darwin" else "cpu"
    index = f"{os.environ.get('LLAMA_INDEX', LLAMA_INDEX)}/{kind}"
    quick = ["--retries", "0", "--timeout", "15", "--no-deps", "--only-binary", LLAMA]
    command: list[str | Path] = [
        *steps.PIP_INSTALL,
        *quick,
        "--index-url",
        index,
        steps.locked(LLAMA),
    ]
    steps.say(f"Asking {index} for a ready {LLAMA}")
    if steps.run("llama", command, quiet=True) == 0:
        if llama_starts():
            return True
        uninstall_llama()
    steps.say(f"It has none that runs here: answers are computed by {READY}.")
    return False


def ready_key() -> str:
    return f"{steps.locked(LLAMA)} {READY} {steps.locked_version(READY)}"


def uninstall_llama() -> None:
    """One that does not start would end the app."""
    steps.run("llama", [steps.PYTHON, "-m", "pip", "uninstall", "--yes", "llama-cpp-python"])
    (steps.STAMPS / "llama-ready").unlink(missing_ok=True)


def install_llama_for(build: str) -> bool:
    """`build`: what computes on a graphics card, empty for the processor alone."""
    key = f"{steps.locked(LLAMA)} {machine_key(build)}"
    if steps.done("llama", key):
        return True
    failure = f"llama-failed-{build}".rstrip("-")
    failed = steps.done(failure, key)
    # Installed by the person, perhaps after it could not be built here.
    told = any((steps.STAMPS / name).exists() for name in ("llama", "llama-ready"))
    untold = not told or (failed and not build)
    if (untold and llama_starts()) or (not failed and install_llama_wheel(build)):
        steps.stamp("llama", key)
        return True
    if build:
        if not failed:
            steps.say(f"llama.cpp could not be built for {build}: next, for the processor alone.")
        steps.stamp(failure, key)
        return False
    uninstall_llama()
    if failed:
        steps.say(
            "llama.cpp could not be built last time. To try again: make clean setup COMPILE=1"
        )
    elif has_compiler():  # without one the next attempt costs nothing
        steps.stamp(failure, key)
    return False


def install_llama_wheel(build: str) -> bool:
    kept = user_cache() / "wheels" / machine_key(build)
    wheel = kept_wheel(kept) or compile_llama(kept, build)
    command: list[str | Path] = [*steps.PIP_INSTALL, "--force-reinstall", "--no-deps"]
    if not wheel or steps.run("llama", [*command, wheel]):
        return False
    if not llama_starts():
        steps.say(
            "llama-cpp-python was installed, but it stops as soon as it is used: taken out again."
        )
        wheel.unlink()  # the next attempt makes another one
        return False
    return True


def compile_llama(kept: Path, build: str = "") -> Path | None:
    parts = f" and its graphics card ({build})" if build else ""
    steps.say(f"Compiling llama.cpp for this machine{parts} (4 to 20 minutes on two cores, once)")
    fresh = kept / "unfinished"
    command: list[str | Path] = [
        steps.PYTHON,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--prefer-binary",
        "--verbose",
    ]
    # pip's own cache does not tell processors apart.
    command += ["--no-cache-dir", "--wheel-dir", fresh, steps.locked(LLAMA)]
    flags = os.environ.get("CMAKE_ARGS", "")
    if build:
        flags = f"{flags} -DGGML_{build.upper()}=ON".strip()
        command.append(f"--no-binary={LLAMA}")  # a ready wheel would be for the processor
    elif not has_compiler():
        steps.say("There is no C and C++ compiler (such as gcc and g++); trying for a built wheel.")
        command[4:4] = ["--only-binary", "llama-cpp-python"]
    jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", str(os.cpu_count() or 1))
    if steps.run("llama", command, CMAKE_BUILD_PARALLEL_LEVEL=jobs, CMAKE_ARGS=flags):
        steps.say("llama-cpp-python could not be built; `pincite doctor` says what is missing.")
        return None
    for wheel in fresh.glob("*.whl"):
        wheel.replace(kept / wheel.name)  # whole, or not at all
    fresh.rmdir()
    return kept_wheel(kept)


def kept_wheel(folder: Path) -> Path | None:
    """Of llama.cpp, at the version that is wanted."""
    name = steps.locked(LLAMA).replace("-", "_").replace("==", "-")
    return next(folder.glob(f"{name}-*.whl"), None)


# -- What this machine has: a processor, a graphics card, a compiler, a llama.cpp that starts


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
    return f"{python}-{system}-{steps.digest(processor.encode())[:8]}-{build}".rstrip("-")


def graphics_builds() -> tuple[str, ...]:
    """Those that this machine has a card and the tools for; GPU=vulkan chooses one, GPU=off none.
    The build for Apple's chips brings Metal anyhow."""
    from ingest.platform.hardware import BUILD_TOOLS, llama_builds

    chosen = os.environ.get("GPU", "auto")
    if chosen == "auto":
        return llama_builds()
    if chosen not in (*BUILD_TOOLS, "off"):
        raise steps.StepFailed(f"GPU={chosen}: choose one of auto, off, {', '.join(BUILD_TOOLS)}.")
    return () if chosen == "off" else (chosen,)


def llama_starts() -> bool:
    return runs("import llama_cpp; llama_cpp.llama_backend_init()")


def ready_starts() -> bool:
    return runs("from assistant.llm.llama import runtime; runtime.runtime()")


def runs(code: str) -> bool:
    return subprocess.run([str(steps.PYTHON), "-c", code], capture_output=True).returncode == 0
