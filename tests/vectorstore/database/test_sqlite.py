"""Files of SQLite."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from vectorstore.catalog.catalog import CatalogFile
from vectorstore.database.schema import Schema, Step
from vectorstore.database.sqlite import OtherVersion, SqliteDatabase, connect, trouble
from vectorstore.errors import HomeNotWritable


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


BOOKS = Schema("books", "books", "CREATE TABLE book (title TEXT PRIMARY KEY);")
LATER = replace(
    BOOKS,
    steps=(
        Step("ALTER TABLE book ADD COLUMN pages INTEGER NOT NULL DEFAULT 1;"),
        Step("CREATE TABLE lent (book TEXT);", sqlite="UPDATE book SET pages = pages * 2;"),
    ),
)


@pytest.fixture(params=[False, True], ids=["opened for each use", "stays open"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteDatabase]:
    with closing(opened(tmp_path / "books.sqlite", BOOKS, request.param)) as database:
        database.write("INSERT INTO book VALUES ('one')")
        yield database


def opened(path: Path, schema: Schema, stays_open: bool) -> SqliteDatabase:
    return SqliteDatabase(path, schema, wait=0.2, stays_open=stays_open)


def test_each_step_of_a_newer_schema_is_gone_once(books: SqliteDatabase) -> None:
    for _ in range(2):
        with closing(opened(books.path, LATER, books._stays_open)) as later:
            assert later.all("SELECT title, pages FROM book") == [("one", 2)]
            assert later.all("SELECT * FROM lent") == []
            assert later.one("PRAGMA user_version") == (3,)
    with pytest.raises(OtherVersion, match="schema 3"):
        books.write("INSERT INTO book VALUES ('two')")


def test_a_step_that_fails_leaves_the_version_before(books: SqliteDatabase) -> None:
    wrong = replace(LATER, steps=(*LATER.steps, Step("INSERT INTO book (title) VALUES ('one');")))
    with pytest.raises(sqlite3.IntegrityError):
        opened(books.path, wrong, books._stays_open).all("SELECT 1")
    assert books.one("PRAGMA user_version") == (1,)
    assert books.all("SELECT * FROM book") == [("one",)]


def test_what_no_release_has_made_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "books.sqlite"
    with closing(connect(path, 1)) as other:
        other.execute("CREATE TABLE book (name)")
    with pytest.raises(OtherVersion):
        opened(path, BOOKS, False).all("SELECT * FROM book")


def test_two_schemas_share_a_file(books: SqliteDatabase) -> None:
    lent = Schema("books", "lent books", "CREATE TABLE IF NOT EXISTS lent (book TEXT);")
    with closing(opened(books.path, lent, books._stays_open)) as other:
        other.write("INSERT INTO lent VALUES ('one')")
        assert other.all("SELECT title FROM book JOIN lent ON book = title") == [("one",)]


def test_who_reads_waits_for_nobody_and_sees_what_was_kept(books: SqliteDatabase) -> None:
    other = opened(books.path, BOOKS, books._stays_open)
    with closing(other), books.transaction() as writing:
        writing.execute("INSERT INTO book VALUES ('two')")
        with other.read() as reading:
            assert reading.execute("SELECT count(*) FROM book").fetchone() == (1,)
        with pytest.raises(sqlite3.OperationalError, match="locked"), other.transaction():
            pass
    assert books.all("SELECT title FROM book ORDER BY title") == [("one",), ("two",)]


def test_a_part_that_fails_takes_only_itself_back(books: SqliteDatabase) -> None:
    with books.transaction():
        books.write("INSERT INTO book VALUES ('two')")
        with suppress(ZeroDivisionError), books.transaction() as part:
            part.execute("DELETE FROM book")
            raise ZeroDivisionError
    with suppress(ZeroDivisionError), books.transaction():
        books.write("DELETE FROM book")
        raise ZeroDivisionError
    assert books.one("SELECT count(*) FROM book") == (2,)


def test_a_file_that_was_deleted_meanwhile_is_begun_anew(tmp_path: Path) -> None:
    books = opened(tmp_path / "books.sqlite", BOOKS, False)
    books.write("INSERT INTO book VALUES ('one')")
    books.path.unlink()
    assert books.all("SELECT * FROM book") == []


def test_contents_are_copied_and_replaced_as_a_whole(books: SqliteDatabase, tmp_path: Path) -> None:
    books.copy_to(tmp_path / "copy.sqlite")
    books.write("DELETE FROM book")
    books.replace_by(tmp_path / "copy.sqlite")
    assert books.all("SELECT * FROM book") == [("one",)]
    assert books.faults() == [] and books.write_anew()


def test_what_hinders_a_copy_is_told_of_the_copy(tmp_path: Path) -> None:
    catalog = CatalogFile(tmp_path / "library" / "catalog.sqlite")
    with pytest.raises(HomeNotWritable, match="stick"):
        catalog.copy_to(tmp_path / "stick" / "missing" / "backup.sqlite")
    catalog.close()
