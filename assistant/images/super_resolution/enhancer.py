"""Enlarges or repairs a picture tile by tile, with progress, within memory."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.contract.activity import Progress
from assistant.images.super_resolution import CannotEnhance, Enlarger, Enlarging
from assistant.images.super_resolution.consistency import faithful
from assistant.images.super_resolution.tiles import Tile, tiles
from ingest.errors import Stopped
from ingest.platform.hardware import free_memory

if TYPE_CHECKING:
    from PIL.Image import Image

SCALES = (1, 2, 4)
MOST_PIXELS = 6_000_000  # of a picture: four times as wide and high it is one of 100 million
_PROGRAM = 2.6e9  # bytes that the network takes for a tile, 2.5 measured
_PER_PIXEL = 3 * 4 * 16 * 4  # bytes for each: RGB as floats, sixteen times, in four copies at most
Tell = Callable[[Progress], None]


def enhance(
    picture: "Image", scale: int, enlarger: Enlarger, cancel: threading.Event, tell: Tell
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


def _enlarged(picture: "Image", network: Enlarging, cancel: threading.Event, tell: Tell) -> "Image":
    from PIL import Image

    times, parts = network.times, tiles(*picture.size)
    large = Image.new("RGB", (picture.width * times, picture.height * times))
    begun = time.monotonic()
    tell(Progress(0, len(parts)))
    for done, tile in enumerate(parts, start=1):
        if cancel.is_set():
            raise Stopped("Stopped while a picture was enhanced.")
        _paste(large, network.enlarge(picture.crop(tile.outer)), tile, times)
        each = (time.monotonic() - begun) / done
        tell(Progress(done, len(parts), each * (len(parts) - done)))
    return large


def _paste(large: "Image", enlarged: "Image", tile: Tile, times: int) -> None:
    """Without what was around the tile."""
    left, top, right, bottom = tile.inner
    x, y = (left - tile.outer[0]) * times, (top - tile.outer[1]) * times
    part = enlarged.crop((x, y, x + (right - left) * times, y + (bottom - top) * times))
    large.paste(part, (left * times, top * times))


def _sized(large: "Image", picture: "Image", scale: int) -> "Image":
    from PIL import Image

    size = picture.width * scale, picture.height * scale
    result = large if large.size == size else large.resize(size, Image.Resampling.LANCZOS)
    return result if scale == 1 else faithful(result, picture)
