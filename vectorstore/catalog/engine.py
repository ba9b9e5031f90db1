"""What a catalogue asks of the database below it: SQLite, or PostgreSQL for a team.

The statements of the catalogue are the same for both. What differs is here, and in `Words`.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ingest.document.model import Table


class Rows(Protocol):
    """What a statement has found."""

    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...

    def __iter__(self) -> Iterator[Any]: ...


class Transaction(Protocol):
    """Runs statements while it is open; `?` stands for a value."""

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Rows: ...

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> Any: ...


class Words(Protocol):
    """Full-text search. `match` is an expression of `ingest.language.words`: quoted words and
    phrases with OR between them."""

    def passages(
        self, match: str, k: int, hidden: bool, documents: Collection[str] | None
    ) -> list[tuple[str, float]]:
        """(chunk id, BM25 score), best first; of some documents if any are given."""

    def cards(self, match: str) -> list[tuple[str, float]]:
        """(document name, BM25 score)."""

    def has(self, rowid: int, match: str) -> bool:
        """Whether a passage matches."""

    def count(self, match: str) -> int:
        """The number of passages that match."""


class Engine(ABC):
    """A database with the tables of one catalogue."""

    words: Words

    def __init__(self) -> None:
        self._local = threading.local()

    @abstractmethod
    def all(self, sql: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        """The rows of one statement. Raises HomeNotWritable or LibraryError."""

    def one(self, sql: str, *values: object) -> tuple | None:  # type: ignore[type-arg]
        rows = self.all(sql, *values)
        return rows[0] if rows else None

    def write(self, sql: str, *values: object) -> None:
        """Run one statement as its own transaction."""
        self.all(sql, *values)

    @abstractmethod
    def note(self, sql: str, *values: object) -> None:
        """Run one statement that a power failure may lose: faster than `write`."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Transaction]:
        """All or nothing, also within `together`. Raises HomeNotWritable or LibraryError."""

    @abstractmethod
    def snapshot(self) -> AbstractContextManager[Transaction]:
        """Reads one state, whatever others write meanwhile."""

    @contextmanager
    def together(self) -> Iterator[None]:
        """Makes one transaction of those of this thread: one wait for the disk. All or nothing.

        Keep it short, because it lets nobody else write. Raises HomeNotWritable or LibraryError.
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
        """Do what cannot be undone: now, or when the transaction of `together` is kept."""
        later: list[Callable[[], object]] | None = getattr(self._local, "later", None)
        if later is None:
            do()
        else:
            later.append(do)

    @abstractmethod
    def columns(self, table: str) -> list[str]:
        """The names of a table's columns."""

    @abstractmethod
    def faults(self) -> list[str]:
        """What the database finds damaged in itself; empty when all is well."""

    @abstractmethod
    def beside(self, path: Path) -> AbstractContextManager[str]:
        """The tables of another catalogue, an SQLite file, under the prefix of the result."""

    @abstractmethod
    def merge_words(self) -> None:
        """Leave no deleted word in the index of words."""

    @abstractmethod
    def write_anew(self) -> bool:
        """Write everything without what was deleted. False when somebody still reads it.

        Raises HomeNotWritable or LibraryError.
        """

    @abstractmethod
    def copy_to(self, path: Path) -> None:
        """Write the present contents into a new SQLite file, also while others write."""

    @abstractmethod
    def replace_by(self, path: Path) -> None:
        """Replace the contents by those of an SQLite file, in one transaction."""

    @abstractmethod
    def close(self) -> None:
        """Close the connections of all threads; the next use opens a new one."""


# -- The records of the catalogue: documents, chunks, tables, and how much was read


@dataclass(frozen=True)
class Coverage:
    """Characters of a document, white space aside: extracted + ocr = indexed + dropped."""

    extracted: int  # from the text layer
    ocr: int  # recognised from pictures
    empty: int  # pages without text
    dropped: int  # not indexed; `Catalog.ledger` has the reasons
    indexed: int = 0
    hidden: int = 0  # of those indexed: hidden from readers
    unread: int = 0  # estimate of what could not be read


@dataclass(frozen=True)
class DocumentInfo:
    """A document in a list."""

    document: str  # its name, unique in the library
    path: str  # where it was found
    library: str
    pages: int
    chunks: int
    status: str
    coverage: Coverage
    sha256: str
    superseded_by: str | None = None  # the name of a newer version
    added: str = ""  # ISO 8601, UTC
    dated: str = ""  # ISO 8601: what it says of itself, else of its file; empty: nothing
    tags: tuple[str, ...] = ()  # by name
    seconds: float | None = None  # the length of a recording; None where it is none or not known


@dataclass(frozen=True)
class StoredChunk:
    """A chunk with the name of its document."""

    id: str
    document: str
    page: int
    first: int
    last: int
    headings: tuple[str, ...]
    text: str
    hidden: bool = False  # what a reader of the document does not see: never evidence


@dataclass(frozen=True)
class StoredTable:
    """A table with the page on which it is."""

    page: int
    table: Table
