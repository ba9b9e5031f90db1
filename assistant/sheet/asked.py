"""The columns that a person asked for last in a library, in SQLite: a sheet that is opened on
another day begins with them. Its cells are kept by `kept`."""

import json
from collections.abc import Sequence
from pathlib import Path

from assistant.sheet.column import Column, written
from assistant.storage.sqlite_file import Kept

_SCHEMA = """
CREATE TABLE IF NOT EXISTS asked (
    person  TEXT NOT NULL,        -- their id; empty in a home without accounts
    library TEXT NOT NULL,
    columns TEXT NOT NULL,        -- JSON: as they are written, a column each
    PRIMARY KEY (person, library)
) WITHOUT ROWID;
"""


class AskedColumns(Kept):
    """Of all persons of a home."""

    def __init__(self, path: Path) -> None:
        """Each use raises AssistantError when the file cannot be used."""
        super().__init__(path, _SCHEMA, "columns of sheets")

    def of(self, person: str, library: str) -> list[str]:
        """As they are written, a column each; empty where nothing was asked yet."""
        if not self.is_there():  # reading makes nothing
            return []
        with self._connected() as connection:
            kept = connection.execute(
                "SELECT columns FROM asked WHERE person = ? AND library = ?", (person, library)
            ).fetchone()
        return list(json.loads(kept[0])) if kept else []

    def put(self, person: str, library: str, asked: Sequence[Column]) -> None:
        """In the place of those before."""
        lines = json.dumps([written(column) for column in asked])
        with self._connected() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO asked (person, library, columns) VALUES (?, ?, ?)",
                (person, library, lines),
            )

    def rename_library(self, old: str, new: str) -> None:
        """What was of one library is of another one, whosever it is."""
        with self._connected() as connection:
            connection.execute(
                "UPDATE OR REPLACE asked SET library = ? WHERE library = ?", (new, old)
            )

    def drop(self, person: str) -> None:
        """Delete what a person asked."""
        if not self.is_there():
            return
        with self._connected() as connection:
            gone = connection.execute("DELETE FROM asked WHERE person = ?", (person,)).rowcount
        if gone:
            self._write_anew()
