"""Tables without a grid: rows whose numbers stand in columns, below heads.

A wrong table is worse than none: doubtful cases stay text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from ingest.document.model import union
from ingest.pdf.layout.columns import Columns, cells, merged, running, touched
from ingest.pdf.layout.segments import Band, height, levels
from ingest.pdf.tables import header_rows
from ingest.pdf.tables.header_rows import valued

FEWEST = 3  # rows with numbers
_FILLED = 0.5  # of the cells
_NUMERIC = 0.6  # of what is in a column of numbers
_LABEL = 16  # words: more in half of the labels is running text
_LEADERS = "....."
_PAGE = re.compile(r"\d{1,3}")
_SMALL = re.compile(r"[a-zà-öø-ÿ]+(?:[\s,.]|$)")  # not "b) Income"
_OPEN = re.compile(r".*(?:,|&|\b(?:and|or|of|the|to|in|for|with|by|from|on|an?))", re.IGNORECASE)


@dataclass(frozen=True)
class BorderlessTable:
    """A table found among the bands of a page."""

    first: int  # index of its first band
    last: int
    bands: tuple[Band, ...]  # the same, those of the heads from top to bottom
    rows: tuple[tuple[str, ...], ...]
    places: tuple[tuple[int, ...], ...]  # of each cell: the band, counted from 0
    header: int


def tables(bands: Sequence[Band]) -> Iterator[BorderlessTable]:
    """From top to bottom; a band is in one table at most."""
    at = floor = 0
    while at < len(bands):
        last = _end(bands, at) if bands[at].numbers else at - 1
        if last > at and (found := _table(bands, at, last, floor)):
            yield found
            at = floor = found.last + 1
        else:
            at = max(last, at) + 1


def _end(bands: Sequence[Band], first: int) -> int:
    """The last band with numbers that continues this table."""
    last = first
    for at in range(first + 1, len(bands)):
        above, band = bands[at - 1].box, bands[at].box
        if not -0.3 * height(above) <= band.y0 - above.y1 <= header_rows.GAP * height(band):
            break
        if bands[at].numbers:
            if header_rows.again(bands[at]) and not all(
                map(header_rows.again, bands[first : last + 1])
            ):
                break
            last = at
        elif at - last > FEWEST or not _label(bands[at], _numbers_from(bands[first : last + 1])):
            break
    return last


def _numbers_from(bands: Sequence[Band]) -> float:
    """The left edge of the first column of numbers."""
    return min(
        segment.box.x0 for band in bands for segment in band.segments[1:] if segment.number
        or segment.nothing
    )  # fmt: skip


def _label(band: Band, edge: float) -> bool:
    """Whether a row without numbers may be part of a table."""
    return band.short or band.box.x1 <= edge


def _table(bands: Sequence[Band], first: int, last: int, floor: int) -> BorderlessTable | None:
    body = [band for band in bands[first : last + 1] if band.numbers]
    while len(body) > FEWEST and _stray(body):
        body.pop()
        last = max(at for at in range(first, last) if bands[at].numbers)
    if len(body) < FEWEST:
        return None
    columns = _columns([band for band in body if not header_rows.years(band)] or body)
    if len(columns) < 2 or _contents(body, columns):
        return None
    top = header_rows.top(bands, first, columns, floor)
    whole = (*levels(bands[top:first]), *bands[first : last + 1])
    rows = [cells(band, columns) for band in whole]
    header = header_rows.header(rows)
    if not _convincing(rows[header:], header):
        return None
    rows[:header] = [header_rows.heads(band, columns) for band in whole[:header]]
    joined, places = zip(*_unwrapped(rows, header), strict=True)
    return BorderlessTable(top, last, whole, joined, places, header)


def _unwrapped(
    rows: Sequence[tuple[str, ...]], header: int
) -> Iterator[tuple[tuple[str, ...], tuple[int, ...]]]:
    """The rows with their cells' bands; a label in two lines and its values are one row."""
    skip = -1
    for at, row in enumerate(rows):
        if at == skip:
            continue
        if at >= header and _goes_on(rows[at : at + 3]):
            skip = at + 1
            label = running(row[0], rows[skip][0])
            yield (label, *rows[skip][1:]), (at, *(skip for _ in row[1:]))
        else:
            yield row, tuple(at for _ in row)


def _goes_on(rows: Sequence[tuple[str, ...]]) -> bool:
    """Whether the second row continues the label of the first and has its values."""
    if len(rows) < 2 or any(rows[0][1:]) or not any(rows[1][1:]) or not rows[1][0]:
        return False
    if _OPEN.fullmatch(rows[0][0]):
        return True
    # Below the label of a section there may be several in small letters.
    small = [_SMALL.match(row[0]) is not None for row in rows[1:]]
    return small in ([True], [True, False]) and not rows[0][0].endswith(":")


def _stray(body: Sequence[Band]) -> bool:
    """Whether the last row is the page's footer: it has words where no other row has any."""
    words = [s for s in body[-1].segments[1:] if not (s.number or s.nothing)]
    others = merged((s.box.x0, s.box.x1) for band in body[:-1] for s in band.segments[1:])
    return any(not touched(segment.box, others) for segment in words)


def _columns(body: Sequence[Band]) -> Columns:
    """The columns of segments below one another. The labels are the first column."""
    boxes = [s.box for band in body for s in band.segments[1:] if s.number or s.nothing]
    numbers = merged((box.x0, box.x1) for box in boxes)
    labels = [band.segments[0].box for band in body if not band.segments[0].number]
    numbers += merged(
        (s.box.x0, s.box.x1) for band in body for s in band.segments[1:]
        if not (s.number or s.nothing or touched(s.box, numbers))
    )  # fmt: skip
    numbers.sort()
    if not labels:
        return merged((s.box.x0, s.box.x1) for band in body for s in band.segments)
    edge = union(labels)
    inside = [column for column in numbers if column[0] >= edge.x0]
    if not inside or edge.x0 >= inside[0][0]:
        return []
    return [(edge.x0, min(edge.x1, inside[0][0])), *inside]


def _convincing(rows: Sequence[tuple[str, ...]], header: int) -> bool:
    body = [row for row in rows if any(row[1:])]
    if len(body) < FEWEST or not (header or any(map(str.isalpha, body[0][0]))):
        return False
    columns = list(zip(*(row[1:] for row in body), strict=True))
    filled = sum(bool(text) for column in columns for text in column)
    labelled = sum(any(map(str.isalpha, row[0])) for row in body) >= len(body) / 2
    good = sum(_numeric(column) for column in columns)
    return (
        filled >= _FILLED * len(body) * len(columns)
        and good >= len(columns) / 2
        and (labelled or header > 0)
        and median(len(row[0].split()) for row in body) <= _LABEL
    )


def _numeric(column: Sequence[str]) -> bool:
    texts = [text for text in column if text]
    values = sum(map(valued, texts))
    empty = sum(not any(map(str.isalnum, text)) for text in texts)
    return values >= 2 and values + empty >= _NUMERIC * len(texts)


def _contents(body: Sequence[Band], columns: Columns) -> bool:
    """Whether it is a table of contents: titles, and rising page numbers."""
    last = [band.segments[-1].text for band in body]
    if sum(_LEADERS in band.segments[0].text for band in body) >= len(body) / 2:
        return True
    single = len(columns) <= 3 and all(band.numbers == 1 for band in body)
    if not single or not all(map(_PAGE.fullmatch, last)):
        return False
    numbers = [int(text) for text in last]
    return numbers == sorted(numbers)
