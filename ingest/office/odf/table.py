"""Tables of OpenDocument: rows and cells that are repeated, merged and typed by the format."""

from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

from ingest.document.model import Cell
from ingest.office.odf.text import repeats
from ingest.office.word.numbering import whole
from ingest.page_builder.merged_cells import Covered, Entry, Row, text_of
from ingest.page_builder.office_page import OfficePage

_MOST_ROWS = 1000  # that one row may stand for
_MOST_COLUMNS = 64
_CELLS = {"table:table-cell", "table:covered-table-cell"}
_GROUPS = {"table:table-rows", "table:table-row-group"}
_UNITS = {"percentage": "%"}

Read = Callable[[Element, OfficePage], str]


def rows(table: Element, read: Read, draft: OfficePage) -> tuple[list[Row], int]:
    """The rows, and how many of them are headings of the columns."""
    found: list[Row] = []
    header = 0
    for row, heads in _rows(table):
        entries = list(_entries(row, read, draft))
        while entries and entries[-1] in (None, ""):
            entries.pop()  # rows are filled up to the width of a sheet
        said = "".join(map(text_of, entries))
        times = repeats(row, "table:number-rows-repeated", _MOST_ROWS) if said else 1
        draft.count_in(said * (times - 1))
        found += [entries] * times
        header += times if heads else 0
    if table.get("table:use-first-row-styles") == "true" and len(found) > 1:
        header = header or 1
    width = max(map(len, found), default=0)
    return [[*row, *[""] * (width - len(row))] for row in found], header


def _rows(table: Element, heads: bool = False) -> Iterator[tuple[Element, bool]]:
    for part in table:
        if part.tag == "table:table-row":
            yield part, heads
        elif part.tag == "table:table-header-rows":
            yield from _rows(part, heads=True)
        elif part.tag in _GROUPS:
            yield from _rows(part, heads)


def _entries(row: Element, read: Read, draft: OfficePage) -> Iterator[Entry]:
    wide = 0  # places to the right that the last cell reaches over
    for cell in row:
        if cell.tag not in _CELLS:
            continue
        text = read(cell, draft)
        entry: Entry = _typed(cell, text) if text else ""
        if cell.tag == "table:covered-table-cell" and not text:
            entry = Covered.LEFT if wide > 0 else Covered.ABOVE
        else:
            wide = whole(cell.get("table:number-columns-spanned", "")) - 1
        times = repeats(cell, "table:number-columns-repeated", _MOST_COLUMNS)
        wide -= times if isinstance(entry, Covered) else 0
        draft.count_in(text * (times - 1))
        yield from [entry] * times


def _typed(cell: Element, text: str) -> str | Cell:
    """The typed value that the format states; text stays untyped."""
    kind = cell.get("office:value-type", "")
    if kind in ("float", "percentage", "currency"):
        unit = cell.get("office:currency", "") or _UNITS.get(kind, "")
        number = _number(cell.get("office:value", ""))
        if number is not None:
            # As text reads: 12.5 % is 12.5 with the unit %, and is stored as 0.125.
            number = round(number * 100, 10) if kind == "percentage" else number
            return Cell(text, 0, number, "number", unit)
    if kind == "date" and (day := cell.get("office:date-value")):
        return Cell(text, 0, day, "date")
    if kind == "boolean":
        return Cell(text, 0, cell.get("office:boolean-value") == "true", "truth")
    return text


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
