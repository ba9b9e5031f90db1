"""Workbooks: a sheet is one page, or several when it is long; its tables have typed cells.

Values are those stored in the file: formulas come with their last result. Cells beyond the first
500,000 of a workbook are counted, not read.
"""

from contextlib import closing
from dataclasses import replace
from xml.etree.ElementTree import Element

from ingest.document.model import Document
from ingest.document.source import Source
from ingest.office.ooxml import TEXT, Package, chart, texts
from ingest.page_builder import BEGINS, CELLS, TOO_MANY, Flow, OfficePage
from ingest.platform.process import beat
from ingest.sheets import regions
from ingest.sheets.regions import Filled, Grid, SheetRegion, filled, merge
from ingest.sheets.workbook import Around, Workbook, around, around_ods, check
from ingest.text.cell_values import header_rows

_ZIPPED = (".xlsx", ".xlsm", ".xltx", ".xltm", ".xlam", ".ods", ".ots")
_NO_ROWS = "The sheet is too long: its last {:,} rows were not read."
_NO_HIDING = "The sheet is too large to see which of its rows are hidden."


def load_sheet(source: Source) -> Document:
    """Raises EncryptedFile or UnreadableFile."""
    suffix = source.path.suffix.lower()
    package = Package(source) if suffix in _ZIPPED else None
    if package is not None:
        check(source, package)
    known = _around(package, suffix)
    flow, left = Flow(), CELLS
    with closing(Workbook(source)) as book:
        sheets = book.sheets()
        for number, sheet in enumerate(sheets, 1):
            flow.title, flow.hidden = sheet.name, "hidden sheet" if sheet.hidden else ""
            about = known.get(sheet.name, Around())
            rows, merged = book.read(sheet.name, about.size)
            found = filled(rows, about, left)
            merge(found, merged)
            left -= sum(bool(cell.text) for row in found.rows for cell in row)
            _write(flow, found, about)
            beat(number, len(sheets))
    return source.document(flow.finished(), metadata=package.properties() if package else {})


def _around(package: Package | None, suffix: str) -> dict[str, Around]:
    if package is None:  # the old binary formats
        return {}
    return around_ods(package) if suffix in (".ods", ".ots") else around(package)


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
    for block in regions.blocks(grid):
        if block.single:
            titles.append(block)
            continue
        above, table = regions.split_titles(block)
        near = [t.single for t in titles[-1:] if regions.is_near(t, block)]
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
    draft = OfficePage()
    chart(root, draft)
    titles = (" ".join("".join(texts(e, TEXT)).split()) for e in root.iter("c:title"))
    title, *axes = [text for text in titles if text] or [""]
    for text in (title, *axes):
        flow.paragraph(text, BEGINS)
    flow.figure(title)
    for table in draft.tables:
        flow.typed_table(table.rows, table.header, title)
