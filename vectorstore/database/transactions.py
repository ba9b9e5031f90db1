"""What programs ask of a database with one schema, whether it is SQLite or PostgreSQL.

The statements are the same for both, in SQLite's notation.
"""

import hashlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from vectorstore.database.schema import Columns, Row, Schema


class Transaction(Protocol):
    """Runs statements while it is open; `?` stands for a value. What a statement has found is a
    cursor of the driver: it has fetchone(), fetchall() and rowcount, and gives rows one by one."""

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Any: ...

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> Any: ...


class Database(ABC):
    """The tables of one schema. What cannot be done raises the errors of their owner: for
    a library HomeNotWritable or LibraryError, for what a home has beside them AssistantError."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._local = threading.local()

    @abstractmethod
    def all(self, sql: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        """All rows that one statement finds; each `?` in it stands for one of the values."""

    def one(self, sql: str, *values: object) -> tuple | None:  # type: ignore[type-arg]
        """The first row of one statement; None where there is none."""
        rows = self.all(sql, *values)
        return rows[0] if rows else None

    def write(self, sql: str, *values: object) -> None:
        """Run one statement as its own transaction."""
        with self.transaction() as connection:
            connection.execute(sql, values)

    @abstractmethod
    def note(self, sql: str, *values: object) -> None:
        """Run one statement that a power failure may lose: faster than `write`."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Transaction]:
        """Reads and writes, all or nothing; within another one of this thread a part of it."""

    @abstractmethod
    def read(self) -> AbstractContextManager[Transaction]:
        """Reads one state, whatever others write meanwhile, and hinders nobody."""

    @contextmanager
    def together(self) -> Iterator[None]:
        """Makes one transaction of those of this thread: one wait for the disk. All or nothing.

        Keep it short, because it lets nobody else write.
        """
        around: list[Callable[[], object]] | None = getattr(self._local, "later", None)
        later: list[Callable[[], object]] = []
        with self.transaction():
            self._local.later = later
            try:
                yield
            finally:
                self._local.later = around
        for do in later:
            self.when_kept(do)

    def when_kept(self, do: Callable[[], object]) -> None:
        """Do what cannot be undone: now, or when the transaction of `together` is committed."""
        later: list[Callable[[], object]] | None = getattr(self._local, "later", None)
        if later is None:
            do()
        else:
            later.append(do)

    @abstractmethod
    def faults(self) -> list[str]:
        """What the database finds damaged in itself; empty when all is well."""

    @abstractmethod
    def beside(self, path: Path, more: Schema) -> AbstractContextManager[str]:
        """The tables of an SQLite file with the same schema, and `more`, under the prefix of the
        result."""

    @abstractmethod
    def write_anew(self) -> bool:
        """Leave no byte on the disk of what was deleted. False when somebody still reads it."""

    @abstractmethod
    def fill(self, target: Transaction, source: Transaction) -> None:
        """Replace the contents, in a transaction of this database, by what another one with the
        same schema has."""

    @abstractmethod
    def copy_to(self, path: Path) -> None:
        """Write the present contents into a new SQLite file, also while others write."""

    @abstractmethod
    def replace_by(self, path: Path) -> None:
        """Replace the contents by those of an SQLite file, in one transaction."""

    @abstractmethod
    def close(self) -> None:
        """Close the connections of all threads; the next use opens a new one."""


# -- Copies all rows of a schema from one database into another one, and compares the two

_BATCH = 500  # rows
_ALL = 256  # bits of a sum of hashes


def copy_all(schema: Schema, source: Transaction, target: Transaction) -> None:
    """What the tables have is replaced."""
    for table, columns in reversed(schema.tables.items()):
        if columns.link:  # a trigger that mends links must meet no row that goes as well
            target.execute(f'UPDATE {table} SET "{columns.link}" = NULL')
        target.execute(f"DELETE FROM {table}")
    for table, columns in schema.tables.items():
        marks = ", ".join("?" * len(columns.all))
        insert = f"INSERT INTO {table} ({_quoted(columns.all)}) VALUES ({marks})"
        links: list[Row] = []  # the rows that they lead to may come later
        for rows in _rows(schema, source, table, columns):
            if columns.link:
                at = columns.all.index(columns.link)
                links += [(row[at], *_key(columns, row)) for row in rows if row[at] is not None]
                rows = [(*row[:at], None, *row[at + 1 :]) for row in rows]
            target.executemany(insert, rows)
        if links:
            where = " AND ".join(f'"{name}" = ?' for name in columns.key)
            target.executemany(f'UPDATE {table} SET "{columns.link}" = ? WHERE {where}', links)


def fingerprints(schema: Schema, source: Transaction) -> dict[str, tuple[int, int]]:
    """By table: the number of its rows, and the sum of the hashes of all that they hold. So their
    order does not matter: databases sort texts in ways of their own."""
    found = {}
    for table, columns in schema.tables.items():
        count = total = 0
        for rows in _rows(schema, source, table, columns):
            for row in rows:
                hashed = hashlib.sha256(repr(row).encode("utf-8", "backslashreplace"))
                total += int.from_bytes(hashed.digest())
            count += len(rows)
        found[table] = count, total % (1 << _ALL)
    return found


def _rows(schema: Schema, source: Transaction, table: str, columns: Columns) -> Iterator[list[Row]]:
    """Some at a time, by their keys: a table may be larger than memory."""
    chosen = f"SELECT {_quoted(columns.all)} FROM {table}"
    if not columns.key:
        yield _as_copied(schema, table, columns, source.execute(chosen))
        return
    keys, marks = _quoted(columns.key), ", ".join("?" * len(columns.key))
    last: Row = ()
    while True:
        after = f" WHERE ({keys}) > ({marks})" if last else ""
        found = source.execute(f"{chosen}{after} ORDER BY {keys} LIMIT {_BATCH}", last).fetchall()
        if not found:
            return
        last = _key(columns, found[-1])
        yield _as_copied(schema, table, columns, found)


def _as_copied(schema: Schema, table: str, columns: Columns, found: Iterable[Row]) -> list[Row]:
    """Rows as they are on either database: PostgreSQL has truth values, and no zero bytes in
    texts."""
    truths = [columns.all.index(name) for name in columns.truths]
    rows = []
    for row in found:
        values = [one.replace("\0", "\ufffd") if isinstance(one, str) else one for one in row]
        for at in truths:
            values[at] = bool(values[at])
        if (copied := schema.copied(table, tuple(values))) is not None:
            rows.append(copied)
    return rows


def _key(columns: Columns, row: Row) -> Row:
    return tuple(row[columns.all.index(name)] for name in columns.key)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
