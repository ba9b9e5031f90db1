"""Finds words that readers of a page do not see: documents hide instructions to assistants so."""

import ctypes
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from PIL import Image

from ingest.document.model import Box
from ingest.pdf.layout import pdfium_native
from ingest.pdf.layout.text_lines import Row, Word
from ingest.pdf.layout.vector_graphics import Colour, Drawings

_SMALLEST = 2.0  # points
_TINY = 1.4  # of a word's height: below it the size of its font is looked up
_ALIKE = 40  # of 255: colours that differ less are checked on the drawn page
_SEEN = 24  # of 255: between the darkest and the lightest point of a word that can be read
_MOST_PIXELS = 4e6
_PAPER: Colour = (255, 255, 255, 255)

OUTSIDE = "outside of the page"
INVISIBLE = "drawn invisibly"
TRANSPARENT = "transparent"
SMALL = "too small to read"
SAME_COLOUR = "same colour as its background"
COVERED = "covered"


class _Ink(NamedTuple):
    mode: int
    colour: Colour | None
    order: int
    plain: bool  # visible everywhere on this page


class Sight:
    """The visible text of one page."""

    def __init__(
        self,
        textpage: object,
        drawings: Drawings,
        size: tuple[float, float],
        picture: Callable[[float], Image.Image],
    ) -> None:
        """`picture` draws the page in grey at a scale; only similar colours need it."""
        self._textpage = textpage
        self._address = pdfium_native.address(textpage.raw)  # type: ignore[attr-defined]
        self._drawings = drawings
        self._size = size
        self._render = picture
        self._picture: tuple[float, Image.Image] | None = None
        self._inks: dict[int, _Ink] = {}
        self._numbers = (ctypes.c_uint * 4)()
        areas = [area.colour for area in drawings.areas]
        self._grounds = {_PAPER, *areas}
        self._opaque = [a for a in drawings.areas if a.colour is None or a.colour[3] == 255]
        self._orders = [area.order for area in self._opaque]  # rising
        self._last_area = self._orders[-1] if self._orders else 0
        self._suspects: dict[Colour | None, bool] = {}

    def split(self, row: Row) -> Iterator[Row]:
        """The row, cut where its words become hidden or visible."""
        reasons = [] if self._plain(row) else [self._reason(word) for word in row.words]
        if not any(reasons):
            yield row
            return
        for reason, pairs in groupby(zip(reasons, row.words, strict=True), key=itemgetter(0)):
            yield Row(tuple(word for _, word in pairs), hidden=reason)

    def _plain(self, row: Row) -> bool:
        """Whether nothing has to be checked closely, as in most rows."""
        x0, y0, x1, y1 = row.box
        inside = x0 >= 0 and y0 >= 0 and x1 <= self._size[0] and y1 <= self._size[1]
        return inside and all(
            word.box.y1 - word.box.y0 >= _TINY and self._ink(word).plain for word in row.words
        )

    def _reason(self, word: Word) -> str:
        x0, y0, x1, y1 = word.box
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        inside = 0 <= x <= self._size[0] and 0 <= y <= self._size[1]
        ink = self._ink(word)
        if inside and ink.plain and y1 - y0 >= _TINY:
            return ""
        if not any(map(str.isalnum, word.text)):
            return ""  # a box or a dash carries no message
        if not inside:
            return OUTSIDE
        if ink.mode in (pdfium_native.INVISIBLE, pdfium_native.CLIP):
            # Over a picture it is the text layer of a scan.
            return "" if any(_inside(x, y, box) for box in self._drawings.pictures) else INVISIBLE
        return SMALL if self._too_small(word) else self._lost(word, ink, x, y)

    def _ink(self, word: Word) -> _Ink:
        thing = pdfium_native.text_object(self._address, word.at)
        if thing not in self._inks:
            self._inks[thing] = self._look(thing) if thing else _Ink(0, None, 0, True)
        return self._inks[thing]

    def _look(self, thing: int) -> _Ink:
        place = ctypes.addressof(self._numbers)
        mode = pdfium_native.render_mode(thing)
        colour_of = (
            pdfium_native.stroke_colour
            if mode == pdfium_native.STROKE
            else pdfium_native.fill_colour
        )
        known = colour_of(thing, place, place + 4, place + 8, place + 12)
        colour: Colour | None = tuple(self._numbers) if known else None
        order = self._drawings.texts.get(thing, 0)
        plain = mode not in (pdfium_native.INVISIBLE, pdfium_native.CLIP) and not self._suspect(
            colour
        )
        return _Ink(mode, colour, order, plain and order >= self._last_area)

    def _suspect(self, colour: Colour | None) -> bool:
        """Whether letters of this colour may be invisible on something on this page."""
        if colour not in self._suspects:
            self._suspects[colour] = colour is not None and (
                colour[3] == 0 or any(_alike(colour, ground) for ground in self._grounds)
            )
        return self._suspects[colour]

    def _too_small(self, word: Word) -> bool:
        if min(word.box.y1 - word.box.y0, word.box.x1 - word.box.x0) >= _TINY:
            return False
        return 0 < pdfium_native.font(self._textpage, word.at)[0] < _SMALLEST

    def _lost(self, word: Word, ink: _Ink, x: float, y: float) -> str:
        """Whether its colour, or something drawn over it, hides the word."""
        later = self._opaque[bisect_right(self._orders, ink.order) :] if ink.order else []
        if any(_inside(x, y, area.box) for area in later) and not self._readable(word):
            return COVERED
        if not self._suspect(ink.colour):
            return ""
        before = self._opaque[: bisect_left(self._orders, ink.order)]
        below = (area.colour for area in reversed(before) if _inside(x, y, area.box))
        ground = next(below, _PAPER)
        if ink.colour and ink.colour[3] == 0:
            return "" if self._readable(word) else TRANSPARENT
        if ink.colour and _alike(ink.colour, ground) and not self._readable(word):
            return SAME_COLOUR
        return ""

    def _readable(self, word: Word) -> bool:
        """Whether anything is visible at the word's place."""
        if self._picture is None:
            area = max(self._size[0] * self._size[1], 1)
            scale = min(2.0, (_MOST_PIXELS / area) ** 0.5)
            self._picture = scale, self._render(scale)
        scale, picture = self._picture
        x0, y0, x1, y1 = (round(edge * scale) for edge in word.box)
        spot = picture.crop((x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)))
        shades = [shade for shade, number in enumerate(spot.histogram()) if number]
        return shades[-1] - shades[0] >= _SEEN


def _inside(x: float, y: float, box: Box) -> bool:
    return box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1


def _alike(one: Colour, other: Colour | None) -> bool:
    return other is None or all(abs(a - b) < _ALIKE for a, b in zip(one[:3], other, strict=False))
