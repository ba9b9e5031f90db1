"""Turns pieces of recognised text into the lines of a page."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import NamedTuple

from ingest.document.model import Box, Line, count, union

SURE = 0.999  # recognition never claims certainty: a line of confidence 1 is text from the file
_LARGE = 1.35  # times the usual height: boxes of one font size differ by a fifth
_CLEAR = 0.9  # of confidence: a signature is large and no heading
_LETTERS = 0.72  # of a box's height is the size of its letters (rendered pages, 8 to 24 points)


class Fragment(NamedTuple):
    """A piece of recognised text, with its place in pixels."""

    text: str
    box: Box
    confidence: float
    slope: float = 0.0  # of its top edge, downwards to the right

    @property
    def height(self) -> float:
        return self.box.y1 - self.box.y0

    @property
    def width(self) -> float:
        return self.box.x1 - self.box.x0

    @property
    def middle(self) -> float:
        return (self.box.y0 + self.box.y1) / 2

    @property
    def sideways(self) -> bool:
        return self.height > 1.5 * self.width


def confidence(fragments: Sequence[Fragment]) -> float:
    """The mean over letters."""
    letters = sum(count(fragment.text) for fragment in fragments)
    total = sum(fragment.confidence * count(fragment.text) for fragment in fragments)
    return total / letters if letters else 0.0


def turned(box: Box, width: float, height: float, quarters: int) -> Box:
    """A box in a picture of this size after quarter turns counterclockwise."""
    for _ in range(quarters % 4):
        box = Box(box.y0, width - box.x1, box.y1, width - box.x0)
        width, height = height, width
    return box


def turned_back(line: Line, width: float, height: float, quarters: int) -> Line:
    """A line of a page of this size, moved back before its quarter turns counterclockwise."""
    if not quarters:
        return line
    return replace(line, box=turned(line.box, width, height, 4 - quarters))


def as_lines(rows: Sequence[Sequence[Fragment]], scale: float) -> list[Line]:
    """A line for each row, boxes and sizes in points."""
    if not rows:
        return []
    usual = median(fragment.height for row in rows for fragment in row)
    return [_line(row, usual, scale) for row in rows]


def _line(row: Sequence[Fragment], usual: float, scale: float) -> Line:
    box = union([fragment.box for fragment in row])
    height = median(fragment.height for fragment in row)
    # One size for the whole body; otherwise each taller letter would make a heading.
    sure = confidence(row)
    if height <= _LARGE * usual or sure < _CLEAR:
        height = usual
    size = round(_LETTERS * height / scale, 1)
    return Line(
        " ".join(fragment.text for fragment in row),
        Box(*(side / scale for side in box)),
        size,
        confidence=min(round(sure, 3), SURE),
    )
