"""Turns stored values into cells: merged ones are filled, and omitted ones are counted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ingest.document.model import Cell
from ingest.sheets.cell_metadata import Around
from ingest.sheets.table_regions import EMPTY, Grid
from ingest.sheets.typed_cells import CellUnit, Value, native
from ingest.sheets.workbook import Range

_NO_UNIT = CellUnit()
_REPEATED = 200_000  # letters of a merged cell that is repeated; a longer text appears once


@dataclass
class Filled:
    """The cells of one sheet, row by row, all of one width."""

    rows: Grid = field(default_factory=list)
    joined: set[int] = field(default_factory=set)  # rows with cells merged side by side
    unread: int = 0  # rows beyond the limit
    characters: int = 0  # of these rows


def filled(values: Iterable[Sequence[Value | None]], around: Around, most: int) -> Filled:
    """The cells of a sheet, up to `most` non-empty ones."""
    found = Filled()
    read = 0
    for at, row in enumerate(values):
        if read < most:
            cells = [_cell(value, (at, column), around) for column, value in enumerate(row)]
            read += sum(cell is not EMPTY for cell in cells)
            found.rows.append(cells)
        elif texts := [str(value) for value in row if value is not None]:
            found.unread += 1
            found.characters += len("".join("".join(texts).split()))
    _trim(found.rows)
    return found


def merge(found: Filled, ranges: Iterable[Range]) -> None:
    """Repeat the value of merged cells in each place that they cover."""
    for (top, left), (bottom, right) in ranges:
        if top >= len(found.rows) or left >= len(found.rows[top]):
            continue
        cell = found.rows[top][left]
        if not cell.text:
            continue
        bottom = min(bottom, len(found.rows) - 1)
        right = min(right, max(len(row) for row in found.rows[top : bottom + 1]) - 1)
        if (bottom - top + 1) * (right - left + 1) * len(cell.text) > _REPEATED:
            continue
        for row in range(top, bottom + 1):
            width = min(right + 1, len(found.rows[row]))
            found.rows[row][left:width] = [cell] * (width - left)
            if right > left:
                found.joined.add(row)


def _cell(value: Value | None, place: tuple[int, int], around: Around) -> Cell:
    if value is None:
        extra = around.extra.get(place)
        return Cell(extra, 0) if extra else EMPTY
    return native(value, 0, around.units.get(place, _NO_UNIT))


def _trim(rows: Grid) -> None:
    """Leave out empty rows at the end; make the others equally wide."""
    while rows and not any(cell.text for cell in rows[-1]):
        rows.pop()
    filled = (at + 1 for row in rows for at, cell in enumerate(row) if cell.text)
    width = max(filled, default=0)
    for row in rows:
        del row[width:]
        row.extend([EMPTY] * (width - len(row)))
