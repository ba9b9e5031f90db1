"""Where set-up works, what it has done, and the commands that it runs, with signs of life."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
STAMPS = VENV / "set-up"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
PIP: list[str | Path] = [PYTHON, "-m", "pip"]
PIP_INSTALL: list[str | Path] = [*PIP, "install", "--no-compile"]
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


HEARTBEAT_SECONDS = 15


class StepFailed(Exception):
    """Nothing after this step can work; the message says what to do."""


def run(step: str, command: list[str | Path], *, quiet: bool = False, **environment: str) -> int:
    """Run a command that says a lot: show a sign of life, and its last lines when it fails and that
    is not expected (`quiet`)."""
    with subprocess.Popen(
        [str(part) for part in command],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as child:
        try:
            lines = watch(step, child)
        except BaseException:
            child.terminate()
            raise
    if child.returncode and not quiet:
        say("".join(f"  {line.rstrip()}\n" for line in lines[-12:]))
    return child.returncode


def watch(step: str, child: subprocess.Popen[str]) -> list[str]:
    """All that the child says, with a line about it now and then."""
    started, lines = time.monotonic(), [""]
    reader = threading.Thread(target=lambda: lines.extend(child.stdout or ()), daemon=True)
    reader.start()
    while reader.is_alive():
        reader.join(HEARTBEAT_SECONDS)
        if reader.is_alive():
            minutes, seconds = divmod(int(time.monotonic() - started), 60)
            say(f"  {step}: {minutes}:{seconds:02} {sign_of_life(lines[-1])}")
    return lines


def sign_of_life(line: str) -> str:
    compiled = re.match(r"\s*\[(\d+)/(\d+)\]", line)
    return f"compiled {compiled[1]} of {compiled[2]}" if compiled else line.strip()[:70]


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
