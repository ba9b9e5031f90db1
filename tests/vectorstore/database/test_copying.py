"""Rows go from one database into another one."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from vectorstore.database.schema import Database, Schema, fingerprints
from vectorstore.database.sqlite import SqliteDatabase
from vectorstore.team.postgres import PostgresDatabase, Server

SHELF = Schema(
    "shelf", "shelf",
    """
    CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT);
    CREATE TABLE book (
        id INTEGER PRIMARY KEY, title TEXT NOT NULL, lent INT NOT NULL, weight REAL, cover BLOB,
        newer INTEGER REFERENCES book
    );
    CREATE TABLE page (book INTEGER NOT NULL REFERENCES book ON DELETE CASCADE, text TEXT);
    """,
)  # fmt: skip


@pytest.fixture
def in_postgres(postgres: Server) -> Iterator[PostgresDatabase]:
    database = PostgresDatabase(postgres, "pincite_shelf", SHELF)
    with database.plain_transaction() as connection:
        connection.run("CREATE SCHEMA pincite_shelf")
        connection.make(SHELF)
    yield database
    database.all("DROP SCHEMA pincite_shelf CASCADE")
    database.close()


def moved(source: Database, target: Database) -> None:
    with source.read() as reading, target.transaction() as writing:
        target.fill(writing, reading)
    with source.read() as one, target.read() as other:
        assert fingerprints(SHELF, one) == fingerprints(SHELF, other)


def test_all_rows_go_and_come_back(tmp_path: Path, in_postgres: PostgresDatabase) -> None:
    first, last = (SqliteDatabase(tmp_path / f"{n}.sqlite", SHELF) for n in range(2))
    with closing(first), closing(last):
        with first.transaction() as writing:
            rows = [
                (n, f"{n}\0", n % 2, n / 3, bytes([n % 256]), n + 1 if n < 1200 else None)
                for n in range(1200, 0, -1)
            ]
            writing.executemany("INSERT INTO book VALUES (?, ?, ?, ?, ?, ?)", rows)
            writing.executemany("INSERT INTO page VALUES (?, ?)", [(7, "a"), (7, "a"), (9, None)])
            writing.execute("INSERT INTO about VALUES ('name', 'shelf')")
        last.write("INSERT INTO about VALUES ('name', 'another')")
        moved(first, in_postgres)
        assert in_postgres.one("SELECT lent, title, newer FROM book WHERE id = 7") == (
            1,
            "7\ufffd",
            8,
        )
        in_postgres.write("INSERT INTO book (title, lent) VALUES ('new', 0)")
        assert in_postgres.one("SELECT id FROM book WHERE title = 'new'") == (1201,)
        moved(in_postgres, last)
        assert last.all("SELECT * FROM about") == [("name", "shelf")]
        assert last.one("SELECT lent, weight, cover FROM book WHERE id = 7") == (1, 7 / 3, b"\x07")


def test_a_row_that_differs_is_found(tmp_path: Path, in_postgres: PostgresDatabase) -> None:
    with closing(SqliteDatabase(tmp_path / "shelf.sqlite", SHELF)) as shelf:
        shelf.write("INSERT INTO book (title, lent) VALUES ('one', 1)")
        moved(shelf, in_postgres)
        for change in ("UPDATE book SET lent = 0", "DELETE FROM book"):
            in_postgres.write(change)
            with shelf.read() as one, in_postgres.read() as other:
                before, after = fingerprints(SHELF, one), fingerprints(SHELF, other)
            assert before["book"] != after["book"] and before["page"] == after["page"]
