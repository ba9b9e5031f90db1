"""A SQLite file with a schema: transactions, a connection for each thread, errors as sentences."""

import sqlite3
import threading
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from vectorstore.catalog import rows
from vectorstore.catalog.engine import Engine
from vectorstore.database.schema import Schema
from vectorstore.database.sqlite import Trouble, connect, trouble
from vectorstore.errors import DamagedCatalog, HomeNotWritable, LibraryBusy, LibraryError

# -- Full-text search by SQLite's FTS5


class Fts5:
    """The `Words` of SQLite."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def passages(
        self, match: str, k: int, hidden: bool, documents: Collection[str] | None
    ) -> list[tuple[str, float]]:
        """See `Words`."""
        only = documents is not None
        found = self._database.all(
            f"{rows.WITHIN if only else ''}"
            "SELECT chunk.id, -hit.score FROM (SELECT rowid, bm25(chunk_words) AS score"
            f" FROM chunk_words WHERE chunk_words MATCH ? {'' if hidden else f'AND {rows.SEEN}'}"
            f"{rows.BETWEEN if only else ''} ORDER BY rank LIMIT ?) AS hit"
            " JOIN chunk ON chunk.rowid = hit.rowid ORDER BY hit.score",
            *([rows.listed(documents)] if documents is not None else []),
            match,
            k,
        )
        return [(row[0], row[1]) for row in found]

    def cards(self, match: str) -> list[tuple[str, float]]:
        """See `Words`."""
        found = self._database.all(
            "SELECT name, -bm25(card_words) FROM card_words JOIN document"
            " ON document.id = card_words.rowid WHERE card_words MATCH ?",
            match,
        )
        return [(row[0], row[1]) for row in found]

    def has(self, rowid: int, match: str) -> bool:
        """See `Words`."""
        has = "SELECT 1 FROM chunk_words WHERE rowid = ? AND chunk_words MATCH ?"
        return bool(self._database.one(has, rowid, match))

    def count(self, match: str) -> int:
        """See `Words`."""
        row = self._database.one(
            "SELECT count(*) FROM chunk_words WHERE chunk_words MATCH ?", match
        )
        return int(row[0]) if row else 0


def script(name: str) -> str:
    """The text of a script in this folder."""
    return Path(__file__).with_name(f"{name}.sql").read_text("utf-8")


CATALOG = Schema("catalog", "catalogue", script("schema"), script("sqlite"))
SCHEMA_VERSION = 10
FIRST = 10  # the version of CATALOG; each `schema_N.sql` leads to the next one
MOVED = 1_000_000  # in the place of it: the catalogue is in PostgreSQL now
_WAIT = 60.0  # seconds to wait for the transaction of another process
_PATIENCE = 5.0  # seconds to wait for readers of an older state

# To begin, to end and to undo a transaction, and one inside of another.
_OUTER = "BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",)
_INNER = "SAVEPOINT part", "RELEASE part", ("ROLLBACK TO part", "RELEASE part")


class Database(Engine):
    """Each thread has its own connection; readers never wait for a writer."""

    def __init__(self, path: Path) -> None:
        """Raises HomeNotWritable or LibraryError."""
        super().__init__()
        self.words = Fts5(self)
        self._path = path
        self._open: dict[threading.Thread, _Held] = {}
        self._opening = threading.Lock()
        with _sentences(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._create()

    def all(self, sql: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        with _sentences(self._path), self._using() as connection:
            return connection.execute(sql, values).fetchall()

    def note(self, sql: str, *values: object) -> None:
        """Run one statement that a power failure may lose: 30 times as fast as `write`."""
        if self._connection().in_transaction:  # SQLite refuses the change, which would gain nothing
            self.write(sql, *values)
            return
        self.all("PRAGMA synchronous = NORMAL")
        try:
            self.all(sql, *values)
        finally:
            self.all("PRAGMA synchronous = FULL")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, also within `together`. Raises HomeNotWritable or LibraryError."""
        with _sentences(self._path), self._using() as connection:
            inner = connection.in_transaction
            begin, end, undo = _INNER if inner else _OUTER
            connection.execute(begin)
            try:
                self._check_version()  # a newer version may have taken the file over since
                yield connection
                connection.execute(end)
            except BaseException:
                if connection.in_transaction:  # a full disk ends it
                    for statement in undo:
                        connection.execute(statement)
                raise

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Reads one state, whatever others write meanwhile."""
        with _sentences(self._path), self._using() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    def columns(self, table: str) -> list[str]:
        return [
            row[0] for row in self.all(f"SELECT name FROM pragma_table_info('{table}', 'main')")
        ]

    def faults(self) -> list[str]:
        found = [str(row[0]) for row in self.all("PRAGMA quick_check(3)")]
        return [] if found == ["ok"] else found

    @contextmanager
    def beside(self, path: Path) -> Iterator[str]:
        """The tables of another catalogue under the prefix of the result."""
        self.write("ATTACH DATABASE ? AS next", str(path))
        try:
            yield "next."
        finally:
            self.write("DETACH DATABASE next")

    def merge_words(self) -> None:
        """FTS5 keeps the words of deleted rows until it merges its parts."""
        with self.transaction() as connection:
            for table in ("chunk_words", "card_words"):
                connection.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")

    def write_anew(self) -> bool:
        """Write the file without anything that was deleted, also to its log (WAL).

        False when a reader of an older state keeps the log. Raises HomeNotWritable or LibraryError.
        """
        self.all("VACUUM")
        self.all(f"PRAGMA busy_timeout = {int(_PATIENCE * 1000)}")
        try:
            ((busy, _, _),) = self.all("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self.all(f"PRAGMA busy_timeout = {int(_WAIT * 1000)}")
        return not busy

    def copy_to(self, path: Path) -> None:
        """Write the present contents into a new file, also while others write."""
        self._between(self._path, path)

    def replace_by(self, path: Path) -> None:
        """Replace the contents by those of another file, in one transaction."""
        self._between(path, self._path)

    def _between(self, source: Path, target: Path) -> None:
        with (
            _sentences(target),
            closing(sqlite3.connect(source, timeout=_WAIT)) as one,
            closing(sqlite3.connect(target, timeout=_WAIT)) as other,
        ):
            one.backup(other)  # all pages in one step: nothing can intervene

    def close(self) -> None:
        """Close the connections of all threads; the next use opens a new one.

        Waits for what the others are at.
        """
        with self._opening:
            self._local = threading.local()
            all_held = list(self._open.values())
            self._open.clear()
        for held in all_held:
            held.close()

    def _create(self) -> None:
        connection = self._connection()
        version = self._check_version()
        if version == 0:
            connection.execute("PRAGMA journal_mode = WAL")
            self._change(CATALOG.in_sqlite, FIRST)
        for step in range(max(version, FIRST) + 1, SCHEMA_VERSION + 1):
            self._change(script(f"schema_{step}"), step)

    def _change(self, script: str, version: int) -> None:
        """Run the script of this version of the schema, all or nothing."""
        with self.transaction() as connection:
            if self._version() >= version:
                return  # another process was faster: no step may run twice
            for statement in _statements(script):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version}")

    def _check_version(self) -> int:
        """The file's version of the schema, 0 for a new file. Raises LibraryError for a newer one,
        and for one that was never released."""
        version = self._version()
        if version == MOVED:
            raise LibraryError(f"{self._path} was moved to PostgreSQL meanwhile: start again.")
        if version > SCHEMA_VERSION:
            raise LibraryError(
                f"{self._path} was made by a newer version of Pincite (schema {version}, this one "
                f"reads up to {SCHEMA_VERSION}). Use that version, or start a new library."
            )
        if 0 < version < FIRST:
            raise LibraryError(unreleased(self._path, version))
        return version

    def _version(self) -> int:
        return int(self._connection().execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, which no other thread closes meanwhile."""
        while True:
            held = self._held()
            with held.lock:
                if not held.closed:
                    yield held.connection
                    return

    def _connection(self) -> sqlite3.Connection:
        return self._held().connection

    def _held(self) -> "_Held":
        held: _Held | None = getattr(self._local, "held", None)
        if held is None or held.closed:
            return self._connect()
        return held

    def _connect(self) -> "_Held":
        with self._opening:
            for thread in [thread for thread in self._open if not thread.is_alive()]:
                self._open.pop(thread).close()  # the app has a thread for each click
            connection = connect(self._path, _WAIT, explicit=True)
            connection.execute("PRAGMA synchronous = FULL")  # what was reported as added, stays
            held = self._local.held = self._open[threading.current_thread()] = _Held(connection)
            return held


class _Held:
    """A thread's connection. SQLite ends the process when one thread closes what another uses."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.lock = threading.RLock()
        self.closed = False

    def close(self) -> None:
        with self.lock:
            self.closed = True
            self.connection.close()


def unreleased(place: object, version: int) -> str:
    """What to do with a catalogue of a schema below FIRST."""
    return (
        f"{place} was made by a version of Pincite that was never released (schema {version}, this "
        f"one reads from {FIRST}), and nothing in it was changed. Move its folder away and add the "
        "documents again: files/ in that folder holds copies of them."
    )


def _statements(script: str) -> Iterator[str]:
    """Each begins on a line of its own: `executescript` would end the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    """Turns errors of SQLite and of the system into sentences."""
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        raise _sentence(path, error) from error
    except sqlite3.ProgrammingError as error:
        if "closed" not in str(error):
            raise
        raise LibraryError(f"The library in {path.parent} was closed meanwhile.") from error
    except UnicodeDecodeError as error:  # SQLite quotes damaged bytes in its own message
        raise _damaged(path, "signs of no alphabet") from error
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError):
            raise
        raise _damaged(path, error) from error


def _damaged(path: Path, why: object) -> DamagedCatalog:
    return DamagedCatalog(
        f"{path} is damaged ({why}). `pincite restore FILE` puts a backup in its place; without "
        "one, move its folder away and add the documents again: its files/ holds copies of them."
    )


_SENTENCES: dict[Trouble, tuple[type[LibraryError], str]] = {
    "full": (
        HomeNotWritable,
        "The disk is full: the library is as it was before this step. Free some space near",
    ),
    "failing": (
        HomeNotWritable,
        "The disk is full or failing. Free some space, or check the disk, near",
    ),
    "closed": (HomeNotWritable, "This folder cannot be written; choose another --home than"),
    "unopened": (HomeNotWritable, "This folder cannot be opened for writing:"),
    "busy": (LibraryBusy, "Another process has been writing for a minute; try again later:"),
}


def _sentence(path: Path, error: Exception) -> LibraryError:
    if said := _SENTENCES.get(trouble(error)):
        kind, sentence = said
        return kind(f"{sentence} {path.parent}")
    return LibraryError(f"{path} could not be used: {error}.")
