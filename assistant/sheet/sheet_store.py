"""The cells of sheets, stored in SQLite, and a filled sheet as XLSX, as CSV and as JSON."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.export.documents import BookCell, Tab, Tone, workbook
from assistant.sheet.cell import Cell, Column, from_json, written
from assistant.storage.part import Kept
from ingest.document.source import readable
from ingest.platform.process import usual_rights
from vectorstore.catalog.rows import DocumentInfo
from vectorstore.database.schema import Schema

# Raised when cells are made in another way: those of before are asked again.
_MAKER = "2"

_SHEETS = Schema("sheets", "sheets", """
CREATE TABLE IF NOT EXISTS asked (
    person  TEXT NOT NULL,        -- their id; empty in a home without accounts
    library TEXT NOT NULL,
    columns TEXT NOT NULL,        -- JSON: as they are written, a column each
    PRIMARY KEY (person, library)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cell (
    library  TEXT NOT NULL,
    sha256   TEXT NOT NULL,       -- of the document's file
    question TEXT NOT NULL,       -- JSON: head, question, kind
    model    TEXT NOT NULL,       -- who answered, see `SheetKey`
    document TEXT NOT NULL,
    cell     TEXT NOT NULL,       -- JSON: a Cell
    PRIMARY KEY (library, sha256, question, model)
) WITHOUT ROWID;
""")  # fmt: skip


@dataclass(frozen=True)
class SheetKey:
    """What a cell depends on: a document that changes, another model and a new question have no
    cell yet, and only these are asked."""

    library: str
    document: str
    sha256: str
    column: Column
    model: str

    @property
    def row(self) -> tuple[str, str, str, str]:
        """The columns of the table's key, without the document's name, which may change."""
        question = json.dumps([self.column.head, self.column.question, self.column.kind])
        return self.library, self.sha256, question, f"{_MAKER} {self.model}"


class SheetStore(Kept):
    """The sheets of a home, in SQLite: the cells that were filled, and the columns that each person
    asked for last in a library, with which a sheet begins that is opened on another day."""

    def __init__(self, path: Path) -> None:
        """Each use raises AssistantError when the file cannot be used."""
        super().__init__(path, _SHEETS)

    def get(self, key: SheetKey) -> Cell | None:
        """The cell, under the present name of its document; None when it was never filled."""
        with self._reading() as connection:
            kept = connection.execute(
                "SELECT cell FROM cell WHERE library = ? AND sha256 = ? AND question = ?"
                " AND model = ?", key.row
            ).fetchone()  # fmt: skip
        return from_json({**json.loads(kept[0]), "document": key.document}) if kept else None

    def put(self, key: SheetKey, cell: Cell) -> None:
        """Store a cell, replacing an earlier one of the same key."""
        with self._connected() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO cell (library, sha256, question, model, document, cell)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (*key.row, key.document, json.dumps(cell.to_json())),
            )

    def columns(self, person: str, library: str) -> list[str]:
        """A person's columns as typed, one string each; empty before the first ones."""
        if not self.is_there():  # reading makes nothing
            return []
        with self._reading() as connection:
            kept = connection.execute(
                "SELECT columns FROM asked WHERE person = ? AND library = ?", (person, library)
            ).fetchone()
        return list(json.loads(kept[0])) if kept else []

    def put_columns(self, person: str, library: str, asked: Sequence[Column]) -> None:
        """Store a person's columns, replacing the earlier ones."""
        lines = json.dumps([written(column) for column in asked])
        with self._connected() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO asked (person, library, columns) VALUES (?, ?, ?)",
                (person, library, lines),
            )

    def rename_library(self, old: str, new: str) -> None:
        """What was of one library is of another one, whosever it is."""
        with self._connected() as connection:
            for table in ("cell", "asked"):
                connection.execute(
                    f"UPDATE OR REPLACE {table} SET library = ? WHERE library = ?", (new, old)
                )

    def forget(self, library: str, document: str) -> int:
        """Delete the cells of a document, and count them."""
        return self._deleted("cell WHERE library = ? AND document = ?", library, document)

    def forget_person(self, person: str) -> None:
        """Delete all columns that a person has asked for."""
        if self.is_there():
            self._deleted("asked WHERE person = ?", person)

    def _deleted(self, which: str, *given: str) -> int:
        with self._connected() as connection:
            gone = connection.execute(f"DELETE FROM {which}", given).rowcount
        if gone:
            self._write_anew()
        return int(gone)


_TONES: Mapping[str, Tone] = {"doubtful": "doubtful", "failed": "failed"}
_SOURCES = "Sources"
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would take it for a formula
_SOURCE_HEADS = (
    "Document", "Column", "Value", "State", "Page", "Line", "Quote", "Answer", "Question", "Why",
)  # fmt: skip


def save_sheet(path: Path, cells: Sequence[Cell], documents: Iterable[DocumentInfo]) -> None:
    """Save a sheet, in the format of the file's ending. Raises AssistantError."""
    check_output(path)
    made = {
        ".xlsx": lambda: as_workbook(cells, documents),
        ".csv": lambda: as_csv(cells).encode("utf-8-sig"),  # so that Excel reads it as UTF-8
        ".json": lambda: f"{json.dumps(as_json(cells), ensure_ascii=False)}\n".encode(),
    }[path.suffix.lower()]()
    try:
        with usual_rights():
            path.write_bytes(made)
    except OSError as error:
        raise AssistantError(
            f"{path} cannot be written: {error.strerror}. The cells are kept: give another --out."
        ) from error


def check_output(path: Path) -> None:
    """Check a path before hours are spent. Raises AssistantError for an unknown format, and for a
    missing folder."""
    if path.suffix.lower() not in (".xlsx", ".csv", ".json"):
        raise AssistantError(f"{path} must end with .xlsx, .csv or .json.")
    if not path.absolute().parent.is_dir():
        raise AssistantError(f"There is no folder {path.absolute().parent}.")


def as_json(cells: Sequence[Cell]) -> dict[str, Any]:
    """A sheet as JSON: {"columns", "documents", "cells"}."""
    columns = {cell.head: {"question": cell.question, "kind": cell.kind} for cell in cells}
    return {
        "columns": [{"head": head, **about} for head, about in columns.items()],
        "documents": list(dict.fromkeys(cell.document for cell in cells)),
        "cells": [cell.to_json() for cell in cells],
    }


def as_csv(cells: Sequence[Cell]) -> str:
    """A row for each document; beside each value where it stands, and whether it is doubtful."""
    heads, rows = _grid(cells)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    asked = [f"{head}{what}" for head in heads for what in ("", " (where)", " (state)")]
    writer.writerow(["document", *map(_harmless, asked)])
    for document, row in rows.items():
        parts = [(row[h].value, row[h].place, row[h].state) if h in row else ("",) * 3
                 for h in heads]  # fmt: skip
        writer.writerow([_harmless(readable(document)), *map(_harmless, sum(parts, ()))])
    return buffer.getvalue()


def as_workbook(cells: Sequence[Cell], documents: Iterable[DocumentInfo]) -> bytes:
    """The sheet, and a second one with the source of each value."""
    files = {info.document: _address(info.path) for info in documents}
    heads, rows = _grid(cells)
    at = {(c.document, c.head): number for number, c in enumerate(cells, start=2)}
    table = [
        [BookCell(readable(document), link=files.get(document, "")),
         *(_cell(row[h], files, at) if h in row else BookCell(None) for h in heads)]
        for document, row in rows.items()
    ]  # fmt: skip
    sources = [_source(cell, files) for cell in cells]
    return workbook(
        [Tab("Sheet", ["Document", *heads], table), Tab(_SOURCES, _SOURCE_HEADS, sources)]
    )


def _grid(cells: Sequence[Cell]) -> tuple[list[str], dict[str, dict[str, Cell]]]:
    rows: dict[str, dict[str, Cell]] = {}
    for cell in cells:
        rows.setdefault(cell.document, {})[cell.head] = cell
    return list(dict.fromkeys(cell.head for cell in cells)), rows


def _cell(cell: Cell, files: Mapping[str, str], at: Mapping[tuple[str, str], int]) -> BookCell:
    note = "\n".join(filter(None, (cell.place, cell.quote and f"“{cell.quote}”", cell.why)))
    link = _page(cell, files) if cell.page else ""
    inside = f"#'{_SOURCES}'!A{at[cell.document, cell.head]}" if cell.page else ""
    value, form = _typed(cell)
    return BookCell(value, note, link or inside, _TONES.get(cell.state, ""), form)


def _typed(cell: Cell) -> tuple[str | float | date | None, str]:
    if cell.kind == "date" and isinstance(cell.typed, str):
        try:
            return date.fromisoformat(cell.typed), "yyyy-mm-dd"
        except ValueError:
            return cell.value, ""
    if cell.kind in ("money", "number") and isinstance(cell.typed, float):
        unit = f' "{cell.unit.upper()}"' if cell.unit.replace('"', "") else ""
        whole = cell.kind == "number" and cell.typed.is_integer()
        return cell.typed, f"#,##0{'' if whole else '.00'}{unit}"
    return cell.value or None, ""


def _source(cell: Cell, files: Mapping[str, str]) -> list[BookCell]:
    where = BookCell(cell.page or None, link=_page(cell, files))
    words = (cell.quote, cell.answer, cell.question, cell.why)
    return [
        BookCell(readable(cell.document)), BookCell(cell.head), BookCell(cell.value),
        BookCell(cell.state, tone=_TONES.get(cell.state, "")), where, BookCell(cell.line or None),
        *map(BookCell, words),
    ]  # fmt: skip


def _page(cell: Cell, files: Mapping[str, str]) -> str:
    """The file's URL with the page after #, which PDF viewers open; other viewers ignore it."""
    address = files.get(cell.document, "")
    return f"{address}#page={cell.page}" if address and cell.page else ""


def _address(path: str) -> str:
    """The file's URL; empty where the file no longer exists, or is inside an archive."""
    file = Path(path)
    return file.as_uri() if file.is_absolute() and file.is_file() else ""


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_DANGEROUS) else text
