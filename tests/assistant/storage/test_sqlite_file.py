"""The SQLite files of a home."""

import sqlite3
import threading
from pathlib import Path

import pytest

from assistant.errors import AssistantError
from assistant.storage.part import HomeFile, Kept, mark_of
from vectorstore.database.schema import Schema

_TABLES = "".join(f"CREATE TABLE IF NOT EXISTS kept_{n} (a TEXT);" for n in range(5))
_ROWS = Schema("rows", "rows", _TABLES)


def test_many_that_begin_a_file_together_all_find_it_usable(tmp_path: Path) -> None:
    """As when the app draws a page while the thread of a sheet begins to write."""
    failed: list[Exception] = []

    def begin(path: Path, together: threading.Barrier) -> None:
        kept = Kept(path, _ROWS)
        together.wait(60)
        try:
            with kept._connected():
                pass
        except Exception as error:
            failed.append(error)

    for n in range(40):
        path, together = tmp_path / f"{n}.sqlite", threading.Barrier(6)
        threads = [threading.Thread(target=begin, args=(path, together)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with sqlite3.connect(path) as connection:
            assert len(connection.execute("SELECT 1 FROM sqlite_schema").fetchall()) == 5
    assert not failed


def test_who_opens_a_file_while_it_moves_to_postgresql_finds_no_empty_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = HomeFile(tmp_path / "rows.sqlite", _ROWS)
    mark_of(file.path).touch()
    monkeypatch.setattr(file, "_before", lambda: None)  # it was still there a moment ago
    for use in (file.read, file.transaction):
        with pytest.raises(AssistantError, match="moved to PostgreSQL"), use():
            pass
    assert file.path.stat().st_size == 0, "tables were made"
