"""Columns of a table without a grid: spans of a page with words below one another."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from statistics import median

from ingest.document.model import Box, Figure, Line, union
from ingest.pdf.text_lines import Row, Word, Words

# -- Separates columns of running text that a file draws line by line across the page

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
    while gap and stop < len(rows) and (narrower := _common_gap(gap, rows[stop])):
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


def _common_gap(gap: _Gap, row: Row) -> _Gap | None:
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


# -- Splits rows at wide gaps into segments, which may be the cells of a table

_WIDE = 1.0  # of the row's height: a wider gap ends a segment
_NARROWEST = 4.0  # points
_LONG = 8  # words: more in one segment is running text
_MONEY = {"$", "€", "£", "¥", "US$", "("}  # at the left of a column, apart from its number
_BEFORE = {"$", "US$", "£"}  # never written behind the number they belong to
_ENDS = (*"0123456789)%\u2013\u2014",)  # of a number, or of nothing
_AFTER = re.compile(r"[)%]+")
_NUMBER = re.compile(
    r"[-+(\u2212\u2013$€£¥]*\s?(?:US\$)?\s?\(?[\d.,]*\d[\d.,]*\s?[%)a-z]{0,2}\)?%?"
)
_NONE = re.compile(r"[-\u2013\u2014]+|n/?a|n\.a\.|nm|\*+", re.IGNORECASE)


@dataclass(frozen=True)
class WordSegment(Words):
    """Words of one row without a wide gap between them: perhaps a cell of a table."""

    @cached_property
    def number(self) -> bool:
        return _NUMBER.fullmatch(self.text) is not None

    @cached_property
    def nothing(self) -> bool:
        """A dash or "n/a" in the place of a number."""
        return _NONE.fullmatch(self.text) is not None


@dataclass(frozen=True)
class Band:
    """Consecutive rows side by side: one row to the eye."""

    first: int  # index of its first row
    last: int
    segments: tuple[WordSegment, ...]

    @cached_property
    def box(self) -> Box:
        return union([segment.box for segment in self.segments])

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(word for segment in self.segments for word in segment.words)

    @property
    def short(self) -> bool:
        """Whether it has no running text."""
        return all(len(segment.words) <= _LONG for segment in self.segments)

    @cached_property
    def numbers(self) -> int:
        return sum(segment.number or segment.nothing for segment in self.segments[1:])


def bands(rows: Sequence[Row]) -> Iterator[Band]:
    """The bands in the order of the rows, without hidden text."""
    first = 0
    for at in range(1, len(rows) + 1):
        if at < len(rows) and _beside(rows[at - 1], rows[at]):
            continue
        if not rows[first].hidden:
            words = [word for row in rows[first:at] for word in row.words]
            yield Band(first, at - 1, tuple(segments(words)))
        first = at


def levels(found: Sequence[Band]) -> list[Band]:
    """Bands sorted from top to bottom, where the file draws cells in another order."""
    if not found:
        return []
    parts = sorted((s for band in found for s in band.segments), key=lambda s: s.box.y1)
    groups: list[list[WordSegment]] = []
    for part in parts:
        # Small letters end higher than signs of the same line: the lowest counts.
        lowest = max((s.box.y1 for group in groups[-1:] for s in group), default=part.box.y0)
        if (part.box.y0 + part.box.y1) / 2 < lowest:
            groups[-1].append(part)
        else:
            groups.append([part])
    first, last = found[0].first, found[-1].last
    return [Band(first, last, tuple(sorted(g, key=lambda s: s.box.x0))) for g in groups]


def _beside(before: Row, row: Row) -> bool:
    one, two = before.box, row.box
    middle = (two.y0 + two.y1) / 2
    level = one.y0 <= middle <= one.y1 or two.y0 <= (one.y0 + one.y1) / 2 <= two.y1
    return level and two.x0 >= one.x1 and not before.hidden and not row.hidden


def height(box: Box) -> float:
    """In points; small dashes count as letters."""
    return max(box.y1 - box.y0, 6.0)


def segments(words: Sequence[Word]) -> Iterator[WordSegment]:
    """Words of a line, parted where a gap is wider than a blank."""
    height = max(word.box.y1 - word.box.y0 for word in words)
    gap = max(_WIDE * height, _NARROWEST)
    groups: list[list[Word]] = []
    for word in words:
        if not groups or _parts(groups[-1], word, gap):
            groups.append([])
        groups[-1].append(word)
    return (WordSegment(tuple(group)) for group in groups)


def _parts(group: list[Word], word: Word, gap: float) -> bool:
    if len(group) == 1 and group[0].text in _MONEY:
        return False
    if word.text in _BEFORE and group[-1].text.endswith(_ENDS):
        return True
    valued = any(map(str.isdigit, group[-1].text)) or _NONE.fullmatch(group[-1].text)
    belongs = valued and _AFTER.fullmatch(word.text)
    return word.box.x0 - group[-1].box.x1 > gap and not belongs


_SLACK = 2.0  # points

Columns = list[tuple[float, float]]


def merged(spans: Iterable[tuple[float, float]]) -> Columns:
    """From left to right; spans that overlap are one."""
    columns: Columns = []
    for x0, x1 in sorted(spans):
        if columns and x0 <= columns[-1][1]:
            columns[-1] = columns[-1][0], max(columns[-1][1], x1)
        else:
            columns.append((x0, x1))
    return columns


def touched(box: Box, columns: Columns) -> list[int]:
    """The columns that a box is above, below or in."""
    return [at for at, (x0, x1) in enumerate(columns) if box.x0 <= x1 and box.x1 >= x0]


def owner(box: Box, columns: Columns) -> int:
    """The column that a box overlaps most, else the nearest."""
    return max(
        range(len(columns)),
        key=lambda at: min(box.x1, columns[at][1]) - max(box.x0, columns[at][0]),
    )


def cells(band: Band, columns: Columns) -> tuple[str, ...]:
    """The text of a row, one for each column."""
    texts: list[list[str]] = [[] for _ in columns]
    for segment in (*_apart(band.segments[0], columns), *band.segments[1:]):
        texts[owner(segment.box, columns)].append(segment.text)
    return tuple(map(" ".join, texts))


def _apart(segment: WordSegment, columns: Columns) -> Iterator[WordSegment]:
    """Separates a label from the number in the next column that it almost touches."""
    *label, last = segment.words
    number, column = WordSegment((last,)), columns[owner(last.box, columns)]
    labelled = label and segment.box.x0 <= columns[0][1] and label[-1].box.x1 <= column[0]
    inside = column[0] <= last.box.x0 + _SLACK or abs(last.box.x1 - column[1]) <= _SLACK
    if labelled and number.number and inside:
        yield WordSegment(tuple(label))
        yield number
    else:
        yield segment


def running(text: str, rest: str) -> str:
    """Two lines of a cell as one text; a hyphen may belong to the word and stays."""
    hyphened = len(text) > 1 and text[-1] == "-" and text[-2].isalpha() and rest[:1].islower()
    return f"{text}{rest}" if hyphened else f"{text} {rest}"


# -- Finds captions of tables and figures over several lines

_MOST_CAPTION_LINES = 4  # lines
_ALIKE = 0.25  # of the size: small capitals differ from the letters beside them
_TIGHT = 0.6  # of the size of the letters, between two lines


def onwards(lines: Sequence[Line], first: int, stop: int | None = None) -> str:
    """A caption from its first line to the end of a sentence or a gap, before the line `stop`."""
    text = lines[first].text
    for at in range(first + 1, min(len(lines), first + _MOST_CAPTION_LINES)):
        if at == stop or text[-1] in ".:" or not _goes_on(lines[at - 1], lines[at]):
            break
        text = running(text, lines[at].text)
    return text


def upwards(lines: Sequence[Line], last: int) -> str:
    """A title from its last line up to its first."""
    text = lines[last].text
    for at in range(last, max(last - _MOST_CAPTION_LINES + 1, 0), -1):
        if not _goes_on(lines[at - 1], lines[at]):
            break
        text = running(lines[at - 1].text, text)
    return text


def _goes_on(above: Line, line: Line) -> bool:
    alike = above.bold == line.bold and abs(above.size - line.size) <= _ALIKE * line.size
    return alike and 0 <= line.box.y0 - above.box.y1 + 1 <= _TIGHT * line.size


# -- Pictures on a page that are more than decoration, with their captions

_SMALLEST = 50.0  # points, on both sides: less is a logo or an icon
_WHOLE = 0.85  # of the page: a scan, or the ground of a slide
_TOUCH = 2.0  # points between the strips that a picture is cut into
_NEAR = 45.0  # points between a picture and its caption
_MOST_PICTURES = 300  # pictures of a page that are put together
_CAPTION = re.compile(
    r"(?i:figure|fig\.?|abbildung|abb\.|figura|diagram|chart|graph|image|photo|exhibit|plate)"
    r"\s*(?:\d|[IVXLC]+\b|[A-Z]\b)"
)


def figures(
    pictures: Sequence[Box], lines: Sequence[Line], size: tuple[float, float]
) -> tuple[Figure, ...]:
    """From top to bottom; `size` is that of the page."""
    large = []
    for box in _whole(pictures, Box(0, 0, *size)):
        width, height = box.x1 - box.x0, box.y1 - box.y0
        if min(width, height) >= _SMALLEST and width * height < _WHOLE * size[0] * size[1]:
            large.append(box)
    captions = [
        at for at, line in enumerate(lines) if _CAPTION.match(line.text) and not line.hidden
    ]
    return tuple(
        Figure(box, _caption(box, lines, captions)) for box in sorted(large, key=lambda b: b.y0)
    )


def _whole(boxes: Sequence[Box], page: Box) -> list[Box]:
    """What is on the page: joins strips and tiles of a picture, and pictures drawn twice."""
    seen = [Box(max(box.x0, page.x0), max(box.y0, page.y0), min(box.x1, page.x1),
                min(box.y1, page.y1)) for box in boxes[:_MOST_PICTURES]]  # fmt: skip
    whole: list[Box] = []
    for box in sorted(seen, key=lambda b: (b.y0, b.x0)):
        for at, other in enumerate(whole):
            # Whether they continue each other along a whole side.
            close = [abs(a - b) <= _TOUCH for a, b in zip(box, other, strict=True)]
            below = close[0] and close[2] and box.y0 <= other.y1 + _TOUCH
            if below or (close[1] and close[3] and box.x0 <= other.x1 + _TOUCH):
                whole[at] = union([box, other])
                break
        else:
            whole.append(box)
    return whole


def _caption(box: Box, lines: Sequence[Line], captions: Sequence[int]) -> str:
    """The nearest below, else above."""
    over = [at for at in captions if lines[at].box.x0 < box.x1 and lines[at].box.x1 > box.x0]
    below = [at for at in over if -_TOUCH <= lines[at].box.y0 - box.y1 <= _NEAR]
    above = [at for at in over if -_TOUCH <= box.y0 - lines[at].box.y1 <= _NEAR]
    if below:
        return onwards(lines, min(below, key=lambda at: lines[at].box.y0))
    return onwards(lines, max(above, key=lambda at: lines[at].box.y1)) if above else ""
