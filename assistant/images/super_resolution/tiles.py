"""Cuts a picture into overlapping tiles: a network's output depends on the surroundings."""

from collections.abc import Iterator
from dataclasses import dataclass

SIDE = 96  # pixels; with the overlap 112, for which Real-ESRGAN takes about 2.5 GB
AROUND = 8  # pixels beside a tile that are enlarged with it and thrown away


@dataclass(frozen=True)
class Tile:
    """Edges in pixels: of the tile, and of what is looked at."""

    inner: tuple[int, int, int, int]  # left, top, right, bottom
    outer: tuple[int, int, int, int]


def tiles(width: int, height: int, side: int = SIDE, around: int = AROUND) -> list[Tile]:
    """In reading order; each pixel is within one of them."""
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
