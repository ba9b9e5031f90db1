"""Tables of a page, and its rows with one for each row of a table."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ingest import values
from ingest.document import Box, Line, Table
from ingest.pdf import aligned
from ingest.pdf.rows import Row
from ingest.pdf.segments import bands

_CAPTION = re.compile(
    r"(?i:table|tab\.|tabelle|tableau|tabla|exhibit|schedule)\s*(?:\d|[IVXLC]+\b|[A-Z]\b)"
)
_NEAR = 2.5  # of a row's height, between a table and its caption


class Grid(NamedTuple):
    """A table whose cells are still text."""

    lines: tuple[int, ...]  # the row of the page that each row of the table begins on
    last: int  # the last row of the page in it
    rows: tuple[tuple[str, ...], ...]
    header: int


def arrange(rows: Sequence[Row]) -> tuple[list[Row], list[Grid]]:
    """Rows of a table that the file draws cell by cell become one row each."""
    split = list(bands(rows))
    if sum(band.numbers > 0 for band in split) < aligned.FEWEST:
        return list(rows), []
    arranged: list[Row] = []
    grids: list[Grid] = []
    done = 0
    for found in aligned.tables(split):
        inside = split[found.first : found.last + 1]
        arranged += rows[done : inside[0].first]
        lines = range(len(arranged), len(arranged) + len(found.bands))
        grids.append(Grid(tuple(lines), lines[-1], found.rows, found.header))
        arranged += [Row(band.words, begins=True) for band in found.bands]
        done = inside[-1].last + 1
    return [*arranged, *rows[done:]], grids


def typed(grid: Grid, lines: Sequence[Line]) -> Table:
    """The table with what its cells mean, and its caption."""
    cells = values.cells(grid.rows, grid.lines)
    return Table(grid.lines[0], grid.last, cells, grid.header, _caption(grid, lines))


def _caption(grid: Grid, lines: Sequence[Line]) -> str:
    first, last = grid.lines[0], grid.last
    around = [at for at in (first - 1, first - 2, last + 1) if 0 <= at < len(lines)]
    named = [at for at in around if _CAPTION.match(lines[at].text) and not lines[at].hidden]
    if named:
        return lines[min(named, key=lambda at: _away(lines, grid, at))].text
    title = lines[first - 1] if first else None
    if title and title.bold and not lines[first].bold and title.text[0].isalnum():
        return title.text if _near(title.box, lines[first].box) else ""
    return ""


def _away(lines: Sequence[Line], grid: Grid, at: int) -> float:
    """Points between a line and the table."""
    box = lines[at].box
    above, below = lines[grid.lines[0]].box.y0 - box.y1, box.y0 - lines[grid.last].box.y1
    return abs(above if at < grid.lines[0] else below)


def _near(title: Box, first: Box) -> bool:
    return 0 <= first.y0 - title.y1 <= _NEAR * (title.y1 - title.y0)
