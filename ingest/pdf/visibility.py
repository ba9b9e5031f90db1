"""Finds words that readers of a page do not see: documents hide instructions to assistants so."""

import ctypes
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, repeat
from operator import itemgetter
from typing import Any, NamedTuple

from PIL import Image

from ingest.document.model import Box
from ingest.pdf import native
from ingest.pdf.text_lines import Row, Screen, Word

# -- The drawings of a page: pictures, filled areas, and the rules of tables

Colour = tuple[int, int, int, int]  # red, green, blue and opacity, 0 to 255
THIN = 2.5  # points: thinner ones are rules, not areas
_DEEPEST = 3  # forms inside of forms
_MOST_PATHS = 5000  # more is a map or a plot: its lines are no table
_MOST_SEGMENTS = 400  # of one path
_WHOLE = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_Matrix = tuple[float, float, float, float, float, float]


class Area(NamedTuple):
    """Filled with one colour; drawn over what has a smaller `order`."""

    box: Box
    colour: Colour | None  # None: a pattern
    order: int


class Drawings:
    """What is drawn on a page beside its text."""

    def __init__(self, page: int, view: Screen) -> None:
        """Of the page at an address."""
        self.pictures: list[Box] = []
        self.areas: list[Area] = []
        self.rules: list[Box] = []  # lines that run along or down the page
        self.texts: dict[int, int] = {}  # address of a text object: its order
        self._paths = self._order = 0
        self._view = view
        self._floats = (ctypes.c_float * 6)()
        self._numbers = (ctypes.c_uint * 4)()
        number = native.count_objects(page)
        self._look(list(map(native.object_at, repeat(page), range(number))), _WHOLE, 0)
        if self._paths > _MOST_PATHS:
            self.rules.clear()

    def ground(self, box: Box) -> Colour | None:
        """The colour of the last area drawn below the middle of a box."""
        x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
        below = [a for a in self.areas if a.box.x0 <= x <= a.box.x1 and a.box.y0 <= y <= a.box.y1]
        return below[-1].colour if below else None

    def _look(self, things: Sequence[int], place: _Matrix, depth: int) -> None:
        """Objects in the order in which they are drawn; most are text, on some pages 20,000."""
        texts, text = self.texts, native.TEXT
        for thing, kind in zip(things, map(native.type_of, things), strict=True):
            self._order += 1
            if kind == text:
                texts[thing] = self._order
            else:
                self._see(thing, kind, place, depth)

    def _see(self, thing: int, kind: int, place: _Matrix, depth: int) -> None:
        if kind == native.PATH:
            self._path(thing, place)
        elif kind == native.IMAGE:
            self.pictures.append(self._box(thing, place))
        elif kind == native.FORM and depth < _DEEPEST:
            inside = _product(self._matrix(thing), place)
            number = native.count_inside(thing)
            parts = list(map(native.object_inside, repeat(thing), range(number)))
            self._look(parts, inside, depth + 1)

    def _path(self, path: int, place: _Matrix) -> None:
        self._paths += 1
        if self._paths > _MOST_PATHS:
            return
        box = self._box(path, place)
        modes = ctypes.addressof(self._numbers)
        native.draw_mode(path, modes, modes + 4)
        filled, stroked = self._numbers[0] != 0, self._numbers[1] != 0
        if min(box.x1 - box.x0, box.y1 - box.y0) <= THIN:
            if filled or stroked:
                self.rules.append(box)
            return
        if filled:
            self.areas.append(Area(box, self._colour(path), self._order))
        if 3 < native.count_segments(path) <= _MOST_SEGMENTS and (filled or stroked):
            self.rules += self._rules(path, place, stroked)

    def _colour(self, thing: int) -> Colour | None:
        place = ctypes.addressof(self._numbers)
        known = native.fill_colour(thing, place, place + 4, place + 8, place + 12)
        return tuple(self._numbers) if known else None

    def _box(self, thing: int, place: _Matrix) -> Box:
        at = ctypes.addressof(self._floats)
        native.bounds(thing, at, at + 4, at + 8, at + 12)
        left, bottom, right, top = self._floats[:4]
        if place is not _WHOLE:
            corners = [_moved(place, x, y) for x in (left, right) for y in (bottom, top)]
            (left, *_, right), (bottom, *_, top) = map(sorted, zip(*corners, strict=True))
        return self._view.box(left, bottom, right, top)

    def _matrix(self, thing: int) -> _Matrix:
        native.matrix(thing, ctypes.addressof(self._floats))
        return tuple(self._floats)

    def _points(self, path: int, place: _Matrix) -> Iterator[tuple[bool, float, float]]:
        """Whether a stroke begins here, and where; curves count as straight."""
        inside = _product(self._matrix(path), place)
        at = ctypes.addressof(self._floats)
        for index in range(native.count_segments(path)):
            segment = native.segment_at(path, index)
            native.segment_point(segment, at, at + 4)
            begins = native.segment_type(segment) == native.MOVE_TO
            yield begins, *_moved(inside, self._floats[0], self._floats[1])

    def _rules(self, path: int, place: _Matrix, stroked: bool) -> Iterator[Box]:
        """The sides of stroked rectangles, and thin rectangles that are filled."""
        strokes: list[list[tuple[float, float]]] = []
        for begins, x, y in self._points(path, place):
            if begins or not strokes:
                strokes.append([])
            strokes[-1].append((x, y))
        for stroke in strokes:
            pieces = zip(stroke, [*stroke[1:], stroke[0]], strict=True) if stroked else [stroke]
            for piece in pieces:
                xs, ys = zip(*piece, strict=True)
                if min(max(xs) - min(xs), max(ys) - min(ys)) <= THIN:
                    yield self._view.box(min(xs), min(ys), max(xs), max(ys))


def _moved(m: _Matrix, x: float, y: float) -> tuple[float, float]:
    return m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]


def _product(m: _Matrix, n: _Matrix) -> _Matrix:
    a, b = m[0] * n[0] + m[1] * n[2], m[0] * n[1] + m[1] * n[3]
    c, d = m[2] * n[0] + m[3] * n[2], m[2] * n[1] + m[3] * n[3]
    return (a, b, c, d, *_moved(n, m[4], m[5]))


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
        self, textpage: Any, drawings: Drawings, size: tuple[float, float],
        picture: Callable[[float], Image.Image],
    ) -> None:  # fmt: skip
        """`picture` draws the page in grey at a scale; only similar colours need it."""
        self._textpage = textpage
        self._address = native.address(textpage.raw)
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
        reasons = [self._reason(word) for word in row.words]
        if not any(reasons):
            yield row
            return
        for reason, pairs in groupby(zip(reasons, row.words, strict=True), key=itemgetter(0)):
            yield Row(tuple(word for _, word in pairs), hidden=reason)

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
        if ink.mode in (native.INVISIBLE, native.CLIP):
            # Over a picture it is the text layer of a scan.
            return "" if any(_inside(x, y, box) for box in self._drawings.pictures) else INVISIBLE
        if (
            min(y1 - y0, x1 - x0) < _TINY
            and 0 < native.font(self._textpage, word.at)[0] < _SMALLEST
        ):
            return SMALL
        return self._lost(word, ink, x, y)

    def _ink(self, word: Word) -> _Ink:
        thing = native.text_object(self._address, word.at)
        if thing not in self._inks:
            self._inks[thing] = self._look(thing) if thing else _Ink(0, None, 0, True)
        return self._inks[thing]

    def _look(self, thing: int) -> _Ink:
        place = ctypes.addressof(self._numbers)
        mode = native.render_mode(thing)
        colour_of = native.stroke_colour if mode == native.STROKE else native.fill_colour
        known = colour_of(thing, place, place + 4, place + 8, place + 12)
        colour: Colour | None = tuple(self._numbers) if known else None
        order = self._drawings.texts.get(thing, 0)
        plain = mode not in (native.INVISIBLE, native.CLIP) and not self._suspect(colour)
        return _Ink(mode, colour, order, plain and order >= self._last_area)

    def _suspect(self, colour: Colour | None) -> bool:
        """Whether letters of this colour may be invisible on something on this page."""
        if colour not in self._suspects:
            self._suspects[colour] = colour is not None and (
                colour[3] == 0 or any(_alike(colour, ground) for ground in self._grounds)
            )
        return self._suspects[colour]

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
