"""The drawings of a page: pictures, filled areas, and the rules of tables."""

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import NamedTuple

from ingest.document.model import Box
from ingest.pdf.layout import pdfium_native
from ingest.pdf.layout.coordinates import Screen

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


@dataclass
class Drawings:
    """What is drawn on a page beside its text."""

    pictures: list[Box] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)
    rules: list[Box] = field(default_factory=list)  # lines that run along or down the page
    texts: dict[int, int] = field(default_factory=dict)  # address of a text object: its order
    paths: int = 0

    def ground(self, box: Box) -> Colour | None:
        """The colour of the last area drawn below the middle of a box."""
        x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
        below = [a for a in self.areas if a.box.x0 <= x <= a.box.x1 and a.box.y0 <= y <= a.box.y1]
        return below[-1].colour if below else None


def drawings(page: int, view: Screen) -> Drawings:
    """Of the page at an address."""
    found = Drawings()
    scan = _Scan(found, view)
    number = pdfium_native.count_objects(page)
    scan.see(list(map(pdfium_native.object_at, repeat(page), range(number))), _WHOLE, 0)
    if found.paths > _MOST_PATHS:
        found.rules.clear()
    return found


class _Scan:
    def __init__(self, found: Drawings, view: Screen) -> None:
        self._found = found
        self._view = view
        self._order = 0
        self._floats = (ctypes.c_float * 6)()
        self._numbers = (ctypes.c_uint * 4)()

    def see(self, things: Sequence[int], place: _Matrix, depth: int) -> None:
        """Objects in the order in which they are drawn; most are text, on some pages 20,000."""
        texts, text = self._found.texts, pdfium_native.TEXT
        for thing, kind in zip(things, map(pdfium_native.type_of, things), strict=True):
            self._order += 1
            if kind == text:
                texts[thing] = self._order
            else:
                self._see(thing, kind, place, depth)

    def _see(self, thing: int, kind: int, place: _Matrix, depth: int) -> None:
        if kind == pdfium_native.PATH:
            self._path(thing, place)
        elif kind == pdfium_native.IMAGE:
            self._found.pictures.append(self._box(thing, place))
        elif kind == pdfium_native.FORM and depth < _DEEPEST:
            inside = _product(self._matrix(thing), place)
            number = pdfium_native.count_inside(thing)
            parts = list(map(pdfium_native.object_inside, repeat(thing), range(number)))
            self.see(parts, inside, depth + 1)

    def _path(self, path: int, place: _Matrix) -> None:
        self._found.paths += 1
        if self._found.paths > _MOST_PATHS:
            return
        box = self._box(path, place)
        filled, stroked = self._mode(path)
        if min(box.x1 - box.x0, box.y1 - box.y0) <= THIN:
            if filled or stroked:
                self._found.rules.append(box)
            return
        if filled:
            self._found.areas.append(Area(box, self.colour(path), self._order))
        if 3 < pdfium_native.count_segments(path) <= _MOST_SEGMENTS and (filled or stroked):
            self._found.rules += self._rules(path, place, stroked)

    def _mode(self, path: int) -> tuple[bool, bool]:
        place = ctypes.addressof(self._numbers)
        pdfium_native.draw_mode(path, place, place + 4)
        return self._numbers[0] != 0, self._numbers[1] != 0

    def colour(self, thing: int) -> Colour | None:
        place = ctypes.addressof(self._numbers)
        known = pdfium_native.fill_colour(thing, place, place + 4, place + 8, place + 12)
        return tuple(self._numbers) if known else None

    def _box(self, thing: int, place: _Matrix) -> Box:
        at = ctypes.addressof(self._floats)
        pdfium_native.bounds(thing, at, at + 4, at + 8, at + 12)
        left, bottom, right, top = self._floats[:4]
        if place is not _WHOLE:
            corners = [_moved(place, x, y) for x in (left, right) for y in (bottom, top)]
            (left, *_, right), (bottom, *_, top) = map(sorted, zip(*corners, strict=True))
        return self._view.box(left, bottom, right, top)

    def _matrix(self, thing: int) -> _Matrix:
        pdfium_native.matrix(thing, ctypes.addressof(self._floats))
        return tuple(self._floats)

    def _points(self, path: int, place: _Matrix) -> Iterator[tuple[bool, float, float]]:
        """Whether a stroke begins here, and where; curves count as straight."""
        inside = _product(self._matrix(path), place)
        at = ctypes.addressof(self._floats)
        for index in range(pdfium_native.count_segments(path)):
            segment = pdfium_native.segment_at(path, index)
            pdfium_native.segment_point(segment, at, at + 4)
            begins = pdfium_native.segment_type(segment) == pdfium_native.MOVE_TO
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
