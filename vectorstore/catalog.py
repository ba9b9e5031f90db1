"""The catalogue of a library in SQLite: documents, pages, chunks with vectors, words. The truth."""

import json
import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ingest.document import Box, Chunk, Document, Line, Page
from vectorstore import words
from vectorstore.errors import HomeNotWritable, LibraryError, UnknownDocument
from vectorstore.store import Vectors

_SCHEMA = Path(__file__).with_name("schema.sql")
_SCHEMA_VERSION = 1
_WAIT = 60.0  # seconds that a writer waits for another process's transaction


@dataclass(frozen=True)
class Coverage:
    """Characters of a document: read from text, read by OCR, not indexed; and pages without any."""

    extracted: int
    ocr: int
    empty: int
    dropped: int


@dataclass(frozen=True)
class DocumentInfo:
    """A document as a list shows it."""

    document: str  # its name, unique in the library
    path: str  # where it was found
    library: str
    pages: int
    chunks: int
    status: str
    coverage: Coverage
    sha256: str


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


class Catalog:
    """One SQLite file; each thread has its own connection, readers never wait for a writer."""

    def __init__(self, path: Path, library: str) -> None:
        """Raises HomeNotWritable or LibraryError."""
        self.library = library
        self._path = path
        self._local = threading.local()
        with _sentences(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._create()

    # -- reading

    def generation(self) -> int:
        """Grows with every change, whichever process made it."""
        return int(self.meta("generation") or 0)

    def meta(self, key: str) -> str | None:
        row = self._one("SELECT value FROM meta WHERE key = ?", key)
        return str(row[0]) if row else None

    def documents(self) -> list[DocumentInfo]:
        rows = self._all(
            "SELECT name, (SELECT min(path) FROM place WHERE document_id = document.id), pages,"
            " chunks, status, extracted, ocr, empty, dropped, sha256 FROM document ORDER BY name"
        )
        return [
            DocumentInfo(r[0], r[1] or "", self.library, r[2], r[3], r[4], Coverage(*r[5:9]), r[9])
            for r in rows
        ]

    def sha256(self, name: str) -> str:
        """Raises UnknownDocument."""
        row = self._one("SELECT sha256 FROM document WHERE name = ?", name)
        if row is None:
            raise UnknownDocument(f"The library {self.library!r} has no document {name!r}.")
        return str(row[0])

    def outline(self, name: str) -> list[str]:
        row = self._one("SELECT outline FROM document WHERE name = ?", name)
        return list(json.loads(row[0])) if row else []

    def holds(self, sha256: str) -> bool:
        return self._one("SELECT 1 FROM document WHERE sha256 = ?", sha256) is not None

    def has_name(self, name: str) -> bool:
        return self._one("SELECT 1 FROM document WHERE name = ?", name) is not None

    def found_at(self, path: str) -> str | None:
        """The sha256 of the document last found at a path."""
        row = self._one(
            "SELECT sha256 FROM place JOIN document ON document.id = document_id WHERE path = ?",
            path,
        )
        return str(row[0]) if row else None

    def pages(self, name: str) -> Iterator[Page]:
        rows = self._all(
            "SELECT number, page.width, height, pictures, page.ocr, lines FROM page"
            " JOIN document ON document.id = document_id WHERE name = ? ORDER BY number",
            name,
        )
        return (_page(row) for row in rows)

    def page(self, name: str, number: int) -> Page | None:
        row = self._one(
            "SELECT number, page.width, height, pictures, page.ocr, lines FROM page"
            " JOIN document ON document.id = document_id WHERE name = ? AND number = ?",
            name,
            number,
        )
        return _page(row) if row else None

    def chunks(self, ids: Sequence[str]) -> dict[str, StoredChunk]:
        marks = ",".join("?" * len(ids))
        rows = self._all(
            "SELECT chunk.id, name, page, first, last, headings, text FROM chunk"
            f" JOIN document ON document.id = document_id WHERE chunk.id IN ({marks})",
            *ids,
        )
        return {
            r[0]: StoredChunk(r[0], r[1], r[2], r[3], r[4], tuple(json.loads(r[5])), r[6])
            for r in rows
        }

    def count(self) -> int:
        """Of chunks."""
        return int(self._all("SELECT count(*) FROM chunk")[0][0])

    def ids(self) -> set[str]:
        return {row[0] for row in self._all("SELECT id FROM chunk")}

    def vectors(self, ids: Sequence[str] | None = None) -> tuple[list[str], Vectors]:
        """Ids and their vectors, all of them unless some are named."""
        if ids is None:
            rows = self._all("SELECT id, vector FROM chunk")
        else:
            marks = ",".join("?" * len(ids))
            rows = self._all(f"SELECT id, vector FROM chunk WHERE id IN ({marks})", *ids)
        return _matrix(rows)

    def vectors_of(self, documents: Collection[str]) -> tuple[list[str], Vectors]:
        """Ids and vectors of the chunks of some documents."""
        marks = ",".join("?" * len(documents))
        rows = self._all(
            "SELECT chunk.id, vector FROM chunk JOIN document ON document.id = document_id"
            f" WHERE name IN ({marks})",
            *documents,
        )
        return _matrix(rows)

    def chunk_places(self, ids: Sequence[str]) -> dict[str, tuple[str, int]]:
        """Chunk id -> document name and page."""
        marks = ",".join("?" * len(ids))
        rows = self._all(
            "SELECT chunk.id, name, page FROM chunk JOIN document ON document.id = document_id"
            f" WHERE chunk.id IN ({marks})",
            *ids,
        )
        return {row[0]: (row[1], row[2]) for row in rows}

    def bm25(self, query: str, k: int) -> list[tuple[str, float]]:
        """(chunk id, score) by the words of the query, the best first; higher is better."""
        match = words.match(query)
        if not match:
            return []
        rows = self._all(
            "SELECT chunk.id, -hit.score FROM (SELECT rowid, bm25(chunk_words) AS score"
            " FROM chunk_words WHERE chunk_words MATCH ? ORDER BY rank LIMIT ?) AS hit"
            " JOIN chunk ON chunk.rowid = hit.rowid ORDER BY hit.score",
            match,
            k,
        )
        return [(row[0], row[1]) for row in rows]

    def bm25_cards(self, query: str) -> dict[str, float]:
        """Document name -> score of its card: name, title and first pages."""
        match = words.match(query)
        if not match:
            return {}
        rows = self._all(
            "SELECT name, -bm25(card_words) FROM card_words JOIN document"
            " ON document.id = card_words.rowid WHERE card_words MATCH ?",
            match,
        )
        return {row[0]: row[1] for row in rows}

    # -- writing

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing. Raises HomeNotWritable or LibraryError."""
        with _sentences(self._path):
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def set_meta(self, key: str, value: str) -> None:
        """Does not count as a change of the library."""
        with _sentences(self._path):
            self._connection().execute(
                "INSERT INTO meta VALUES (?, ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, value),
            )

    def put(
        self,
        connection: sqlite3.Connection,
        document: Document,
        name: str,
        status: str,
        outline: Sequence[str],
        chunks: Sequence[Chunk],
        vectors: Vectors,
    ) -> None:
        """Write a document with everything that belongs to it; inside `writing()`."""
        id = _insert_document(connection, document, name, status, outline, chunks)
        connection.executemany(
            "INSERT INTO page VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (id, p.number, p.width, p.height, p.pictures, p.ocr, _lines_json(p))
                for p in document.pages
            ],
        )
        for ordinal, (chunk, vector) in enumerate(zip(chunks, vectors, strict=True)):
            _insert_chunk(connection, id, f"{document.sha256[:16]}:{ordinal}", chunk, vector)
        card = [
            name,
            words.name_parts(name),
            document.title,
            *(page.text for page in document.pages[:2]),
        ]
        connection.execute(
            "INSERT INTO card_words (rowid, text) VALUES (?, ?)",
            (id, words.indexed("\n".join(card))),
        )

    def put_place(self, connection: sqlite3.Connection, path: str, sha256: str) -> None:
        """Note that a document was found at a path; inside `writing()`."""
        connection.execute(
            "INSERT INTO place SELECT ?, id FROM document WHERE sha256 = ?"
            " ON CONFLICT (path) DO UPDATE SET document_id = excluded.document_id",
            (path, sha256),
        )

    def drop_placeless(self, connection: sqlite3.Connection, sha256: str) -> bool:
        """Delete a document that no path leads to any more; inside `writing()`."""
        gone = connection.execute(
            "DELETE FROM document WHERE sha256 = ?"
            " AND NOT EXISTS (SELECT 1 FROM place WHERE document_id = document.id)",
            (sha256,),
        )
        return gone.rowcount > 0

    def delete(self, connection: sqlite3.Connection, name: str) -> None:
        """Delete a document and everything that belongs to it; inside `writing()`."""
        connection.execute("DELETE FROM document WHERE name = ?", (name,))

    # -- the connection

    def _create(self) -> None:
        connection = self._connection()
        version = self._version()
        if version == _SCHEMA_VERSION:
            return
        if version:
            raise LibraryError(
                f"{self._path} was made by another version of Pincite (schema {version}, this one "
                f"reads {_SCHEMA_VERSION}). Use that version, or start a new library."
            )
        connection.execute("PRAGMA journal_mode = WAL")
        script = _SCHEMA.read_text(encoding="utf-8")
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE; {script}; INSERT INTO meta VALUES ('generation', '0');"
                f" PRAGMA user_version = {_SCHEMA_VERSION}; COMMIT;"
            )
        except sqlite3.OperationalError:
            connection.rollback()
            if self._version() != _SCHEMA_VERSION:  # it is when another process was quicker
                raise

    def _version(self) -> int:
        return int(self._connection().execute("PRAGMA user_version").fetchone()[0])

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=_WAIT, isolation_level=None)
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = FULL")  # what was said to be added, stays
            self._local.connection = connection
        return connection

    def _all(self, sql: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        with _sentences(self._path):
            return self._connection().execute(sql, values).fetchall()

    def _one(self, sql: str, *values: object) -> tuple | None:  # type: ignore[type-arg]
        rows = self._all(sql, *values)
        return rows[0] if rows else None


def _insert_document(
    connection: sqlite3.Connection,
    document: Document,
    name: str,
    status: str,
    outline: Sequence[str],
    chunks: Sequence[Chunk],
) -> int:
    read = sum(len(line.text) for page in document.pages for line in page.lines if not page.ocr)
    ocr = sum(len(line.text) for page in document.pages for line in page.lines if page.ocr)
    empty = sum(1 for page in document.pages if not page.lines)
    row = connection.execute(
        "INSERT INTO document (sha256, name, title, status, outline, pages, chunks, extracted, ocr,"
        " dropped, empty, added) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (
            document.sha256, name, document.title, status, json.dumps(list(outline)),
            len(document.pages), len(chunks), read, ocr, _dropped(document, chunks), empty,
            datetime.now(UTC).isoformat(timespec="seconds"),
        ),
    ).fetchone()  # fmt: skip
    return int(row[0])


def _dropped(document: Document, chunks: Sequence[Chunk]) -> int:
    """Characters of lines that no chunk took."""
    taken = {(c.page, index) for c in chunks for index in range(c.first, c.last + 1)}
    return sum(
        len(line.text)
        for page in document.pages
        for index, line in enumerate(page.lines)
        if (page.number, index) not in taken
    )


def _insert_chunk(
    connection: sqlite3.Connection, document_id: int, id: str, chunk: Chunk, vector: Vectors
) -> None:
    row = connection.execute(
        "INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING rowid",
        (
            id, document_id, chunk.page, chunk.first, chunk.last, json.dumps(chunk.headings),
            chunk.text, np.asarray(vector, "<f4").tobytes(),
        ),
    ).fetchone()  # fmt: skip
    connection.execute(
        "INSERT INTO chunk_words (rowid, text) VALUES (?, ?)", (row[0], words.indexed(chunk.text))
    )


def _matrix(rows: Sequence[tuple[str, bytes]]) -> tuple[list[str], Vectors]:
    if not rows:
        return [], np.zeros((0, 0), np.float32)
    joined = np.frombuffer(b"".join(row[1] for row in rows), "<f4")
    return [row[0] for row in rows], joined.reshape(len(rows), -1)


def _lines_json(page: Page) -> str:
    rows = [
        [line.text, *(round(v, 2) for v in line.box), line.size, line.bold] for line in page.lines
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def _page(row: tuple) -> Page:  # type: ignore[type-arg]
    number, width, height, pictures, ocr, lines = row
    read = tuple(Line(r[0], Box(*r[1:5]), r[5], bool(r[6])) for r in json.loads(lines))
    return Page(number, width, height, read, pictures, bool(ocr))


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    """SQLite's and the system's errors as sentences."""
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        raise _sentence(path, error) from error
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError):
            raise
        raise LibraryError(f"{path} is damaged ({error}). Restore it from a backup.") from error


_FULL = "The disk is full: the library is as it was before this step. Free some space near"
_CLOSED = "This folder cannot be written; choose another --home than"
_SENTENCES: dict[str, tuple[type[LibraryError], str]] = {  # by a sign in the error's own words
    "full": (HomeNotWritable, _FULL),
    "no space": (HomeNotWritable, _FULL),
    "disk i/o": (
        HomeNotWritable,
        "The disk is full or failing. Free some space, or look after it, near",
    ),
    "readonly": (HomeNotWritable, _CLOSED),
    "read-only": (HomeNotWritable, _CLOSED),
    "permission": (HomeNotWritable, _CLOSED),
    "not a directory": (HomeNotWritable, _CLOSED),
    "file exists": (HomeNotWritable, _CLOSED),
    "unable to open": (HomeNotWritable, "This folder cannot be opened for writing:"),
    "locked": (LibraryError, "Another process has been writing for a minute; try again later:"),
}


def _sentence(path: Path, error: Exception) -> Exception:
    reason = str(error).lower()
    for sign, (kind, sentence) in _SENTENCES.items():
        if sign in reason:
            return kind(f"{sentence} {path.parent}")
    return error
