"""Finds the tables of a sheet: blocks of cells with empty rows and columns around them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.document.model import Cell
from ingest.text.cell_values import header_rows

Grid = list[list[Cell]]
EMPTY = Cell("", 0, None, "empty")
_NEAR = 2  # rows between a title and its table, at most


@dataclass(frozen=True)
class SheetRegion:
    """Cells that belong together: a table, a list, or a single line of text."""

    top: int  # its first row in the sheet
    left: int
    rows: Grid

    @property
    def width(self) -> int:
        return len(self.rows[0])

    @property
    def single(self) -> str:
        """The text, when only one cell is filled."""
        filled = {cell.text for row in self.rows for cell in row if cell.text}
        return filled.pop() if len(filled) == 1 and len(self.rows) == 1 else ""


def blocks(grid: Grid, top: int = 0, left: int = 0) -> Iterator[SheetRegion]:
    """The blocks in reading order."""
    bands = _bands([any(cell.text for cell in row) for row in grid])
    for first, last in bands:
        rows = grid[first:last]
        parts = _columns(rows)
        if len(parts) > 1:
            for a, b in parts:
                yield from blocks([row[a:b] for row in rows], top + first, left + a)
        elif parts:
            a, b = parts[0]
            yield SheetRegion(top + first, left + a, [row[a:b] for row in rows])


def titled(block: SheetRegion) -> tuple[list[str], SheetRegion | None]:
    """Lines above a table that fill one cell each, and the table without them."""
    rows = block.rows
    titles: list[str] = []
    while rows and block.width > 1 and (text := _alone(rows[0])):
        titles.append(text)
        rows = rows[1:]
    rest = SheetRegion(block.top + len(titles), block.left, rows) if rows else None
    return titles, rest


def is_near(title: SheetRegion, table: SheetRegion) -> bool:
    """A title stands close above the table, over some of its columns."""
    apart = table.top - (title.top + len(title.rows))
    beside = title.left < table.left + table.width and table.left <= title.left
    return 0 <= apart <= _NEAR and beside


def _alone(row: Sequence[Cell]) -> str:
    """The text of a row in which one cell is filled; a merged one fills several with the same."""
    texts = {cell.text for cell in row if cell.text}
    filled = sum(bool(cell.text) for cell in row)
    return texts.pop() if len(texts) == 1 and filled in (1, len(row)) else ""


def _bands(filled: Sequence[bool]) -> list[tuple[int, int]]:
    """Where runs of filled places begin and end (exclusive)."""
    found: list[tuple[int, int]] = []
    for at, some in enumerate(filled):
        if some and found and found[-1][1] == at:
            found[-1] = found[-1][0], at + 1
        elif some:
            found.append((at, at + 1))
    return found


def _columns(rows: Grid) -> list[tuple[int, int]]:
    """Tables side by side, when each is independent; else one table with empty columns."""
    width = max((len(row) for row in rows), default=0)
    filled = [any(at < len(row) and row[at].text for row in rows) for at in range(width)]
    parts = _bands(filled)
    if len(parts) > 1 and not all(_independent([row[a:b] for row in rows]) for a, b in parts):
        return [(parts[0][0], parts[-1][1])]
    return parts


def _independent(rows: Grid) -> bool:
    """Whether a block has heads of its own, or leaves rows empty that others fill."""
    gaps = [not any(cell.text for cell in row) for row in rows]
    return any(gaps) or (len(rows[0]) > 1 and bool(header_rows(rows)))
