"""Draws a page with some of its lines marked as with a pen: the cited ones in yellow."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw

YELLOW = (255, 226, 92)
BLUE = (176, 214, 255)
_MARGIN = 1.5  # points around the letters

Rectangle = tuple[float, ...]  # x0, y0, x1, y1 in points from the top left


Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Marked:
    """Finishes a drawn page (see `ingest.sandbox.drawing`): marks it, and cuts it to size."""

    points: float  # the width of the page
    cited: tuple[Rectangle, ...] = ()
    changed: tuple[Rectangle, ...] = ()
    between: tuple[float, float] | None = None  # points from the top; None: the whole page

    def __call__(self, page: Image.Image) -> bytes:
        """A PNG."""
        for boxes, colour in ((self.changed, BLUE), (self.cited, YELLOW)):
            if boxes and self.points:
                page = highlighted(page, boxes, self.points, colour)
        if self.between:
            top, bottom = (int(side * page.width / self.points) for side in self.between)
            page = page.crop((0, top, page.width, bottom))
        return png(page)


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
