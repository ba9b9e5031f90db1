"""Splits rows at wide gaps into segments, which may be the cells of a table."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from ingest.document.model import Box, union
from ingest.pdf.layout.text_lines import Row, Word, Words

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
    """Words that stand close together."""

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
    group: list[Word] = []
    for word in words:
        if group and _parts(group, word, gap):
            yield WordSegment(tuple(group))
            group = []
        group.append(word)
    yield WordSegment(tuple(group))


def _parts(group: list[Word], word: Word, gap: float) -> bool:
    if len(group) == 1 and group[0].text in _MONEY:
        return False
    if word.text in _BEFORE and group[-1].text.endswith(_ENDS):
        return True
    belongs = _AFTER.fullmatch(word.text) and _valued(group[-1].text)
    return word.box.x0 - group[-1].box.x1 > gap and not belongs


def _valued(text: str) -> bool:
    return any(map(str.isdigit, text)) or _NONE.fullmatch(text) is not None
