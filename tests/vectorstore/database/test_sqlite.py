"""Files of SQLite."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from vectorstore.database.sqlite import connect, trouble


def test_no_byte_of_what_is_deleted_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with closing(connect(path, 1)) as connection:
        connection.executescript("CREATE TABLE said (text); INSERT INTO said VALUES ('volcano');")
        assert b"volcano" in path.read_bytes()
        connection.execute("DELETE FROM said")
        connection.commit()
    assert b"volcano" not in path.read_bytes()


def test_a_file_may_not_call_what_reaches_beyond_it(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE VIEW evil AS SELECT beyond();")
    with closing(connect(path, 1)) as connection:
        connection.create_function("beyond", 0, lambda: "reached")
        with pytest.raises(sqlite3.OperationalError, match="unsafe use"):
            connection.execute("SELECT * FROM evil")


def test_what_hinders_is_told_from_the_message(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with closing(connect(path, 1)) as one, closing(connect(path, 0)) as other:
        one.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError) as busy:
            other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError) as unopened:
        connect(tmp_path / "none" / "a.sqlite", 1)
    (tmp_path / "text").write_text("no database, and long enough to be read as one" * 9)
    with (
        pytest.raises(sqlite3.DatabaseError) as damaged,
        closing(connect(tmp_path / "text", 1)) as it,
    ):
        it.execute("SELECT * FROM sqlite_schema")
    errors = busy, unopened, damaged
    assert [trouble(error.value) for error in errors] == ["busy", "unopened", "damaged"]
    assert trouble(OSError(28, "No space left on device")) == "full"
    assert trouble(PermissionError(13, "Permission denied")) == "closed"
