"""Draws a page with some of its lines marked as with a pen: the cited ones in yellow."""

import io
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw

YELLOW = (255, 226, 92)
BLUE = (176, 214, 255)
_MARGIN = 1.5  # points around the letters

Rectangle = tuple[float, ...]  # x0, y0, x1, y1 in points from the top left


Colour = tuple[int, int, int]


def highlighted(
    page: Image.Image, boxes: Sequence[Rectangle], points: float, colour: Colour = YELLOW
) -> Image.Image:
    """`points` is the width of the page. What is printed stays readable: the pen multiplies."""
    scale = page.width / points
    pen = Image.new("RGB", page.size, "white")
    draw = ImageDraw.Draw(pen)
    for x0, y0, x1, y1 in boxes:
        around = (x0 - _MARGIN, y0 - _MARGIN, x1 + _MARGIN, y1 + _MARGIN)
        draw.rounded_rectangle([side * scale for side in around], 2 * scale, fill=colour)
    return ImageChops.multiply(page, pen)


def png(image: Image.Image) -> bytes:
    """Fast rather than small: it goes to a browser on this machine."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
