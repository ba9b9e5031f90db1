"""Draws a page with its cited lines marked as with a yellow pen."""

import io
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw

YELLOW = (255, 226, 92)
_MARGIN = 1.5  # points around the letters

Rectangle = tuple[float, ...]  # x0, y0, x1, y1 in points from the top left


def highlighted(page: Image.Image, boxes: Sequence[Rectangle], points: float) -> Image.Image:
    """`points` is the width of the page. What is printed stays readable: the pen multiplies."""
    scale = page.width / points
    pen = Image.new("RGB", page.size, "white")
    draw = ImageDraw.Draw(pen)
    for x0, y0, x1, y1 in boxes:
        around = (x0 - _MARGIN, y0 - _MARGIN, x1 + _MARGIN, y1 + _MARGIN)
        draw.rounded_rectangle([side * scale for side in around], 2 * scale, fill=YELLOW)
    return ImageChops.multiply(page, pen)


def png(image: Image.Image) -> bytes:
    """Fast rather than small: it goes to a browser on this machine."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
