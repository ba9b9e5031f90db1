"""Writes tables as an XLSX workbook: typed cells, links, notes and colours. The home of openpyxl's
writer.

Text is always written as text: a cell of a document that begins with "=" is no formula.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING, Literal

from assistant.export.account import Account

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet


_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what XML cannot hold
_NO_TITLE = re.compile(r"[\[\]:*?/\\]")
_LONGEST = 32_767  # characters of a cell, by the format
_LONGEST_LINK = 2_079
_TITLE = 31
_WIDTHS = (8, 48)  # characters of a column, at least and at most
_COLOURS = {"doubtful": "FFF2CC", "failed": "F8CBAD"}

Tone = Literal["", "doubtful", "failed"]


@dataclass(frozen=True)
class BookCell:
    """A cell. `form` is a number format of spreadsheets, `note` is shown beside the cell."""

    value: str | float | date | None
    note: str = ""
    link: str = ""  # an address, or "#'Sources'!A2"
    tone: Tone = ""
    form: str = ""


@dataclass(frozen=True)
class Tab:
    """A sheet of the workbook: the heads of its columns and its rows."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[BookCell]]


def workbook(tabs: Sequence[Tab]) -> bytes:
    """An XLSX file, of which the first row of each sheet stays in sight."""
    from openpyxl import Workbook

    book = Workbook()
    del book[book.sheetnames[0]]
    for tab in tabs:
        _fill(book.create_sheet(title(tab.title)), tab)
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def title(text: str) -> str:
    """A name that a sheet may have."""
    return clean(_NO_TITLE.sub(" ", text)).strip(" '")[:_TITLE] or "Sheet"


def clean(text: str) -> str:
    """The text without characters that no XML holds, and no longer than a cell may be."""
    return _ILLEGAL.sub("", text)[:_LONGEST]


def _fill(sheet: "Worksheet", tab: Tab) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    for at, head in enumerate(tab.heads, start=1):
        made = sheet.cell(1, at)
        _text(made, head)
        made.font = Font(bold=True)
    for number, row in enumerate(tab.rows, start=2):
        for at, cell in enumerate(row, start=1):
            _put(sheet.cell(number, at), cell)
    for at, head in enumerate(tab.heads, start=1):
        longest = max([len(head), *(_width(row[at - 1]) for row in tab.rows)])
        width = min(max(longest + 2, _WIDTHS[0]), _WIDTHS[1])
        sheet.column_dimensions[get_column_letter(at)].width = width
    sheet.freeze_panes = "B2"


def _put(made: "Cell | MergedCell", cell: BookCell) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.worksheet.hyperlink import Hyperlink

    if isinstance(cell.value, str):
        _text(made, cell.value)
    else:
        made.value = cell.value
    made.alignment = Alignment(wrap_text=True, vertical="top")
    if cell.form:
        made.number_format = cell.form
    if cell.link and len(cell.link) <= _LONGEST_LINK:
        inside = cell.link.startswith("#")
        where = {"location": cell.link[1:]} if inside else {"target": cell.link}
        made.hyperlink = Hyperlink(ref=made.coordinate, **where)
        made.font = Font(color="1F5FAF", underline="single")
    if cell.tone:
        made.fill = PatternFill("solid", fgColor=_COLOURS[cell.tone])
    if cell.note:
        made.comment = Comment(clean(cell.note), "Pincite", width=360, height=140)


def _text(made: "Cell | MergedCell", text: str) -> None:
    made.value = clean(text)
    made.data_type = "s"


def _width(cell: BookCell) -> int:
    return max(map(len, str(cell.value if cell.value is not None else "").split("\n")))


# -- Answers as an XLSX workbook: a row for each sentence and source, and the cells of tables

_HEADS = ("Question", "Sentence", "Support", "Document", "Where", "Quote")
_CELLS = ("Question", "Row", "Column", "Cell")


def spreadsheet(accounts: Sequence[Account]) -> bytes:
    """An XLSX file; a sentence with several sources takes a row for each of them."""
    tabs = [Tab("Answers", _HEADS, [row for one in accounts for row in _rows(one)])]
    cells = [
        [BookCell(one.question), *(BookCell(cell[name]) for name in ("row", "column", "text"))]
        for one in accounts
        for cell in one.cells
    ]
    return workbook([*tabs, *([Tab("Cells", _CELLS, cells)] if cells else [])])


def _rows(one: Account) -> Iterator[list[BookCell]]:
    for said in one.said:
        text = "".join(piece for piece, _ in said.pieces)
        tone: Tone = "doubtful" if said.remark else ""
        of_sources: list[tuple[str | None, ...]] = [
            (source.document, source.where, source.quote) for source in said.sources
        ]
        for where in of_sources or [(None, None, None)]:
            yield [
                BookCell(one.question), BookCell(text), BookCell(said.remark, tone=tone),
                *map(BookCell, where),
            ]  # fmt: skip
