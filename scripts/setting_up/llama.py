"""llama.cpp: a wheel that was compiled here earlier, one that is ready, or one for this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from scripts.setting_up import console, machine, place

LLAMA = "llama-cpp-python"
READY = "xllamacpp"
LLAMA_INDEX = "https://abetlen.github.io/llama-cpp-python/whl"  # a folder for each kind of build


def install_llama() -> bool:
    """What answers, the quickest first: a build for a graphics card whose tools are here, or the
    one that COMPILE=1 asks for; else one that is ready."""
    builds = machine.graphics_builds()
    if os.environ.get("COMPILE", "0") not in ("", "0"):
        builds = (*builds, "")
    if any(map(install_llama_for, builds)) or place.done("llama-ready", ready_key()):
        return True
    return has_llama() or install_ready_llama()


def has_llama() -> bool:
    """llama-cpp-python, which somebody installed or this machine compiled earlier."""
    key = f"{place.locked(LLAMA)} {machine.machine_key()}"
    if place.done("llama", key) or machine.llama_starts():
        return True
    kept = machine.user_cache() / "wheels" / machine.machine_key()
    if kept_wheel(kept) is None:
        return False
    if not install_llama_wheel(""):
        uninstall_llama()
        return False
    place.stamp("llama", key)
    return True


def install_ready_llama() -> bool:
    """llama-cpp-python's own wheel, which runs on more systems; else the library that came with the
    packages. The index is asked once."""
    if not takes_wheel_of_index() and not machine.ready_starts():
        console.say("No ready llama.cpp runs here. To compile it: make setup COMPILE=1")
        return False
    place.stamp("llama-ready", ready_key())
    return True


def takes_wheel_of_index() -> bool:
    kind = "metal" if sys.platform == "darwin" else "cpu"
    index = f"{os.environ.get('LLAMA_INDEX', LLAMA_INDEX)}/{kind}"
    quick = ["--retries", "0", "--timeout", "15", "--no-deps", "--only-binary", LLAMA]
    command: list[str | Path] = [
        *place.PIP_INSTALL,
        *quick,
        "--index-url",
        index,
        place.locked(LLAMA),
    ]
    console.say(f"Asking {index} for a ready {LLAMA}")
    if console.run("llama", command, quiet=True) == 0:
        if machine.llama_starts():
            return True
        uninstall_llama()
    console.say(f"It has none that runs here: answers are computed by {READY}.")
    return False


def ready_key() -> str:
    return f"{place.locked(LLAMA)} {READY} {place.locked_version(READY)}"


def uninstall_llama() -> None:
    """One that does not start would end the app."""
    console.run("llama", [place.PYTHON, "-m", "pip", "uninstall", "--yes", "llama-cpp-python"])
    (place.STAMPS / "llama-ready").unlink(missing_ok=True)


def install_llama_for(build: str) -> bool:
    """`build`: what computes on a graphics card, empty for the processor alone."""
    key = f"{place.locked(LLAMA)} {machine.machine_key(build)}"
    if place.done("llama", key):
        return True
    failure = f"llama-failed-{build}".rstrip("-")
    failed = place.done(failure, key)
    # Installed by the person, perhaps after it could not be built here.
    told = any((place.STAMPS / name).exists() for name in ("llama", "llama-ready"))
    untold = not told or (failed and not build)
    if (untold and machine.llama_starts()) or (not failed and install_llama_wheel(build)):
        place.stamp("llama", key)
        return True
    if build:
        if not failed:
            console.say(f"llama.cpp could not be built for {build}: next, for the processor alone.")
        place.stamp(failure, key)
        return False
    uninstall_llama()
    if failed:
        console.say(
            "llama.cpp could not be built last time. To try again: make clean setup COMPILE=1"
        )
    elif machine.has_compiler():  # without one the next attempt costs nothing
        place.stamp(failure, key)
    return False


def install_llama_wheel(build: str) -> bool:
    kept = machine.user_cache() / "wheels" / machine.machine_key(build)
    wheel = kept_wheel(kept) or compile_llama(kept, build)
    command: list[str | Path] = [*place.PIP_INSTALL, "--force-reinstall", "--no-deps"]
    if not wheel or console.run("llama", [*command, wheel]):
        return False
    if not machine.llama_starts():
        console.say(
            "llama-cpp-python was installed, but it stops as soon as it is used: taken out again."
        )
        wheel.unlink()  # the next attempt makes another one
        return False
    return True


def compile_llama(kept: Path, build: str = "") -> Path | None:
    parts = f" and its graphics card ({build})" if build else ""
    console.say(f"Compiling llama.cpp for this machine{parts} (4 to 20 minutes on two cores, once)")
    fresh = kept / "unfinished"
    command: list[str | Path] = [
        place.PYTHON,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--prefer-binary",
        "--verbose",
    ]
    # pip's own cache does not tell processors apart.
    command += ["--no-cache-dir", "--wheel-dir", fresh, place.locked(LLAMA)]
    flags = os.environ.get("CMAKE_ARGS", "")
    if build:
        flags = f"{flags} -DGGML_{build.upper()}=ON".strip()
        command.append(f"--no-binary={LLAMA}")  # a ready wheel would be for the processor
    elif not machine.has_compiler():
        console.say(
            "There is no C and C++ compiler (such as gcc and g++); trying for a built wheel."
        )
        command[4:4] = ["--only-binary", "llama-cpp-python"]
    jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", str(os.cpu_count() or 1))
    if console.run("llama", command, CMAKE_BUILD_PARALLEL_LEVEL=jobs, CMAKE_ARGS=flags):
        console.say("llama-cpp-python could not be built; `pincite doctor` says what is missing.")
        return None
    for wheel in fresh.glob("*.whl"):
        wheel.replace(kept / wheel.name)  # whole, or not at all
    fresh.rmdir()
    return kept_wheel(kept)


def kept_wheel(folder: Path) -> Path | None:
    """Of llama.cpp, at the version that is wanted."""
    name = place.locked(LLAMA).replace("-", "_").replace("==", "-")
    return next(folder.glob(f"{name}-*.whl"), None)
