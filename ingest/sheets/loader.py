"""Workbooks: a sheet is one page, or several when it is long; its tables have typed cells.

Values are those stored in the file: formulas come with their last result. Cells beyond the first
500,000 of a workbook are counted, not read.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from xml.etree.ElementTree import Element

from ingest.document.model import Cell, Document
from ingest.document.source import Source
from ingest.office.ooxml import TEXT, Package, chart, texts
from ingest.page_builder import BEGINS, CELLS, TOO_MANY, Flow
from ingest.platform.process import beat
from ingest.sheets.workbook import (
    Around,
    CellUnit,
    Range,
    Value,
    Workbook,
    around,
    around_ods,
    check,
    native,
)
from ingest.text.cell_values import header_rows

# -- Finds the tables of a sheet: blocks of cells with empty rows and columns around them

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
    """The blocks of a grid in reading order, split at empty rows and columns. `top` and `left`
    are the place of the grid in its sheet, from 0."""
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


def split_titles(block: SheetRegion) -> tuple[list[str], SheetRegion | None]:
    """Lines above a table that fill one cell each, and the table without them."""
    rows = block.rows
    titles: list[str] = []
    while rows and block.width > 1 and (text := _alone(rows[0])):
        titles.append(text)
        rows = rows[1:]
    rest = SheetRegion(block.top + len(titles), block.left, rows) if rows else None
    return titles, rest


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


# -- Turns stored values into cells: merged ones are filled, and omitted ones are counted

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


# -- A sheet as pages

_ZIPPED = (".xlsx", ".xlsm", ".xltx", ".xltm", ".xlam", ".ods", ".ots")
_NO_ROWS = "The sheet is too long: its last {:,} rows were not read."
_NO_HIDING = "The sheet is too large to see which of its rows are hidden."


def load_sheet(source: Source) -> Document:
    """A workbook, a page or more for each sheet. Raises EncryptedFile or UnreadableFile."""
    suffix = source.path.suffix.lower()
    package = Package(source) if suffix in _ZIPPED else None  # the others are old binary formats
    known: dict[str, Around] = {}
    if package is not None:
        check(source, package)
        known = around_ods(package) if suffix in (".ods", ".ots") else around(package)
    flow, left = Flow(), CELLS
    with closing(Workbook(source)) as book:
        sheets = book.sheets()
        for number, (name, hidden) in enumerate(sheets, 1):
            flow.title, flow.hidden = name, "hidden sheet" if hidden else ""
            about = known.get(name, Around())
            rows, merged = book.read(name, about.size)
            found = filled(rows, about, left)
            merge(found, merged)
            left -= sum(bool(cell.text) for row in found.rows for cell in row)
            _write(flow, found, about)
            beat(number, len(sheets))
    return source.document(flow.finished(), metadata=package.properties() if package else {})


def _write(flow: Flow, found: Filled, about: Around) -> None:
    """The page of a sheet: tables, then what is hidden beside them, charts and comments."""
    seen = [[c for at, c in enumerate(row) if at not in about.columns] for row in found.rows]
    _blocks(flow, seen, found, about)
    for column in sorted(about.columns):
        for row in found.rows:
            if column < len(row):
                flow.paragraph(row[column].text, replace(BEGINS, hidden="hidden column"))
    for root in about.charts:
        _chart(flow, root)
    for comment in about.comments:
        flow.paragraph(comment, BEGINS)
    flow.leave_out(TOO_MANY, found.characters)
    notes = [_NO_ROWS.format(found.unread)] if found.unread else []
    flow.end_page(" ".join([*notes, *([] if about.complete else [_NO_HIDING])]), always=True)


def _blocks(flow: Flow, grid: Grid, found: Filled, about: Around) -> None:
    titles: list[SheetRegion] = []  # waiting for their table
    for block in blocks(grid):
        if block.single:
            titles.append(block)
            continue
        above, table = split_titles(block)
        near = [  # close above, over some of its columns
            t.single for t in titles[-1:]
            if 0 <= block.top - (t.top + len(t.rows)) <= _NEAR
            and t.left < block.left + block.width and block.left <= t.left
        ]  # fmt: skip
        for title in titles:
            _lines(flow, title, about)
        titles = []
        for text in above:
            flow.paragraph(text, BEGINS)
        if table is not None:
            _table(flow, table, [*near, *above], found, about)
    for title in titles:
        _lines(flow, title, about)


def _table(
    flow: Flow, table: SheetRegion, captions: list[str], found: Filled, about: Around
) -> None:
    if table.width == 1 and all(cell.kind == "text" for row in table.rows for cell in row):
        _lines(flow, table, about)
        return
    joined = {row - table.top for row in found.joined}
    hidden = [_why(table.top + at, about) for at in range(len(table.rows))]
    header = header_rows(table.rows, joined)
    flow.typed_table(table.rows, header, " ".join(captions), hidden)


def _lines(flow: Flow, block: SheetRegion, about: Around) -> None:
    """Write text outside tables; equal text in merged cells once."""
    for at, row in enumerate(block.rows):
        like = replace(BEGINS, hidden=_why(block.top + at, about))
        for text in dict.fromkeys(cell.text for cell in row if cell.text):
            flow.paragraph(text, like)


def _why(row: int, about: Around) -> str:
    return "hidden row" if row in about.rows else ""


def _chart(flow: Flow, root: Element) -> None:
    """Write a chart's title and points, which may be copies from another workbook."""
    titles = (" ".join("".join(texts(e, TEXT)).split()) for e in root.iter("c:title"))
    title, *axes = [text for text in titles if text] or [""]
    for text in (title, *axes):
        flow.paragraph(text, BEGINS)
    flow.add_figure(title)
    rows, header = chart(root)
    if any(map(any, rows)):
        flow.text_table(rows, header or None, title)
