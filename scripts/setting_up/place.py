"""Where set-up works, what it has done, and which versions it installs."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
STAMPS = VENV / "set-up"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
PIP_INSTALL: list[str | Path] = [PYTHON, "-m", "pip", "install", "--no-compile"]
LOCKS = ROOT / "requirements"


def done(step: str, key: str) -> bool:
    path = STAMPS / step
    return path.exists() and path.read_text("utf-8") == key


def stamp(step: str, key: str) -> None:
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / step).write_text(key, "utf-8")


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def locked_version(package: str) -> str:
    """The version of a package that is the same on all machines."""
    found = re.search(rf"(?m)^{package}==(\S+)", (LOCKS / "all.txt").read_text("utf-8"))
    return found[1] if found else ""


def locked(package: str) -> str:
    """The requirement of a package whose files differ by machine."""
    lines = (LOCKS / "by-machine.txt").read_text("utf-8").splitlines()
    return next(line for line in lines if line.startswith(f"{package}=="))
