"""The environment and its packages, each at its version and with its hash."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

from scripts.setting_up import console, machine, place

TORCH_INDEX = "https://download.pytorch.org/whl/cpu"


def make_environment() -> None:
    if place.done("environment", platform.python_version()):
        return
    # One that somebody made before is kept; half of one, after an interruption, is not.
    if place.PYTHON.exists() and not console.run(
        "environment", [place.PYTHON, "-m", "pip", "--version"]
    ):
        return place.stamp("environment", platform.python_version())
    console.say(f"Making the environment {place.VENV.name} with Python {platform.python_version()}")
    if console.run("environment", [sys.executable, "-m", "venv", "--clear", str(place.VENV)]):
        raise console.StepFailed(
            "Python's venv module is missing. On Debian and Ubuntu: python3-venv"
        )
    place.stamp("environment", platform.python_version())


def install_packages(parts: list[str]) -> None:
    """Those of requirements/, each at its version and with its hash."""
    keys = {part: place.digest((place.LOCKS / f"{part}.txt").read_bytes()) for part in parts}
    missing = [part for part in parts if not place.done(f"packages-{part}", keys[part])]
    if not missing:
        return
    console.say(f"Installing packages: {', '.join(missing)} (a few minutes the first time)")
    # The files name all that is needed, so that nothing has to be resolved.
    command: list[str | Path] = [*place.PIP_INSTALL, "--no-deps", "--require-hashes"]
    for part in missing:
        command += ["--requirement", place.LOCKS / f"{part}.txt"]
    if console.run("packages", command):
        raise console.StepFailed("The packages could not be installed: see the lines above.")
    for part in missing:
        place.stamp(f"packages-{part}", keys[part])


def install_torch() -> None:
    """Its build without CUDA where there is no use for CUDA: that saves gigabytes."""
    wanted = [place.locked("torch"), place.locked("torchvision")]
    if place.done("torch", " ".join(wanted)):
        return
    console.say(f"Installing {' and '.join(wanted)}")
    if not (machine.wants_cpu_build() and installs_cpu_build(wanted)) and console.run(
        "torch", [*place.PIP_INSTALL, *wanted]
    ):
        raise console.StepFailed("torch could not be installed: see the lines above.")
    place.stamp("torch", " ".join(wanted))


def installs_cpu_build(wanted: list[str]) -> bool:
    index = os.environ.get("TORCH_INDEX", TORCH_INDEX)
    quick: list[str | Path] = ["--retries", "0", "--timeout", "15", "--no-deps"]
    if console.run("torch", [*place.PIP_INSTALL, *quick, "--index-url", index, *wanted]) == 0:
        return True
    console.say(
        f"{index} did not give the build without CUDA. With CUDA it takes some gigabytes more;"
    )
    console.say("another index that has it: TORCH_INDEX=ADDRESS make setup")
    return False


def install_pincite() -> None:
    """It compiles the texts of the app, too: again when a translation has changed."""
    texts = sorted((place.ROOT / "assistant" / "i18n").rglob("*.po"))
    read = [place.ROOT / "pyproject.toml", *texts]
    key = place.digest(b"".join(path.read_bytes() for path in read))
    if place.done("pincite", key):
        return
    if console.run("pincite", [*place.PIP_INSTALL, "--no-deps", "--editable", "."]):
        raise console.StepFailed("Pincite could not be installed: see the lines above.")
    place.stamp("pincite", key)
