"""Tables of a page, and its rows with one for each row of a table."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ingest import values
from ingest.document import Line, Table
from ingest.pdf import aligned
from ingest.pdf.rows import Row
from ingest.pdf.segments import bands

_CAPTION = re.compile(
    r"(?:table|tab\.|tabelle|tableau|tabla|exhibit|schedule)\s*[\divxa-z]{1,6}\b", re.IGNORECASE
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
    above = [at for at in (first - 1, first - 2) if at >= 0]
    below = [at for at in (last + 1,) if at < len(lines)]
    for at in [*above, *below]:
        if _CAPTION.match(lines[at].text) and not lines[at].hidden:
            return lines[at].text
    if above and lines[first - 1].bold and not lines[first].bold and _near(lines, first):
        return lines[first - 1].text
    return ""


def _near(lines: Sequence[Line], first: int) -> bool:
    box, title = lines[first].box, lines[first - 1].box
    return 0 <= box.y0 - title.y1 <= _NEAR * (title.y1 - title.y0)
