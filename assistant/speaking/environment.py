"""The environment in which Piper lives, made when a person fetches a voice.

piper-tts is under the GPL-3.0, and Pincite is not: it is no dependency, and is installed by pip, as
the person's own pip configuration says, into a virtual environment in their cache.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from assistant.errors import ModelNotFetched
from assistant.models.verified_file import Progress, SourceFailed, require_space, silent
from assistant.offline import QUIET, allow_network

LICENCE = "GPL-3.0"
VERSION = "1.8.0"
DOWNLOADED = 80_000_000  # bytes of wheels, with those of what it needs (onnxruntime, numpy)
INSTALLED = 195_000_000  # bytes on the disk
_READY = "ready"
_IMPORTING = ("-I", "-c", "import piper")


def folder(cache: Path) -> Path:
    return cache / f"piper-{VERSION}"


def python(cache: Path) -> Path | None:
    """The Python that can run Piper; None: it was not made, or the Python below it is gone."""
    found = _python(folder(cache))
    return found if found.exists() and (folder(cache) / _READY).exists() else None


def make(cache: Path, progress: Progress = silent) -> Path:
    """Install Piper, going on with what came before; its Python. Raises ModelNotFetched."""
    import filelock

    made = folder(cache)
    made.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(cache / f"{made.name}.lock"):
        try:
            if (found := python(cache)) and _works(found):
                return found
            _fetch(made / "wheels", progress)
            _install(made, progress)
        except (SourceFailed, OSError, subprocess.SubprocessError) as error:
            raise ModelNotFetched(
                f"piper-tts {VERSION}, the program that speaks with this voice, could not be "
                f"installed: {error}. The same command goes on with it; until then espeak-ng "
                "reads aloud where it is installed."
            ) from error
        (made / _READY).touch()
        shutil.rmtree(made / "wheels", ignore_errors=True)
    return _python(made)


def remove(cache: Path) -> None:
    """Once no home has a voice any more; it is made again when one comes."""
    shutil.rmtree(folder(cache), ignore_errors=True)


def _fetch(wheels: Path, progress: Progress) -> None:
    """With pip, which leaves out what is there already."""
    wheels.mkdir(exist_ok=True)
    require_space(wheels, DOWNLOADED + INSTALLED)
    unfinished = wheels / "unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    options = ["--dest", str(wheels), f"piper-tts=={VERSION}"]
    environment = {**os.environ, "TMPDIR": str(unfinished), "TEMP": str(unfinished)}
    doing = f"fetching piper-tts {VERSION} ({LICENCE})"
    with allow_network(doing):
        _pip(["download", "--no-cache-dir", *options], environment, doing, wheels, progress)
    shutil.rmtree(unfinished, ignore_errors=True)


def _install(made: Path, progress: Progress) -> None:
    doing = f"installing piper-tts {VERSION}"
    progress(doing, 0, None)
    _run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(made / "environment")])
    options = ["--no-index", "--find-links", str(made / "wheels"), f"piper-tts=={VERSION}"]
    options = ["--python", str(_python(made)), "install", *options]
    _pip(options, dict(os.environ), doing, None, progress)
    _run([str(_python(made)), *_IMPORTING])


def _works(python: Path) -> bool:
    return subprocess.run([python, *_IMPORTING], capture_output=True).returncode == 0


def _python(made: Path) -> Path:
    inside = Path("Scripts", "python.exe") if sys.platform == "win32" else Path("bin", "python")
    return made / "environment" / inside


def _pip(
    options: Sequence[str], environment: dict[str, str], doing: str, into: Path | None,
    progress: Progress,
) -> None:  # fmt: skip
    """Raises SourceFailed with pip's last complaint."""
    command = [sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check"]
    complete = [*command, *options, "--only-binary=:all:"]
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(
        complete, env=environment, stdin=nothing, stdout=nothing, stderr=pipe, text=True
    ) as child:
        try:
            while child.poll() is None:
                progress(doing, _size(into) if into else 0, DOWNLOADED if into else None)
                time.sleep(0.2)
        finally:
            child.kill()
        said = (child.stderr.read() if child.stderr else "").splitlines()
    if child.returncode:
        errors = [line.removeprefix("ERROR: ") for line in said if line.startswith("ERROR")]
        raise SourceFailed((errors or said or ["pip failed without a word"])[-1].rstrip("."))


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, env={**os.environ, **QUIET}, capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise SourceFailed(f"`{' '.join(command[:4])}` failed: {said}")


def _size(below: Path) -> int:
    return sum(path.stat().st_size for path in below.rglob("*") if path.is_file())
