"""The environment and its packages, each at its version and with its hash."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.setting_up import steps

TORCH_INDEX = "https://download.pytorch.org/whl/cpu"


def make_environment() -> None:
    if steps.done("environment", platform.python_version()):
        return
    # One that somebody made before is kept; half of one, after an interruption, is not.
    if steps.PYTHON.exists() and not steps.run(
        "environment", [steps.PYTHON, "-m", "pip", "--version"]
    ):
        return steps.stamp("environment", platform.python_version())
    steps.say(f"Making the environment {steps.VENV.name} with Python {platform.python_version()}")
    if steps.run("environment", [sys.executable, "-m", "venv", "--clear", str(steps.VENV)]):
        raise steps.StepFailed(
            "Python's venv module is missing. On Debian and Ubuntu: python3-venv"
        )
    steps.stamp("environment", platform.python_version())


def install_packages(parts: list[str]) -> None:
    """Those of requirements/, each at its version and with its hash."""
    keys = {part: steps.digest((steps.LOCKS / f"{part}.txt").read_bytes()) for part in parts}
    missing = [part for part in parts if not steps.done(f"packages-{part}", keys[part])]
    if not missing:
        return
    steps.say(f"Installing packages: {', '.join(missing)} (a few minutes the first time)")
    # The files name all that is needed, so that nothing has to be resolved.
    locked: list[str | Path] = ["--no-deps", "--require-hashes"]
    for part in missing:
        locked += ["--requirement", steps.LOCKS / f"{part}.txt"]
    if not ("dev" in missing and installs_with_uv(locked)) and steps.run(
        "packages", [*steps.PIP_INSTALL, *locked]
    ):
        raise steps.StepFailed("The packages could not be installed: see the lines above.")
    for part in missing:
        steps.stamp(f"packages-{part}", keys[part])


def installs_with_uv(locked: list[str | Path]) -> bool:
    """Developers have uv, which needs a tenth of pip's time; pip brings it, with its hash. Pip does
    all where it is told how to reach an index, of which uv knows nothing, and where uv does not
    run."""
    told = subprocess.run([*steps.PIP, "config", "list"], capture_output=True, text=True)
    if told.returncode or re.search("index|proxy|cert|find-links|constraint", told.stdout):
        return False
    text = (steps.LOCKS / "dev.txt").read_text("utf-8")
    alone = steps.STAMPS / "uv.txt"
    steps.stamp(alone.name, "".join(re.findall(r"(?m)^uv==.*\n(?:    .*\n)+", text)))
    uv = ["--no-deps", "--require-hashes", "--requirement", alone]
    install = [steps.BIN / "uv", "pip", "install", "--quiet", "--python", steps.PYTHON]
    return not (
        steps.run("uv", [*steps.PIP_INSTALL, *uv], quiet=True)
        or steps.run("packages", [*install, *locked], quiet=True)
    )


def install_torch() -> None:
    """Its build without CUDA where there is no use for CUDA: that saves gigabytes."""
    wanted = [steps.locked("torch"), steps.locked("torchvision")]
    if steps.done("torch", " ".join(wanted)):
        return
    steps.say(f"Installing {' and '.join(wanted)}")
    if not (wants_cpu_build() and installs_cpu_build(wanted)) and steps.run(
        "torch", [*steps.PIP_INSTALL, *wanted]
    ):
        raise steps.StepFailed("torch could not be installed: see the lines above.")
    steps.stamp("torch", " ".join(wanted))


def wants_cpu_build() -> bool:
    """Elsewhere the package index has a build without CUDA under the plain name."""
    nvidia = shutil.which("nvidia-smi") or Path("/proc/driver/nvidia/version").exists()
    return sys.platform == "linux" and not nvidia


def installs_cpu_build(wanted: list[str]) -> bool:
    index = os.environ.get("TORCH_INDEX", TORCH_INDEX)
    quick: list[str | Path] = ["--retries", "0", "--timeout", "15", "--no-deps"]
    if steps.run("torch", [*steps.PIP_INSTALL, *quick, "--index-url", index, *wanted]) == 0:
        return True
    steps.say(
        f"{index} did not give the build without CUDA. With CUDA it takes some gigabytes more;"
    )
    steps.say("another index that has it: TORCH_INDEX=ADDRESS make setup")
    return False


def install_pincite() -> None:
    """It compiles the texts of the app, too: again when a translation has changed."""
    texts = sorted((steps.ROOT / "assistant" / "i18n").rglob("*.po"))
    read = [steps.ROOT / "pyproject.toml", *texts]
    key = steps.digest(b"".join(path.read_bytes() for path in read))
    compiled = all(path.with_suffix(".mo").exists() for path in texts)
    if compiled and steps.done("pincite", key):
        return
    if steps.run("pincite", [*steps.PIP_INSTALL, "--no-deps", "--editable", "."]):
        raise steps.StepFailed("Pincite could not be installed: see the lines above.")
    steps.stamp("pincite", key)
