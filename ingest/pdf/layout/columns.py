"""Columns of a table without a grid: spans of a page with words below one another."""

from collections.abc import Iterable, Iterator, Sequence

from ingest.document.model import Box
from ingest.pdf.layout.segments import Band, WordSegment

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
    return joined(texts)


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


def joined(texts: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Cells in pieces as one text each."""
    return tuple(" ".join(parts) for parts in texts)


def running(text: str, rest: str) -> str:
    """Two lines of a cell as one text; a hyphen may belong to the word and stays."""
    hyphened = len(text) > 1 and text[-1] == "-" and text[-2].isalpha() and rest[:1].islower()
    return f"{text}{rest}" if hyphened else f"{text} {rest}"
