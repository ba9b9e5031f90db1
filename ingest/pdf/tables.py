"""Finds the tables of a page, and arranges its rows around them."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ingest.document.model import Box, Cell, Line, Table
from ingest.pdf import borderless_tables, ruled_tables
from ingest.pdf.columns import bands, columns, onwards, upwards
from ingest.pdf.ruled_tables import CellBlock, regions
from ingest.pdf.text_lines import Row
from ingest.pdf.visibility import Drawings
from ingest.text import cell_values

_CAPTION = re.compile(
    r"(?i:table|tab\.|tabelle|tableau|tabla|exhibit|schedule)\s*(?:\d|[IVXLC]+\b|[A-Z]\b)"
)
_PAPER = (255, 255, 255, 255)
_LEADERS = re.compile(r"(?:(?<!\s)\s++|(?<![\s.]))\.{4,}+$")  # that lead to the next column
_NEAR = 2.5  # of a row's height, between a table and its caption


class DetectedTable(NamedTuple):
    """A table whose cells are still text."""

    first: int  # the row of the page that it begins on
    last: int
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[tuple[int, ...], ...]  # the row of the page of each cell
    header: int | None  # None: to be seen from the cells
    joined: frozenset[int] = frozenset()  # rows with cells that are several columns wide
    shaded: bool = False  # the first row has a ground of its own


def arrange_rows(rows: Sequence[Row], drawn: Drawings) -> tuple[list[Row], list[DetectedTable]]:
    """Rows in reading order: those of a table row by row, columns of text one by one."""
    arranged: list[Row] = []
    grids: list[DetectedTable] = []
    run: list[Row] = []
    for piece in [*_with_blocks(rows, drawn.rules), None]:
        if isinstance(piece, Row):
            run.append(piece)
            continue
        _put_aligned(run, arranged, grids)
        run = []
        if piece is not None:
            grids.append(_grid(piece, len(arranged), drawn))
            arranged += piece.lines
    return arranged, grids


def _with_blocks(rows: Sequence[Row], rules: Sequence[Box]) -> Iterator[Row | CellBlock]:
    left: list[Row | None] = list(rows)
    blocks: dict[int, list[CellBlock]] = {}
    for region in regions(rules):
        found = ruled_tables.cell_block(region, [row or Row(()) for row in left])
        if found is None:
            continue
        block, rest = found
        blocks.setdefault(min(at for at, _ in rest), []).append(block)
        for at, row in rest:
            left[at] = row if row.words else None
    for at, kept in enumerate(left):
        yield from blocks.get(at, ())
        if kept is not None:
            yield kept


def _grid(block: CellBlock, first: int, drawn: Drawings) -> DetectedTable:
    texts = tuple(tuple(text for text, _ in row) for row in block.rows)
    lines = tuple(tuple(first + line for _, line in row) for row in block.rows)
    starts = [block.lines[row[0][1]].words[0].box for row in block.rows]
    grounds = [drawn.ground(start) or _PAPER for start in starts]
    shaded = grounds[0] not in grounds[1:]
    return DetectedTable(
        first, first + len(block.lines) - 1, texts, lines, None, block.joined, shaded
    )


def _put_aligned(rows: Sequence[Row], arranged: list[Row], grids: list[DetectedTable]) -> None:
    """Adds rows, and the tables among them that have no lines."""
    split = list(bands(rows)) if len(rows) >= borderless_tables.FEWEST_ROWS else []
    done = 0
    if sum(band.numbers > 0 for band in split) >= borderless_tables.FEWEST_ROWS:
        for found in borderless_tables.tables_in(split):
            inside = split[found.first : found.last + 1]
            arranged += columns(rows[done : inside[0].first])
            first = len(arranged)
            places = tuple(tuple(first + band for band in row) for row in found.places)
            last = first + len(found.bands) - 1
            grids.append(DetectedTable(first, last, found.rows, places, found.header))
            begin = {row[0] for row in found.places}
            arranged += [Row(b.words, begins=at in begin) for at, b in enumerate(found.bands)]
            done = inside[-1].last + 1
    arranged += columns(rows[done:])


def typed_table(grid: DetectedTable, lines: Sequence[Line]) -> Table:
    """The table with typed cells, and its caption."""
    flat = cell_values.cells(grid.rows, [0] * len(grid.rows))
    cells = tuple(
        tuple(Cell(_LEADERS.sub("", cell.text), line, cell.value, cell.kind, cell.unit)
              for cell, line in zip(row, places, strict=True))
        for row, places in zip(flat, grid.lines, strict=True)
    )  # fmt: skip
    header = _header(cells, grid, lines) if grid.header is None else grid.header
    return Table(grid.first, grid.last, cells, header, _caption(grid, lines))


def _header(cells: Sequence[Sequence[Cell]], grid: DetectedTable, lines: Sequence[Line]) -> int:
    """The header rows: bold or on a background of their own; else those unlike the rows below."""
    bold = [all(lines[c.line].bold for c in row if c.text) for row in cells]
    if bold[0] and not all(bold):
        return bold.index(False)
    # Two columns without numbers are terms and what they mean: their first row is one like others.
    typed = any(cell.kind in ("number", "date", "truth") for row in cells[1:] for cell in row)
    told = typed or len(cells[0]) > 2
    seen = cell_values.header_rows(cells, grid.joined) if told else 0
    return max(seen, int(grid.shaded))


def _caption(grid: DetectedTable, lines: Sequence[Line]) -> str:
    around = [at for at in (grid.first - 1, grid.first - 2, grid.last + 1) if 0 <= at < len(lines)]
    named = [at for at in around if _CAPTION.match(lines[at].text) and not lines[at].hidden]
    if named:
        first = min(named, key=lambda at: _away(lines, grid, at))
        return onwards(lines, first, grid.first)
    if grid.first and _is_title(lines[grid.first - 1], lines[grid.first], grid):
        return upwards(lines, grid.first - 1)
    return ""


def _is_title(title: Line, first: Line, grid: DetectedTable) -> bool:
    """In bold close above the table; where no line is drawn it must not look like its first row."""
    apart = grid.header is None or not first.bold
    plain = title.text[0].isalnum() and not title.text.endswith((".", ","))
    return title.bold and apart and plain and _near(title.box, first.box)


def _away(lines: Sequence[Line], grid: DetectedTable, at: int) -> float:
    """Points between a line and the table."""
    box = lines[at].box
    above, below = lines[grid.first].box.y0 - box.y1, box.y0 - lines[grid.last].box.y1
    return abs(above if at < grid.first else below)


def _near(title: Box, first: Box) -> bool:
    return 0 <= first.y0 - title.y1 <= _NEAR * (title.y1 - title.y0)
