"""Orders fragments for reading: columns one after the other, the cells of a row together."""

from collections.abc import Iterator
from itertools import accumulate
from statistics import median
from typing import NamedTuple

from ingest.document.model import Box, count
from ingest.images.ocr.fragments import Fragment

_SLOPE = 0.004  # a scan that leans less is straight
_PROSE = 15  # letters: columns of shorter pieces are columns of a table, which is read by rows
_FILLED = 0.5  # of a column's width, by half of its lines; cells of a table are ragged
_CROSSING = 0.12  # of the letters may cross the gap between columns: a heading, a caption
_MARGIN = 0.12  # of the letters, at most, is a header or a footer
_BLANK = 1.2  # heights of a line, between a header and the text
_WIDE = 0.6  # of the width: what crosses so much parts the columns above from those below
_SHARED = 0.5  # of the lower one's height is shared by fragments of one row


class _Placed(NamedTuple):
    """A fragment, and its box on the straightened page."""

    fragment: Fragment
    box: Box

    @property
    def letters(self) -> int:
        return count(self.fragment.text)


_Block = list[_Placed]


def in_reading_order(fragments: list[Fragment]) -> list[list[Fragment]]:
    """Rows of fragments; a row looks like one line."""
    placed = _straightened(fragments)
    return [[one.fragment for one in row] for block in _blocks(placed) for row in _rows(block)]


def _straightened(fragments: list[Fragment]) -> _Block:
    slopes = [one.slope for one in fragments if one.width > 5 * one.height]
    slope = median(slopes) if slopes else 0.0
    if abs(slope) < _SLOPE:
        return [_Placed(one, one.box) for one in fragments]
    return [_Placed(one, _straight(one, slope)) for one in fragments]


def _straight(fragment: Fragment, slope: float) -> Box:
    box = fragment.box
    down = slope * (box.x0 + box.x1) / 2
    lean = min(abs(slope) * fragment.width, 0.6 * fragment.height) / 2
    return Box(box.x0, box.y0 - down + lean, box.x1, box.y1 - down - lean)


def _blocks(block: _Block) -> Iterator[_Block]:
    header, body, footer = _margins(block)
    columns = _columns(body)
    if columns is None:
        yield block
        return
    if header:
        yield header
    yield from _bands(*columns)
    if footer:
        yield footer


def _margins(block: _Block) -> tuple[_Block, _Block, _Block]:
    """Headers and footers: text beyond a blank strip across the page."""
    slabs = _slabs(block)
    first = _few(slabs)
    last = len(slabs) - _few(slabs[:first:-1]) if first + 1 < len(slabs) else len(slabs)
    parts = slabs[:first], slabs[first:last], slabs[last:]
    header, body, footer = ([one for slab in part for one in slab] for part in parts)
    return header, body, footer


def _few(slabs: list[_Block]) -> int:
    """How many of the first slabs together hold little text; never all of them."""
    letters = [sum(one.letters for one in slab) for slab in slabs]
    upto = list(accumulate(letters))[:-1]
    return sum(sofar <= _MARGIN * sum(letters) for sofar in upto)


def _slabs(block: _Block) -> list[_Block]:
    blank = _BLANK * median(one.box.y1 - one.box.y0 for one in block) if block else 0.0
    slabs: list[_Block] = []
    bottom = 0.0
    for one in sorted(block, key=lambda one: one.box.y0):
        if not slabs or one.box.y0 - bottom > blank:
            slabs.append([])
        slabs[-1].append(one)
        bottom = max(bottom, one.box.y1)
    return slabs


def _columns(block: _Block) -> tuple[_Block, _Block, _Block] | None:
    """Fragments left of the widest gap down the page, right of it, and across it."""
    letters = sum(one.letters for one in block)
    best: tuple[int, tuple[_Block, _Block, _Block]] | None = None
    for edge in sorted({one.box.x0 for one in block})[1:]:
        left = [one for one in block if one.box.x1 <= edge]
        right = [one for one in block if one.box.x0 >= edge]
        across = [one for one in block if one.box.x0 < edge < one.box.x1]
        crossing = sum(one.letters for one in across)
        if crossing > _CROSSING * letters or (best and crossing >= best[0]):
            continue
        if _prose(left) and _prose(right) and _beside(left, right):
            best = crossing, (left, right, across)
    return best[1] if best else None


def _prose(column: _Block) -> bool:
    if len(column) < 4 or median(one.letters for one in column) < _PROSE:
        return False
    width = max(one.box.x1 for one in column) - min(one.box.x0 for one in column)
    return median(one.box.x1 - one.box.x0 for one in column) >= _FILLED * width


def _beside(left: _Block, right: _Block) -> bool:
    top = max(min(one.box.y0 for one in side) for side in (left, right))
    bottom = min(max(one.box.y1 for one in side) for side in (left, right))
    shorter = min(
        max(one.box.y1 for one in side) - min(one.box.y0 for one in side) for side in (left, right)
    )
    return bottom - top > 0.3 * shorter


def _bands(left: _Block, right: _Block, across: _Block) -> Iterator[_Block]:
    """Columns between headings that cross them; other things that cross come after them."""
    everything = left + right + across
    width = max(one.box.x1 for one in everything) - min(one.box.x0 for one in everything)
    top = min(one.box.y0 for one in left + right)
    above = [one for one in across if one.box.y1 <= top + one.fragment.height / 2]
    walls = [one for one in across if one.box.x1 - one.box.x0 >= _WIDE * width or one in above]
    floats = [one for one in across if one not in walls]
    for wall in [*sorted(_rows(walls), key=lambda row: row[0].box.y0), None]:
        edge = wall[0].box.y0 if wall else float("inf")
        for side in (left, right):
            part = [one for one in side if one.box.y0 < edge]
            if part:
                yield from _blocks(part)
        here = [one for one in floats if one.box.y0 < edge]
        left, right, floats = (
            [one for one in side if one.box.y0 >= edge] for side in (left, right, floats)
        )
        if here:
            yield here
        if wall:
            yield wall


def _rows(block: _Block) -> list[_Block]:
    rows: list[_Block] = []
    for one in sorted(block, key=lambda one: one.box.y0 + one.box.y1):
        if rows and _same_row(rows[-1], one):
            rows[-1].append(one)
        else:
            rows.append([one])
    return [sorted(row, key=lambda one: one.box.x0) for row in rows]


def _same_row(row: _Block, one: _Placed) -> bool:
    top, bottom = (median(side) for side in zip(*((o.box.y0, o.box.y1) for o in row), strict=True))
    shared = min(bottom, one.box.y1) - max(top, one.box.y0)
    lower = min(bottom - top, one.box.y1 - one.box.y0)
    return bool(shared > _SHARED * lower)
