"""What programs ask of a database with one schema, whether it is SQLite or PostgreSQL.

The statements are the same for both, in SQLite's notation.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from vectorstore.database.schema import Schema


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
