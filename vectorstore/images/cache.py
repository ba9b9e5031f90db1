"""A cache of what is known of a library's pictures, in an SQLite file that can be deleted."""

import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ingest.document.model import Box
from ingest.language import words
from vectorstore.catalog import rows
from vectorstore.errors import LibraryError
from vectorstore.store import Vectors

_WAIT = 30.0  # seconds for another process that writes
_SCHEMA = """
CREATE TABLE maker (name TEXT NOT NULL);
CREATE TABLE document (sha256 TEXT PRIMARY KEY);
CREATE TABLE picture (
    id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL REFERENCES document ON DELETE CASCADE,
    page INTEGER NOT NULL, x0 REAL, y0 REAL, x1 REAL, y1 REAL, seconds REAL,
    words TEXT NOT NULL, meaning BLOB, vector BLOB, thumbnail BLOB NOT NULL
);
CREATE INDEX of_document ON picture (sha256);
CREATE VIRTUAL TABLE picture_words USING fts5 (text, tokenize = 'porter unicode61');
CREATE TRIGGER picture_gone AFTER DELETE ON picture BEGIN
    DELETE FROM picture_words WHERE rowid = old.rowid;
END;
PRAGMA user_version = 1;
"""


@dataclass(frozen=True)
class KnownPicture:
    """A picture, and how it is found."""

    sha256: str  # of its document
    page: int
    box: Box  # on the page, in points
    seconds: float | None  # in a film
    words: str
    meaning: Vectors | None  # of the words; None where there are none
    vector: Vectors | None  # of the picture; None without a model
    id: int = 0  # 0: not saved yet


class _Damaged(LibraryError):
    """The bytes of the cache are not as they were written."""


class PictureCache:
    """Opened for each use: a search is rare, and any thread or process may run one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._making = threading.Lock()

    def keep_to(self, maker: str, documents: Collection[str]) -> list[str]:
        """Delete rows of other makers and lost documents. Returns the new documents."""
        try:
            return self._keep_to(maker, documents)
        except _Damaged:  # everything can be made again
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            return self._keep_to(maker, documents)

    def _keep_to(self, maker: str, documents: Collection[str]) -> list[str]:
        with self._open() as file:
            if file.execute("SELECT name FROM maker").fetchone() != (maker,):
                file.execute("DELETE FROM document")
                file.execute("DELETE FROM maker")
                file.execute("INSERT INTO maker VALUES (?)", (maker,))
            file.execute(
                f"DELETE FROM document WHERE NOT sha256 {rows.AMONG}", (rows.listed(documents),)
            )
            known = {row[0] for row in file.execute("SELECT sha256 FROM document")}
        return [sha256 for sha256 in documents if sha256 not in known]

    def put(self, sha256: str, pictures: Sequence[tuple[KnownPicture, bytes]]) -> None:
        """Save all pictures of a document, each with a small JPEG; or that it has none."""
        with self._open() as file:
            file.execute("DELETE FROM document WHERE sha256 = ?", (sha256,))
            file.execute("INSERT INTO document VALUES (?)", (sha256,))
            for one, thumbnail in pictures:
                row = file.execute(
                    "INSERT INTO picture (sha256, page, x0, y0, x1, y1, seconds, words, meaning,"
                    " vector, thumbnail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                    (sha256, one.page, *one.box, one.seconds, one.words, _bytes(one.meaning),
                     _bytes(one.vector), thumbnail),
                ).fetchone()  # fmt: skip
                text = words.indexed(one.words)
                file.execute("INSERT INTO picture_words (rowid, text) VALUES (?, ?)", (*row, text))

    def forget(self, documents: Collection[str]) -> int:
        """Delete the pictures of documents, and count them; no byte of them is left in the file."""
        if not self._path.exists():
            return 0
        try:
            with self._open() as file:
                among = f"sha256 {rows.AMONG}", (rows.listed(documents),)
                gone = file.execute(f"DELETE FROM picture WHERE {among[0]}", among[1]).rowcount
                file.execute(f"DELETE FROM document WHERE {among[0]}", among[1])
                file.execute("INSERT INTO picture_words (picture_words) VALUES ('optimize')")
            if gone:
                with _sentences(self._path), closing(self._connected()) as file:
                    file.execute("VACUUM")
        except _Damaged:  # everything can be made again
            self._path.unlink(missing_ok=True)
            return 0
        return gone

    def all(self) -> list[KnownPicture]:
        with self._open() as file:
            found = file.execute(
                "SELECT sha256, page, x0, y0, x1, y1, seconds, words, meaning, vector, id"
                " FROM picture ORDER BY id"
            ).fetchall()
        return [
            KnownPicture(r[0], r[1], Box(*r[2:6]), r[6], r[7], _vector(r[8]), _vector(r[9]), r[10])
            for r in found
        ]

    def matching(self, query: str) -> dict[int, float]:
        """BM25 by id; higher is better."""
        match = words.match(query)
        if not match:
            return {}
        with self._open() as file:
            found = file.execute(
                "SELECT rowid, -bm25(picture_words) FROM picture_words WHERE picture_words MATCH ?",
                (match,),
            ).fetchall()
        return dict(found)

    def thumbnail(self, id: int) -> bytes:
        """A small JPEG; empty when it is gone."""
        with self._open() as file:
            row = file.execute("SELECT thumbnail FROM picture WHERE id = ?", (id,)).fetchone()
        return bytes(row[0]) if row else b""

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """One transaction. Raises LibraryError when the folder cannot be written."""
        with _sentences(self._path), closing(self._connected()) as file:
            file.execute("PRAGMA foreign_keys = ON")
            file.execute("PRAGMA secure_delete = ON")
            self._make(file)
            with file:
                yield file

    def _connected(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=_WAIT)

    def _make(self, file: sqlite3.Connection) -> None:
        with self._making:
            if file.execute("PRAGMA user_version").fetchone()[0] == 0:
                file.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}COMMIT;")


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    """Turns errors of SQLite into LibraryError, and those of damaged bytes into _Damaged."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # it quotes damaged bytes
        kind = LibraryError if isinstance(error, sqlite3.OperationalError) else _Damaged
        raise kind(
            f"{path}, the cache of pictures, cannot be used: {error}. It may be deleted: it is "
            "made again."
        ) from error


def _bytes(vector: Vectors | None) -> bytes | None:
    return None if vector is None else np.asarray(vector, "<f4").tobytes()


def _vector(stored: bytes | None) -> Vectors | None:
    return None if stored is None else np.frombuffer(stored, "<f4")
