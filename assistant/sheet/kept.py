"""The cells that were filled, in SQLite: by the bytes of the document, the question and the model.

A document that changes, another model and a new question have no cell yet: only these are asked.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.sheet.cell import Cell, from_json
from assistant.sheet.column import Column
from assistant.storage.sqlite_file import Kept

MAKER = 2  # raised when cells are made in another way: those of before are asked again
_BEFORE = 1  # whose cells are made in the same way, but for the empty ones

_SCHEMA = """
CREATE TABLE IF NOT EXISTS cell (
    library  TEXT NOT NULL,
    sha256   TEXT NOT NULL,       -- of the document's file
    question TEXT NOT NULL,       -- JSON: head, question, kind
    model    TEXT NOT NULL,       -- who answered, see `SheetCells`
    document TEXT NOT NULL,
    cell     TEXT NOT NULL,       -- JSON: a Cell
    PRIMARY KEY (library, sha256, question, model)
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class SheetKey:
    """What a cell depends on."""

    library: str
    document: str
    sha256: str
    column: Column
    model: str

    def row(self, maker: int) -> tuple[str, str, str, str]:
        """Without the name of the document, which may change."""
        question = json.dumps([self.column.head, self.column.question, self.column.kind])
        return self.library, self.sha256, question, f"{maker} {self.model}"


class SheetCells(Kept):
    """All cells of a home."""

    def __init__(self, path: Path) -> None:
        """Each use raises AssistantError when the file cannot be used."""
        super().__init__(path, _SCHEMA, "cells of sheets")

    def get(self, key: SheetKey) -> Cell | None:
        """The cell, under the present name of its document; None when it was never filled."""
        found = self._row(key.row(MAKER))
        if found is None and (before := self._row(key.row(_BEFORE))):
            found = before if before["state"] != "empty" else None
        return from_json({**found, "document": key.document}) if found else None

    def _row(self, row: tuple[str, str, str, str]) -> dict[str, Any] | None:
        with self._connected() as connection:
            kept = connection.execute(
                "SELECT cell FROM cell WHERE library = ? AND sha256 = ? AND question = ?"
                " AND model = ?", row,
            ).fetchone()  # fmt: skip
        found: dict[str, Any] | None = json.loads(kept[0]) if kept else None
        return found

    def put(self, key: SheetKey, cell: Cell) -> None:
        """Keep a cell."""
        with self._connected() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO cell (library, sha256, question, model, document, cell)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (*key.row(MAKER), key.document, json.dumps(cell.to_json())),
            )

    def rename_library(self, old: str, new: str) -> None:
        """What was of one library is of another one, whosever it is."""
        with self._connected() as connection:
            connection.execute(
                "UPDATE OR REPLACE cell SET library = ? WHERE library = ?", (new, old)
            )

    def forget(self, library: str, document: str) -> int:
        """Delete the cells of a document, and count them."""
        with self._connected() as connection:
            gone = connection.execute(
                "DELETE FROM cell WHERE library = ? AND document = ?", (library, document)
            ).rowcount
        if gone:
            self._write_anew()
        return int(gone)
