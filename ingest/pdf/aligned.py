"""Tables without a grid: rows whose numbers stand in columns, below heads.

A wrong table is worse than none: what is doubtful stays text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from ingest.document import Box
from ingest.pdf.rows import union
from ingest.pdf.segments import Band, Segment, levels

FEWEST = 3  # rows with numbers
_GAP = 3.5  # of a row's height: more white ends a table
_MOST_HEADS = 5  # rows above the first numbers
_LONG = 8  # words: more in one segment is running text
_FILLED = 0.5  # of the cells
_NUMERIC = 0.6  # of what is in a column of numbers
_YEAR = re.compile(r"(?:FY\s?)?(?:19|20)\d\d(?:\s?\([a-z0-9]\))?")
_LEADERS = "....."
_NONE = {"NA", "N/A", "—", "\u2013", "-"}
_PAGE = re.compile(r"\d{1,3}")

Columns = list[tuple[float, float]]


@dataclass(frozen=True)
class Found:
    """A table among the bands of a page."""

    first: int  # index of its first band
    last: int
    bands: tuple[Band, ...]  # the same, those of the heads from top to bottom
    rows: tuple[tuple[str, ...], ...]  # one for each of these bands
    header: int


def tables(bands: Sequence[Band]) -> Iterator[Found]:
    at = 0
    while at < len(bands):
        last = _end(bands, at) if bands[at].numbers else at - 1
        if last > at and (found := _table(bands, at, last)):
            yield found
            at = found.last + 1
        else:
            at = max(last, at) + 1


def _end(bands: Sequence[Band], first: int) -> int:
    """The last band with numbers that goes on below this one."""
    last = first
    for at in range(first + 1, len(bands)):
        above, band = bands[at - 1].box, bands[at].box
        if not -0.3 * _height(above) <= band.y0 - above.y1 <= _GAP * _height(band):
            break
        if bands[at].numbers:
            last = at
        elif at - last > FEWEST or not _label(bands[at], _numbers_from(bands[first : last + 1])):
            break
    return last


def _height(box: Box) -> float:
    return max(box.y1 - box.y0, 6.0)


def _numbers_from(bands: Sequence[Band]) -> float:
    """Where the first column of numbers begins."""
    return min(
        segment.box.x0 for band in bands for segment in band.segments[1:] if segment.number
        or segment.nothing
    )  # fmt: skip


def _label(band: Band, edge: float) -> bool:
    """A row without numbers that may stand inside of a table."""
    short = all(len(segment.words) <= _LONG for segment in band.segments)
    return short or band.box.x1 <= edge


def _table(bands: Sequence[Band], first: int, last: int) -> Found | None:
    body = [band for band in bands[first : last + 1] if band.numbers]
    if len(body) < FEWEST:
        return None
    columns = _columns(body)
    if len(columns) < 2 or _contents(body, columns):
        return None
    top = _top(bands, first, columns)
    whole = (*levels(bands[top:first]), *bands[first : last + 1])
    rows = [_cells(band, columns) for band in whole]
    header = _header(rows)
    if not _convincing(rows[header:], header):
        return None
    rows[:header] = [_heads(band, columns) for band in whole[:header]]
    return Found(top, last, whole, tuple(rows), header)


def _columns(body: Sequence[Band]) -> Columns:
    """Where segments stand below one another. The labels are the first column."""
    boxes = [s.box for band in body for s in band.segments[1:] if s.number or s.nothing]
    numbers = _merged([(box.x0, box.x1) for box in boxes])
    labels = [band.segments[0].box for band in body if not band.segments[0].number]
    numbers += _merged([
        (s.box.x0, s.box.x1) for band in body for s in band.segments[1:]
        if not (s.number or s.nothing) and not _touches(s.box, numbers)
    ])  # fmt: skip
    numbers.sort()
    if not labels:
        return _merged([(s.box.x0, s.box.x1) for band in body for s in band.segments])
    edge = union(labels)
    inside = [column for column in numbers if column[0] >= edge.x0]
    if not inside or edge.x0 >= inside[0][0]:
        return []
    return [(edge.x0, min(edge.x1, inside[0][0])), *inside]


def _merged(spans: list[tuple[float, float]]) -> Columns:
    columns: Columns = []
    for x0, x1 in sorted(spans):
        if columns and x0 <= columns[-1][1]:
            columns[-1] = columns[-1][0], max(columns[-1][1], x1)
        else:
            columns.append((x0, x1))
    return columns


def _touches(box: Box, columns: Columns) -> bool:
    return any(box.x0 <= x1 and box.x1 >= x0 for x0, x1 in columns)


def _cells(band: Band, columns: Columns) -> tuple[str, ...]:
    texts: list[list[str]] = [[] for _ in columns]
    for segment in band.segments:
        texts[_column(segment.box, columns)].append(segment.text)
    return tuple(" ".join(parts) for parts in texts)


def _column(box: Box, columns: Columns) -> int:
    """The one it overlaps most, else the nearest."""
    return max(
        range(len(columns)),
        key=lambda at: min(box.x1, columns[at][1]) - max(box.x0, columns[at][0]),
    )


def _heads(band: Band, columns: Columns) -> tuple[str, ...]:
    """As cells; a head over several columns is in each of them."""
    texts: list[list[str]] = [[] for _ in columns]
    if even := _evenly(band, columns):
        return even
    for segment in band.segments:
        over = [at for at, (x0, x1) in enumerate(columns)
                if segment.box.x0 <= x1 and segment.box.x1 >= x0]  # fmt: skip
        for part, at in _shared(segment, over, columns):
            texts[at].append(part)
    return tuple(" ".join(parts) for parts in texts)


def _evenly(band: Band, columns: Columns) -> tuple[str, ...]:
    """Heads that each stand above the same number of columns."""
    heads = [segment for segment in band.segments if segment.box.x1 > columns[0][1]]
    each, rest = divmod(len(columns) - 1, max(len(heads), 1))
    if not heads or rest or each < 2:
        return ()
    groups = [columns[at : at + each] for at in range(1, len(columns), each)]
    for head, group in zip(heads, groups, strict=True):
        middle = (head.box.x0 + head.box.x1) / 2
        if not group[0][0] < middle < group[-1][1]:
            return ()
    label = " ".join(s.text for s in band.segments[: len(band.segments) - len(heads)])
    return (label, *(head.text for head in heads for _ in range(each)))


def _shared(segment: Segment, over: list[int], columns: Columns) -> Iterator[tuple[str, int]]:
    owners = [_column(word.box, columns) for word in segment.words]
    if len(over) > 1 and sorted(set(owners)) == owners:  # one word over each column
        yield from ((word.text, at) for word, at in zip(segment.words, owners, strict=True))
    elif len(over) > 1 and over[0] > 0:
        yield from ((segment.text, at) for at in over)
    else:
        yield segment.text, _column(segment.box, columns)


def _top(bands: Sequence[Band], first: int, columns: Columns) -> int:
    """The first band of the heads above the numbers."""
    top, body, highest = first, bands[first].box, bands[first].box
    for at in range(first - 1, -1, -1):
        band = bands[at]
        if not _near(band.box, highest, body) or len(levels(bands[at:first])) > _MOST_HEADS:
            break
        if _is_head(band, columns):
            top = at
        elif not (columns[0][0] - 1 <= band.box.x0 and band.box.x1 < columns[1][0]):
            break  # not the label of a section either
        highest = union([highest, band.box])
    return top


def _near(band: Box, highest: Box, body: Box) -> bool:
    return highest.y0 - band.y1 <= _GAP * _height(band) and band.y1 <= body.y0 + 1


def _is_head(band: Band, columns: Columns) -> bool:
    over = any(segment.box.x0 >= columns[0][1] - 1 and _touches(segment.box, columns[1:])
               for segment in band.segments)  # fmt: skip
    inside = band.box.x0 >= columns[0][0] - 20 and band.box.x1 <= columns[-1][1] + 20
    short = all(len(segment.words) <= _LONG for segment in band.segments)
    return over and inside and short


def _header(rows: Sequence[tuple[str, ...]]) -> int:
    """How many rows at the top hold no values: words and years only."""
    for number, row in enumerate(rows):
        values = [text for text in row[1:] if text]
        if any(not _YEAR.fullmatch(text) and any(map(str.isdigit, text)) and _valued(text)
               for text in values):  # fmt: skip
            return number
        if _NONE.intersection(values) or (
            not values and any(any(row[1:]) for row in rows[:number])
        ):
            return number  # the label of a section
    return 0


def _valued(text: str) -> bool:
    return not any(map(str.isalpha, text.replace("x", "")))


def _convincing(rows: Sequence[tuple[str, ...]], header: int) -> bool:
    body = [row for row in rows if any(row[1:])]
    if len(body) < FEWEST or not (header or any(row[0] and row[0][0].isalpha() for row in body)):
        return False
    columns = list(zip(*(row[1:] for row in body), strict=True))
    filled = sum(bool(text) for column in columns for text in column)
    labelled = sum(any(map(str.isalpha, row[0])) for row in body) >= len(body) / 2
    good = sum(_numeric(column) for column in columns)
    return (
        filled >= _FILLED * len(body) * len(columns)
        and good >= len(columns) / 2
        and (labelled or header > 0)
        and median(len(row[0].split()) for row in body) <= 2 * _LONG
    )


def _numeric(column: Sequence[str]) -> bool:
    texts = [text for text in column if text]
    values = sum(any(map(str.isdigit, text)) and _valued(text) for text in texts)
    empty = sum(not any(map(str.isalnum, text)) for text in texts)
    return values >= 2 and values + empty >= _NUMERIC * len(texts)


def _contents(body: Sequence[Band], columns: Columns) -> bool:
    """A table of contents: titles, and page numbers that rise."""
    last = [band.segments[-1].text for band in body]
    if sum(_LEADERS in band.segments[0].text for band in body) >= len(body) / 2:
        return True
    if len(columns) > 3 or not all(map(_PAGE.fullmatch, last)):
        return False
    numbers = [int(text) for text in last]
    return numbers == sorted(numbers)
