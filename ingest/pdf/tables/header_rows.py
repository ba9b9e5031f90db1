"""Finds the heads of a table without a grid, and the columns below each."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from ingest.document.model import Box, union
from ingest.pdf.layout.columns import Columns, joined, owner, touched
from ingest.pdf.layout.segments import Band, WordSegment, height, levels

GAP = 3.5  # of a row's height: more white ends a table
_MOST = 5  # rows of heads
_APART = 0.55  # of a row's height: more is between two heads rather than between two words
_WIDER = 1.5  # than the gaps between other words
_FEW = 3  # words: more of them above the heads may be a sentence that leads to the table
_MIDDLE = 0.2  # of the width of the columns below: how far from their middle a head may stand
_INDENT = 30.0  # points that the rows of a section may be indented below its label
YEAR = re.compile(r"(?:FY\s?)?(?:19|20)\d\d(?:\s?\([a-z0-9]\))?")
_NONE = {"NA", "N/A", "—", "\u2013", "-"}


def top(bands: Sequence[Band], first: int, columns: Columns, floor: int) -> int:
    """The first band of the heads above the numbers, not before `floor`."""
    found, body, highest = first, bands[first].box, bands[first].box
    for at in range(first - 1, floor - 1, -1):
        band = bands[at]
        if not _near(band.box, highest, body) or len(levels(bands[at:first])) > _MOST:
            break
        if _is_head(band, columns):
            found = at
        elif not _is_section(band, columns) or (found < first and _is_sentence(band)):
            break
        highest = union([highest, band.box])
    return found


def _near(band: Box, highest: Box, body: Box) -> bool:
    return highest.y0 - band.y1 <= GAP * height(band) and band.y1 <= body.y0 + 1


def _is_head(band: Band, columns: Columns) -> bool:
    over = any(segment.box.x0 >= columns[0][1] - 1 and touched(segment.box, columns[1:])
               for segment in band.segments)  # fmt: skip
    inside = band.box.x0 >= columns[0][0] - _INDENT and band.box.x1 <= columns[-1][1] + 20
    return over and inside and band.short


def _is_section(band: Band, columns: Columns) -> bool:
    """The label of a section, between the heads and the rows of it."""
    left = columns[0][0] - _INDENT <= band.box.x0
    return left and band.box.x1 < columns[1][0] and band.short


def _is_sentence(band: Band) -> bool:
    words = band.words
    return len(words) > _FEW and words[-1].text.endswith((".", ":"))


def heads(band: Band, columns: Columns) -> tuple[str, ...]:
    """The text above each column; a head over several columns is in each of them."""
    parts = [part for segment in band.segments for part in _apart(segment, columns)]
    if even := _evenly(parts, columns):
        return even
    texts: list[list[str]] = [[] for _ in columns]
    for segment in parts:
        for text, at in _shared(segment, columns):
            texts[at].append(text)
    return joined(texts)


def _apart(segment: WordSegment, columns: Columns) -> Iterator[WordSegment]:
    """Separates heads of neighbouring columns that almost touch, at the widest gaps."""
    gaps = _gaps(segment)
    if len(gaps) < 2 or len(touched(segment.box, columns)) < 2:
        yield segment
        return
    least = max(_WIDER * median(gaps), _APART * height(segment.box))
    edges = [0, *(at for at, gap in enumerate(gaps, start=1) if gap >= least), len(gaps) + 1]
    for first, stop in pairwise(edges):
        yield WordSegment(segment.words[first:stop])


def _gaps(segment: WordSegment) -> list[float]:
    return [word.box.x0 - before.box.x1 for before, word in pairwise(segment.words)]


def _evenly(segments: Sequence[WordSegment], columns: Columns) -> tuple[str, ...]:
    """Heads that are each centred above the same number of columns."""
    above = [segment for segment in segments if segment.box.x1 > columns[0][1]]
    each, rest = divmod(len(columns) - 1, max(len(above), 1))
    if not above or rest or each < 2:
        return ()
    groups = [columns[at : at + each] for at in range(1, len(columns), each)]
    for head, group in zip(above, groups, strict=True):
        left, right = group[0][0], group[-1][1]
        away = abs(head.box.x0 + head.box.x1 - left - right) / 2
        if away > _MIDDLE * (right - left):
            return ()
    label = " ".join(s.text for s in segments[: len(segments) - len(above)])
    return (label, *(head.text for head in above for _ in range(each)))


def _shared(segment: WordSegment, columns: Columns) -> Iterator[tuple[str, int]]:
    over = touched(segment.box, columns)
    owners = [owner(word.box, columns) for word in segment.words]
    apart = min(_gaps(segment), default=0) >= _APART * height(segment.box)
    if len(over) > 1 and apart and sorted(set(owners)) == owners:  # one word over each column
        yield from ((word.text, at) for word, at in zip(segment.words, owners, strict=True))
    elif len(over) > 1 and over[0] > 0:
        yield from ((segment.text, at) for at in over)
    else:
        yield segment.text, owner(segment.box, columns)


def header(rows: Sequence[tuple[str, ...]]) -> int:
    """The number of rows at the top without values: words and years only."""
    for number, row in enumerate(rows):
        texts = [text for text in row[1:] if text]
        if any(not YEAR.fullmatch(text) and valued(text) for text in texts):
            return number
        if _NONE.intersection(texts) or (not texts and any(any(row[1:]) for row in rows[:number])):
            return number  # the label of a section
    return 0


def valued(text: str) -> bool:
    """Digits without letters."""
    return any(map(str.isdigit, text)) and not any(map(str.isalpha, text.replace("x", "")))


def years(band: Band) -> bool:
    """Whether a row holds nothing but years, which are centred above columns."""
    return all(YEAR.fullmatch(segment.text) for segment in band.segments)


def again(band: Band) -> bool:
    """Years: the heads of the next table, or of the next part of one."""
    numbers = [segment for segment in band.segments if segment.number]
    return len(numbers) > 1 and all(YEAR.fullmatch(segment.text) for segment in numbers)
