"""The stored values of a workbook. The only module that imports python_calamine and openpyxl.

calamine takes a sixteenth of the time of openpyxl, but makes a rectangle of all cells: a sheet
whose cells lie so far apart that it would fill the memory goes to openpyxl.
"""

import datetime as dt
import re
import warnings
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from xml.etree.ElementTree import Element

from ingest.document.model import Cell
from ingest.document.source import Source
from ingest.errors import UnreadableFile
from ingest.language.quantities import CODES
from ingest.office.ooxml import (
    Package,
    Relation,
    child,
    children,
    damaged,
    encrypted,
    has_encrypted_package,
    is_ole,
    texts,
)
from ingest.platform.process import beat

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook


# -- Estimates how much text the cells of a workbook hold, before any is read
# Many cells may show one text of the file: to read them makes a copy for each, gigabytes of a small
# file. Cells are counted in the bytes: to parse them takes as long as to read them.

MOST = 20_000_000  # letters that any workbook may have, whatever its size
# Letters for each byte of its XML: .06 in the workbooks measured, 2 with a form letter in each row.
_TIMES = 20
_OF_SHEET = re.compile(rb"<(?:\w++:)?+c\b([^<>]*+)>\s*+<(?:\w++:)?+v>\s*+(\d++)")
_SHARED = re.compile(rb"""\bt\s*+=\s*+["']s["']""")
_CELL = re.compile(rb"<table:(table-row|covered-table-cell|table-cell)\b([^<>]*+)>")
_REPEATED = re.compile(rb"""number-(?:rows|columns)-repeated\s*=\s*["'](\d{1,9})["']""")

_MARKUP = re.compile(rb"<[^<>]*+>")


def check(source: Source, package: Package) -> None:
    """Raises UnreadableFile for one whose cells repeat its texts far too often."""
    if package.size("content.xml"):
        size = package.size("content.xml")
        letters = _of_ods(package.data("content.xml") or b"")
    else:
        size, letters = _of_xlsx(package)
    most = max(MOST, _TIMES * size)
    if letters > most:
        raise UnreadableFile(
            f"{source.name} is refused: its cells repeat their texts to {letters / 1e6:,.0f} MB, "
            f"more than {most / 1e6:,.0f} MB. Save it without the copies."
        )


def _of_xlsx(package: Package) -> tuple[int, int]:
    """Bytes of the sheets, and letters of the shared texts in them."""
    relations = package.relations(package.main("xl/workbook.xml")).values()
    shared = next((r.target for r in relations if r.kind == "sharedStrings"), "")
    texts = _lengths(package.data(shared) or b"") if shared else []
    size, letters = package.size(shared), 0
    for part in (r.target for r in relations if r.kind == "worksheet" and not r.outside):
        size += package.size(part)
        if max(texts, default=0) * package.size(part) // 20 > MOST:  # <c t="s"><v>0</v></c>
            letters += sum(_shown(package.data(part) or b"", texts))
    return size, letters


def _lengths(shared: bytes) -> list[int]:
    """The length of each shared text, with its markup."""
    starts = [match.start() for match in re.finditer(rb"<(?:\w+:)?si\b", shared)]
    return [end - start for start, end in zip(starts, [*starts, len(shared)][1:], strict=True)]


def _shown(sheet: bytes, texts: list[int]) -> Iterator[int]:
    for match in _OF_SHEET.finditer(sheet):
        if _SHARED.search(match[1]):
            at = int(match[2][:9])
            yield texts[at] if at < len(texts) else 0


def _of_ods(content: bytes) -> int:
    """The letters of all cells, multiplied by the declared repetitions of cell and row."""
    letters, rows, before, columns = 0, 1, 0, 0
    for match in _CELL.finditer(content):
        repeated = _REPEATED.search(match[2])
        number = int(repeated[1]) if repeated else 1
        letters += rows * columns * _shown_in(content, before, match.start(), rows * columns)
        if match[1] == b"table-row":
            rows, columns = number, 0
        else:
            columns = 0 if match[2].endswith(b"/") else number
        before = match.end()
    return letters + rows * columns * _shown_in(content, before, len(content), rows * columns)


def _shown_in(content: bytes, start: int, end: int, times: int) -> int:
    """Letters between two cells without markup, where they are repeated at all."""
    return len(_MARKUP.sub(b"", content[start:end]).strip()) if times > 1 else 0


# -- Turns a stored value into a Cell: its type comes from the file, not from its text

Value = str | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta

_CURRENCY = re.compile(rf"\[\$([^\-\]]+)(?:-[\w]+)?\]|\"?\s*([$€£¥₪₹]|\b(?:{CODES})\b)\s*\"?")


class CellUnit(NamedTuple):
    """The unit that a number format adds to a number."""

    sign: str = ""
    before: bool = False


def unit(number_format: str) -> CellUnit:
    """The percent sign or currency of a number format such as `[$€-407] #,##0.00`."""
    first = number_format.split(";")[0]
    if "%" in first:
        return CellUnit("%")
    if match := _CURRENCY.search(first):
        digits = re.search(r"[0#]", first)
        return CellUnit(match[1] or match[2], digits is None or match.start() < digits.start())
    return CellUnit()


def native(value: Value, line: int, shown: CellUnit = CellUnit()) -> Cell:  # noqa: B008  a constant
    """The cell of a stored value."""
    if isinstance(value, bool):
        return Cell(str(value).upper(), line, value, "truth")
    if isinstance(value, int | float):
        return _number(value, line, shown)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        midnight = isinstance(value, dt.datetime) and value.time() == dt.time()
        text = value.isoformat().partition("T")[0] if midnight else value.isoformat()
        return Cell(text, line, text, "date")
    text = str(value)
    return Cell(text, line, None, "text" if text.strip() else "empty")


def _number(value: float, line: int, shown: CellUnit) -> Cell:
    value = float(f"{value * 100:.10g}") if shown.sign == "%" else float(value)
    digits = f"{value:.15g}"
    if not shown.sign:
        text = digits
    elif shown.sign == "%":
        text = f"{digits}%"
    else:
        gap = " " if shown.sign.isalpha() else ""
        text = f"{shown.sign}{gap}{digits}" if shown.before else f"{digits} {shown.sign}"
    return Cell(text, line, value, "number", shown.sign.strip())


# -- The metadata of a workbook's cells: formats, hiding, comments, charts
# Reads the XML of XLSX and ODS. Old and binary workbooks have none.

LARGEST = 20_000_000  # bytes of a sheet's XML that are searched for formats and hiding
_PERCENT = {9: CellUnit("%"), 10: CellUnit("%")}  # formats that are built in, by number
_PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_COMMENT_TEXT = frozenset({"?:t", "text:p"})
_COPIED = "tc="  # the author of a plain copy of a threaded comment

Place = tuple[int, int]  # row and column from 0


@dataclass
class Around:
    """What a file says of one sheet beside its values: formats, hiding, comments and charts."""

    units: dict[Place, CellUnit] = field(default_factory=dict)
    extra: dict[Place, str] = field(default_factory=dict)  # errors, formulas without a value
    rows: set[int] = field(default_factory=set)  # hidden ones
    columns: set[int] = field(default_factory=set)
    comments: list[str] = field(default_factory=list)
    charts: list[Element] = field(default_factory=list)
    size: int = 0  # cells of the rectangle that holds all
    complete: bool = True


def around(package: Package) -> dict[str, Around]:
    """By the names of the sheets."""
    main = package.main("xl/workbook.xml")
    relations = package.relations(main)
    book = package.xml(main)
    units = _units(package, relations)
    people = {
        person.get("id", ""): person.get("displayName", "")
        for _, root in package.related(relations, "person")
        for person in children(root, "?:person")
    }
    found = {}
    for sheet in children(child(book, "?:sheets"), "?:sheet"):
        relation = relations.get(sheet.get("r:id", ""))
        if relation and not relation.outside:
            found[sheet.get("name", "")] = _ooxml_sheet(package, relation.target, units, people)
    return found


def _ooxml_sheet(
    package: Package, part: str, units: dict[str, CellUnit], people: dict[str, str]
) -> Around:
    found = Around()
    if package.size(part) > LARGEST:
        found.complete = False
    else:
        _cells(package.xml(part), found, units)
    relations = package.relations(part)
    found.comments = list(_comments(package, relations, people))
    found.charts = [
        chart
        for drawing in relations.values() if drawing.kind == "drawing" and not drawing.outside
        for _, chart in package.related(package.relations(drawing.target), "chart")
    ]  # fmt: skip
    return found


def _cells(root: Element | None, found: Around, units: dict[str, CellUnit]) -> None:
    if root is None:
        return
    for column in root.iter("?:col"):
        if column.get("hidden") in ("1", "true"):
            first, last = int(column.get("min", "1")), int(column.get("max", "1"))
            found.columns.update(range(first - 1, min(last, 16_384)))
    height = width = 0
    for number, row in enumerate(root.iter("?:row")):
        at = int(row.get("r") or number + 1) - 1
        if row.get("hidden") in ("1", "true"):
            found.rows.add(at)
        for order, cell in enumerate(children(row, "?:c")):
            place = _place(cell.get("r", "")) or (at, order)
            if len(cell):  # others have a format alone
                height, width = max(height, place[0] + 1), max(width, place[1] + 1)
            _cell(cell, place, found, units)
    found.size = height * width


def _cell(cell: Element, place: Place, found: Around, units: dict[str, CellUnit]) -> None:
    if (shown := units.get(cell.get("s", ""))) is not None:
        found.units[place] = shown
    value, formula = child(cell, "?:v"), child(cell, "?:f")
    stored = (value.text or "") if value is not None else ""
    if cell.get("t") == "e" and stored:
        found.extra[place] = stored
    elif formula is not None and formula.text and not stored and cell.get("t") != "str":
        found.extra[place] = f"={formula.text}"  # never computed: the formula is all there is


def _place(name: str) -> Place | None:
    match = _PLACE.fullmatch(name)
    if match is None:
        return None
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(match[2]) - 1, column - 1


def _units(package: Package, relations: dict[str, Relation]) -> dict[str, CellUnit]:
    """The units that styles give, by the style's number in `s`."""
    _, root = next(package.related(relations, "styles"), (None, None))
    formats = {
        e.get("numFmtId", ""): unit(e.get("formatCode", ""))
        for e in children(child(root, "?:numFmts"), "?:numFmt")
    }
    formats |= {str(number): percent for number, percent in _PERCENT.items()}
    styles = enumerate(children(child(root, "?:cellXfs"), "?:xf"))
    found = {str(at): formats.get(style.get("numFmtId", ""), CellUnit()) for at, style in styles}
    return {at: shown for at, shown in found.items() if shown.sign}


def _comments(
    package: Package, relations: dict[str, Relation], people: dict[str, str]
) -> Iterator[str]:
    for _, root in package.related(relations, "comments"):
        authors = [e.text or "" for e in children(child(root, "?:authors"), "?:author")]
        for comment in children(child(root, "?:commentList"), "?:comment"):
            number = comment.get("authorId", "")
            known = number.isdecimal() and int(number) < len(authors)
            author = authors[int(number)] if known else ""
            if not author.startswith(_COPIED):
                yield _comment(comment, author, "".join(texts(comment, _COMMENT_TEXT)))
    for _, root in package.related(relations, "threadedComment"):
        for comment in children(root, "?:threadedComment"):
            text = child(comment, "?:text")
            author = people.get(comment.get("personId", ""), "")
            yield _comment(comment, author, (text.text or "") if text is not None else "")


def _comment(comment: Element, author: str, text: str) -> str:
    text = " ".join(text.split())
    by = "" if text.startswith(f"{author}:") else author
    told = ", ".join(part for part in (by, comment.get("dT", "")) if part)
    return ": ".join(part for part in (f"Comment on {comment.get('ref', '')}", told, text) if part)


# -- The metadata of an ODS workbook: hidden rows and columns, and comments

_NOTE_TEXT = frozenset({"text:p", "text:span", "text:a"})
_HIDING = ("collapse", "filter")
_MOST = 100_000  # rows or columns that one element may stand for here


def around_ods(package: Package) -> dict[str, Around]:
    """By the names of the sheets."""
    if package.size("content.xml") > LARGEST:
        return {}
    root = package.xml("content.xml")
    sheets = children(child(root, "office:body", "office:spreadsheet"), "table:table")
    return {sheet.get("table:name", ""): _opendocument_sheet(sheet) for sheet in sheets}


def _opendocument_sheet(sheet: Element) -> Around:
    found = Around()
    found.rows = set(_hidden(sheet, "table:table-row", "table:number-rows-repeated"))
    found.columns = set(_hidden(sheet, "table:table-column", "table:number-columns-repeated"))
    for note in sheet.iter("office:annotation"):
        author = child(note, "dc:creator")
        text = " ".join(
            " ".join(" ".join(texts(p, _NOTE_TEXT)) for p in note.iter("text:p")).split()
        )
        by = f"{author.text}: " if author is not None and author.text else ""
        if text:
            found.comments.append(f"Comment: {by}{text}")
    return found


def _hidden(sheet: Element, name: str, repeated: str) -> Iterator[int]:
    at = 0
    for element in sheet.iter(name):
        number = int(element.get(repeated, "1"))
        if element.get("table:visibility") in _HIDING:
            yield from range(at, at + min(number, _MOST))
        at += number


_MOST_PLACES = 50_000_000  # of the rectangle of all cells: calamine takes 32 bytes for each
_GAP = 2  # empty rows or columns that remain of a wider gap, where there are more

Row = list[Value | None]
Range = tuple[tuple[int, int], tuple[int, int]]  # first and last cell, as row and column from 0


class Workbook:
    """An open workbook; a context manager."""

    def __init__(self, source: Source) -> None:
        """Raises EncryptedFile or UnreadableFile."""
        self._source = source
        self._book = _opened(source)

    def sheets(self) -> list[tuple[str, bool]]:
        """The name of each, and whether it is hidden."""
        from python_calamine import SheetVisibleEnum

        seen = SheetVisibleEnum.Visible
        return [(sheet.name, sheet.visible != seen) for sheet in self._book.sheets_metadata]

    def read(self, name: str, places: int) -> tuple[Iterator[Row], list[Range]]:
        """The rows of a sheet from its first, and where one cell covers several.

        `places` are those of the rectangle around its cells. One that is too large for calamine is
        without its wide gaps.
        """
        if places > _MOST_PLACES:
            return self._far_apart(name), []
        from python_calamine import CalamineError

        try:
            sheet = self._book.get_sheet_by_name(name)
        except (CalamineError, OSError) as error:
            raise damaged(self._source) from error
        rows = ([None if value == "" else value for value in row] for row in sheet.iter_rows())
        return rows, sheet.merged_cell_ranges or []

    def close(self) -> None:
        self._book.close()

    def _far_apart(self, name: str) -> Iterator[Row]:
        from openpyxl import load_workbook

        with warnings.catch_warnings(action="ignore"):
            sheet = load_workbook(self._source.path, read_only=True, data_only=True)[name]
            sheet.reset_dimensions()  # otherwise it fills each row up to the sheet's last column
            yield from _closed_up(sheet.iter_rows(values_only=True))


def _closed_up(rows: Iterable[Sequence[object]]) -> list[Row]:
    """Rows without the wide gaps between cells; narrow ones show where tables end."""
    cells: list[dict[int, Value]] = []
    for number, row in enumerate(rows):
        beat(number, 0)
        cells.append({
            at: value if isinstance(value, Value | int) else str(value)
            for at, value in enumerate(row) if value is not None
        })  # fmt: skip
        if len(cells) > _GAP and not any(cells[-_GAP - 1 :]):
            cells.pop()
    kept: list[int] = []  # columns; of a wider gap the first ones
    for column in sorted({at for row in cells for at in row}):
        before = kept[-1] if kept else -1
        kept += [*range(before + 1, column)[:_GAP], column]
    return [[row.get(at) for at in kept[: bisect(kept, max(row, default=-1))]] for row in cells]


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
