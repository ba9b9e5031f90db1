"""Separates columns of running text that a file draws line by line across the page."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from ingest.pdf.layout.text_lines import Row

_FEWEST = 6  # rows with white at the same place
_WHITE = 10.0  # points between two columns, on one row
_NARROW = 6.0  # points of gap between two columns in all rows
_WORDS = 3  # on each side, at least; half of the rows have more
_LETTERS = 0.6  # of the characters on each side: numbers are a table

_Gap = tuple[float, float]


def columns(rows: Sequence[Row]) -> Iterator[Row]:
    """The rows; those across two columns are cut, and the left column comes first."""
    at = 0
    while at < len(rows):
        gap, stop = _run(rows, at)
        halves = [_halves(row, gap) for row in rows[at:stop]]
        if gap and _prose(halves):
            yield from (left for left, _ in halves if left)
            yield from (right for _, right in halves if right)
            at = stop
        else:
            yield rows[at]
            at += 1


def _run(rows: Sequence[Row], first: int) -> tuple[_Gap | None, int]:
    """The gap between columns that continues from this row, and its end."""
    gap = next(iter(_gaps(rows[first])), None)
    stop = first + 1
    while gap and stop < len(rows) and (narrower := _common(gap, rows[stop])):
        gap, stop = narrower, stop + 1
    return gap, stop


def _gaps(row: Row) -> list[_Gap]:
    """Wide gaps with some words on both sides, the widest first."""
    if row.hidden or len(row.words) < 2 * _WORDS:
        return []
    found = [
        (before.box.x1, after.box.x0)
        for at, (before, after) in enumerate(pairwise(row.words), start=1)
        if _WORDS <= at <= len(row.words) - _WORDS and after.box.x0 - before.box.x1 >= _WHITE
    ]
    return sorted(found, key=lambda gap: gap[0] - gap[1])


def _common(gap: _Gap, row: Row) -> _Gap | None:
    """The part of the gap that the row leaves free, too."""
    if row.hidden:
        return None
    if row.box.x1 <= gap[1] - _NARROW:
        return max(gap[0], row.box.x1), gap[1]
    if row.box.x0 >= gap[0] + _NARROW:
        return gap[0], min(gap[1], row.box.x0)
    for start, end in _gaps(row):
        shared = max(gap[0], start), min(gap[1], end)
        if shared[1] - shared[0] >= _NARROW:
            return shared
    return None


def _halves(row: Row, gap: _Gap | None) -> tuple[Row | None, Row | None]:
    middle = (gap[0] + gap[1]) / 2 if gap else 0
    left = tuple(word for word in row.words if word.box.x0 < middle)
    right = tuple(word for word in row.words if word.box.x0 >= middle)
    return (
        replace(row, words=left) if left else None,
        replace(row, words=right) if right else None,
    )


def _prose(halves: Sequence[tuple[Row | None, Row | None]]) -> bool:
    both = [(left, right) for left, right in halves if left and right]
    if len(both) < _FEWEST:
        return False
    for side in zip(*both, strict=True):
        text = "".join(word.text for row in side for word in row.words)
        if median(len(row.words) for row in side) <= _WORDS:
            return False
        if sum(map(str.isalpha, text)) < _LETTERS * len(text):
            return False
    return True
