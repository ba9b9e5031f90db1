"""Tables that are written once, in both databases."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from vectorstore.database.schema import Columns, Schema
from vectorstore.team.postgres import Connections, Inside, Server

BOOKS = Schema(
    "books", "books",
    """
    CREATE TABLE IF NOT EXISTS book (
        number INTEGER PRIMARY KEY AUTOINCREMENT,  -- INTEGER and TEXT of a comment do no harm
        title  TEXT NOT NULL UNIQUE
    );
    CREATE TABLE IF NOT EXISTS lent (
        person TEXT,
        book   INTEGER,
        PRIMARY KEY (person, book)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS next (book INTEGER NOT NULL PRIMARY KEY, after INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS seen (person TEXT, at DOUBLE PRECISION);
    """,
    sqlite="CREATE VIEW IF NOT EXISTS titles AS SELECT title FROM book;",
    postgres="CREATE OR REPLACE VIEW titles AS SELECT title COLLATE {collation} FROM book;",
)  # fmt: skip


@pytest.fixture
def in_postgres(postgres: Server) -> Iterator[Inside]:
    """In a transaction that leaves nothing."""
    connections = Connections(postgres, "pincite_books")
    with connections.one("BEGIN") as connection:
        inside = Inside(connection)
        inside.run("CREATE SCHEMA pincite_books")
        inside.run(BOOKS.in_postgres('"default"'))
        yield inside
        connection.execute("ROLLBACK")
    connections.close()


def test_tables_are_told_with_their_columns_and_keys() -> None:
    assert BOOKS.tables == {
        "book": Columns(("number", "title"), ("number",), numbered=True),
        "lent": Columns(("person", "book"), ("person", "book"), numbered=False),
        "next": Columns(("book", "after"), ("book",), numbered=False),
        "seen": Columns(("person", "at"), (), numbered=False),
    }


def test_both_databases_have_the_same_columns_and_number_the_same_rows(in_postgres: Inside) -> None:
    for table, columns in BOOKS.tables.items():
        rows = in_postgres.execute(
            "SELECT column_name, is_identity FROM information_schema.columns"
            " WHERE table_schema = 'pincite_books' AND table_name = ? ORDER BY ordinal_position",
            (table,),
        ).fetchall()
        assert tuple(name for name, _ in rows) == columns.all
        assert ("YES" in dict(rows).values()) == columns.numbered


def test_both_databases_sort_texts_alike(in_postgres: Inside) -> None:
    titles = [("a",), ("Z",), ("Ä",), ("b c",), ("bc",), ("ß",)]
    found = []
    with closing(sqlite3.connect(":memory:")) as in_sqlite:
        in_sqlite.executescript(BOOKS.in_sqlite())
        for connection in (in_sqlite, in_postgres):
            connection.executemany("INSERT INTO book (title) VALUES (?)", titles)
            found.append(connection.execute("SELECT title FROM titles").fetchall())
            found.append(connection.execute("SELECT title FROM book ORDER BY title").fetchall())
    assert sorted(found[0]) == sorted(found[2]) == sorted(titles)
    assert found[1] == found[3]


def test_a_script_makes_only_what_is_not_there(in_postgres: Inside) -> None:
    in_postgres.execute("INSERT INTO book (title) VALUES ('one')")
    in_postgres.run(BOOKS.in_postgres('"default"'))
    assert in_postgres.execute("SELECT number, title FROM book").fetchall() == [(1, "one")]
