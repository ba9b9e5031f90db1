"""The stored values of a workbook. The only module that imports python_calamine and openpyxl.

calamine takes a sixteenth of the time of openpyxl, but makes a rectangle of all cells: a sheet
whose cells lie so far apart that it would fill the memory goes to openpyxl.
"""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ingest.document.source import Source
from ingest.office.zip_guard import damaged, encrypted, has_encrypted_package, is_ole
from ingest.platform.progress import beat
from ingest.sheets.typed_cells import Value

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

DENSE = 20_000_000  # cells of a rectangle
_GAP = 2  # empty rows or columns that remain of a wider gap
_OFTEN = 1000  # rows between two signs of life

Row = list[Value | None]
Range = tuple[tuple[int, int], tuple[int, int]]  # first and last cell, as row and column from 0


class Sheet(NamedTuple):
    """A sheet of a workbook: its name, and whether it is hidden."""

    name: str
    hidden: bool


class Workbook:
    """An open workbook; a context manager."""

    def __init__(self, source: Source) -> None:
        """Raises EncryptedFile or UnreadableFile."""
        self._source = source
        self._book = _opened(source)

    def sheets(self) -> list[Sheet]:
        from python_calamine import SheetVisibleEnum

        seen = SheetVisibleEnum.Visible
        return [Sheet(s.name, s.visible != seen) for s in self._book.sheets_metadata]

    def read(self, name: str, size: int) -> tuple[Iterator[Row], list[Range]]:
        """The rows of a sheet from its first, and where one cell covers several.

        `size` is how many cells their rectangle has.
        """
        if size > DENSE:
            return self._sparse(name), []
        sheet = self._sheet(name)
        rows = ([None if value == "" else value for value in row] for row in sheet.iter_rows())
        return rows, sheet.merged_cell_ranges or []

    def close(self) -> None:
        self._book.close()

    def _sheet(self, name: str) -> "CalamineSheet":
        from python_calamine import CalamineError

        try:
            return self._book.get_sheet_by_name(name)
        except (CalamineError, OSError) as error:
            raise damaged(self._source) from error

    def _sparse(self, name: str) -> Iterator[Row]:
        from openpyxl import load_workbook

        with warnings.catch_warnings(action="ignore"):
            book = load_workbook(self._source.path, read_only=True, data_only=True)
            sheet = book[name]
            sheet.reset_dimensions()  # otherwise it fills each row up to the sheet's last column
            yield from closed_up(enumerate(sheet.iter_rows(values_only=True)))


def closed_up(rows: Iterable[tuple[int, Sequence[object]]]) -> list[Row]:
    """Numbered rows without the wide gaps between cells; narrow ones show where tables end."""
    cells: list[dict[int, Value]] = []
    gap = 0
    for number, row in rows:
        if number % _OFTEN == 0:
            beat(number, 0)
        found = {at: value for at, one in enumerate(row) if (value := _plain(one)) is not None}
        gap = 0 if found else gap + 1
        if gap <= _GAP:
            cells.append(found)
    place = _places({at for row in cells for at in row})
    return [_row(row, place) for row in cells]


def _places(columns: set[int]) -> dict[int, int]:
    """The new places of columns when no gap is wider than _GAP."""
    place, before, new = {}, -1, -1
    for column in sorted(columns):
        new += min(column - before, _GAP + 1)
        place[column], before = new, column
    return place


def _row(cells: dict[int, Value], place: dict[int, int]) -> Row:
    row: Row = [None] * (place[max(cells)] + 1 if cells else 0)
    for column, value in cells.items():
        row[place[column]] = value
    return row


def _plain(value: object) -> Value | None:
    if value is None or isinstance(value, (str, float, int, bool, date, time, timedelta)):
        return value
    return str(value)


def _opened(source: Source) -> "CalamineWorkbook":
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        return CalamineWorkbook.from_path(source.path)
    except PasswordError as error:
        raise encrypted(source) from error
    except (CalamineError, OSError) as error:
        if is_ole(source) and has_encrypted_package(source):
            raise encrypted(source) from error
        raise damaged(source) from error
