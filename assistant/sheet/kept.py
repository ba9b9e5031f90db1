"""The cells that were filled, in SQLite: by the bytes of the document, the question and the model.

A document that changes, another model and a new question have no cell yet: only these are asked.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from assistant.sheet.cell import Cell, from_json
from assistant.sheet.column import Column
from assistant.storage.sqlite_file import Connection, Kept

MAKER = 2  # raised when cells are made in another way: those of before are asked again
_ASKED = 1  # who asked alone: its filled cells stay, its empty ones are read
_OF = "library = ? AND sha256 = ? AND question = ? AND model = ?"

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
        if found := self._row(key, MAKER):
            return found
        before = self._row(key, _ASKED)
        return before if before and before.state != "empty" else None

    def asked(self, key: SheetKey) -> Cell | None:
        """The empty cell of a question that was refused, and not read since."""
        found = self._row(key, _ASKED)
        return found if found and found.state == "empty" else None

    def put(self, key: SheetKey, cell: Cell) -> None:
        """Keep a cell."""
        with self._connected() as connection:
            self._write(connection, key, cell, MAKER)
            connection.execute(f"DELETE FROM cell WHERE {_OF}", key.row(_ASKED))

    def put_asked(self, key: SheetKey, cell: Cell) -> None:
        """Keep the empty cell of a question that was refused, until it is read."""
        with self._connected() as connection:
            self._write(connection, key, cell, _ASKED)

    def _row(self, key: SheetKey, maker: int) -> Cell | None:
        with self._connected() as connection:
            kept = connection.execute(
                f"SELECT cell FROM cell WHERE {_OF}", key.row(maker)
            ).fetchone()  # fmt: skip
        return from_json({**json.loads(kept[0]), "document": key.document}) if kept else None

    def _write(self, connection: Connection, key: SheetKey, cell: Cell, maker: int) -> None:
        connection.execute(
            "INSERT OR REPLACE INTO cell (library, sha256, question, model, document, cell)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (*key.row(maker), key.document, json.dumps(cell.to_json())),
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
