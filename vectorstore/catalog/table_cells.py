"""Tables in the catalogue: a row for each table and for each of its cells, typed."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from ingest.document.model import Cell, Document, Table
from vectorstore.catalog.engine import Engine, Transaction
from vectorstore.catalog.records import StoredTable


def insert(transaction: Transaction, document_id: int, document: Document) -> None:
    """Write all tables of a document."""
    for page in document.pages:
        for table in page.tables:
            id = _insert(transaction, document_id, page.number, table)
            transaction.executemany(
                'INSERT INTO cell (sheet_id, row, "column", line, kind, text, value, unit)'
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                _cells(id, table),
            )


def read(database: Engine, name: str, page: int | None = None) -> list[StoredTable]:
    """The tables of a document, or of one of its pages, in order."""
    where = "FROM sheet JOIN document ON document.id = document_id WHERE name = ?"
    values: list[object] = [name]
    if page is not None:
        where, values = f"{where} AND page = ?", [name, page]
    sheets = database.all(
        f"SELECT sheet.id, page, first, last, header, rows, caption {where} ORDER BY sheet.id",
        *values,
    )
    if not sheets:
        return []
    cells: dict[int, list[list[Cell]]] = {row[0]: [[] for _ in range(row[5])] for row in sheets}
    for sheet, row, *rest in database.all(
        "SELECT sheet_id, row, line, kind, text, value, unit FROM cell"
        f' WHERE sheet_id IN (SELECT sheet.id {where}) ORDER BY sheet_id, row, "column"',
        *values,
    ):
        cells[sheet][row].append(_cell(*rest))
    return [
        StoredTable(number, Table(first, last, tuple(map(tuple, cells[id])), header, caption))
        for id, number, first, last, header, _, caption in sheets
    ]


def _insert(transaction: Transaction, document_id: int, page: int, table: Table) -> int:
    columns = max((len(row) for row in table.rows), default=0)
    row = transaction.execute(
        "INSERT INTO sheet (document_id, page, first, last, header, rows, columns, caption)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (
            document_id, page, table.first, table.last, table.header, len(table.rows), columns,
            table.caption,
        ),
    ).fetchone()  # fmt: skip
    return int(row[0])


def _cells(sheet: int, table: Table) -> Iterator[tuple[object, ...]]:
    for row, cells in enumerate(table.rows):
        for column, cell in enumerate(cells):
            value = float(cell.value) if cell.kind == "number" and cell.value is not None else None
            yield (
                sheet, row, column, cell.line, cell.kind, cell.text,
                cell.value if value is None else value, cell.unit,
            )  # fmt: skip


def _cell(line: int, kind: str, text: str, value: float | str | None, unit: str) -> Cell:
    typed = value
    with suppress(ValueError):  # PostgreSQL keeps it as text
        if value is not None and kind in ("truth", "number"):
            typed = bool(float(value)) if kind == "truth" else float(value)
    return Cell(text, line, typed, kind, unit)


def on_page(tables: Iterable[StoredTable], page: int) -> tuple[Table, ...]:
    """The tables of one page."""
    return tuple(stored.table for stored in tables if stored.page == page)
