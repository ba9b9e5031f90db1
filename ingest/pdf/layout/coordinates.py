"""Converts page coordinates, which grow upwards, into points from the top left as shown."""

from typing import Any, NamedTuple

import numpy as np

from ingest.document.model import Box
from ingest.pdf.layout import pdfium_native
from ingest.pdf.layout.glyphs import Floats

_FINE = 100  # device units in a point: PageToDevice rounds to integers
_FAR = 1000.0


class Screen(NamedTuple):
    """An affine map. PDFium makes it: it knows the crop box and the rotation."""

    width: float
    height: float
    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def box(self, left: float, bottom: float, right: float, top: float) -> Box:
        x0, y0 = self.a * left + self.c * bottom + self.e, self.b * left + self.d * bottom + self.f
        x1, y1 = self.a * right + self.c * top + self.e, self.b * right + self.d * top + self.f
        if x0 > x1:
            x0, x1 = x1, x0
        if y0 > y1:
            y0, y1 = y1, y0
        # To hundredths: round() takes twice as long, and this is done for every drawn path.
        return Box(
            int(x0 * 100 + 0.5) / 100,
            int(y0 * 100 + 0.5) / 100,
            int(x1 * 100 + 0.5) / 100,
            int(y1 * 100 + 0.5) / 100,
        )

    def boxes(self, left: Floats, bottom: Floats, right: Floats, top: Floats) -> list[Box]:
        """The same for many."""
        x0, y0 = self.a * left + self.c * bottom + self.e, self.b * left + self.d * bottom + self.f
        x1, y1 = self.a * right + self.c * top + self.e, self.b * right + self.d * top + self.f
        sides = np.minimum(x0, x1), np.minimum(y0, y1), np.maximum(x0, x1), np.maximum(y0, y1)
        hundredths = (np.trunc(side * 100 + 0.5) / 100 + 0.0 for side in sides)  # + 0.0: no -0.0
        return list(map(Box, *(side.tolist() for side in hundredths)))


def screen(page: Any) -> Screen:
    """How the coordinates of a page, which may be turned, become points from its top left."""
    width, height = page.get_size()
    size = round(width * _FINE), round(height * _FINE)
    e, f = _device(page, size, 0, 0)
    ax, ay = _device(page, size, _FAR, 0)
    cx, cy = _device(page, size, 0, _FAR)
    return Screen(
        width, height,
        (ax - e) / _FAR, (ay - f) / _FAR, (cx - e) / _FAR, (cy - f) / _FAR, e, f,
    )  # fmt: skip


def _device(page: Any, size: tuple[int, int], x: float, y: float) -> tuple[float, float]:
    across, down = pdfium_native.to_device(page, size, x, y)
    return across / _FINE, down / _FINE
