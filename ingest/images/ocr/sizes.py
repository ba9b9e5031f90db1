"""Bounds of a picture's size for recognition. Time grows with its pixels."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PIXELS = 3_200_000
LONGEST = 8_000  # pixels of a side


def bounded(picture: "Image") -> tuple["Image", float]:
    """The picture scaled within the bounds, in RGB, and the factor."""
    rgb = picture if picture.mode == "RGB" else picture.convert("RGB")
    factor = fitting(rgb.width, rgb.height)
    if factor == 1:
        return rgb, 1.0
    from PIL.Image import Resampling

    size = max(1, round(rgb.width * factor)), max(1, round(rgb.height * factor))
    return rgb.resize(size, Resampling.LANCZOS, reducing_gap=3), size[0] / rgb.width


def fitting(width: float, height: float) -> float:
    """The factor, at most 1, that brings a size within the bounds."""
    by_area = (MOST_PIXELS / max(width * height, 1)) ** 0.5
    return float(min(1, by_area, LONGEST / max(width, height, 1)))
