"""The stored values of a workbook. The only module that imports python_calamine and openpyxl.

calamine takes a sixteenth of the time of openpyxl, but makes a rectangle of all cells: a sheet
whose cells lie so far apart that it would fill the memory goes to openpyxl.
"""

import warnings
from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ingest.office.zipped import damaged, encrypted, has_encrypted_package, is_ole
from ingest.sheets.native import Value
from ingest.source import Source

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

DENSE = 20_000_000  # cells of a rectangle

Row = list[Value | None]
Range = tuple[tuple[int, int], tuple[int, int]]  # first and last cell, as row and column from 0


class Sheet(NamedTuple):
    name: str
    hidden: bool


class Workbook:
    """A workbook that is open; use it in a `with`."""

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
            for row in book[name].iter_rows(values_only=True):
                yield [_plain(value) for value in row]


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
