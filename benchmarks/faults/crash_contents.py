"""What a library holds, read from its files without Pincite's own code, in comparable forms."""

import hashlib
import os
import signal
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Rows = frozenset[tuple[object, ...]]

# The order of ids differs when a run was killed, and so may the time of adding; nothing else.
TABLES = {
    "documents": "SELECT sha256, name, title, status, pages, chunks, extracted, ocr,"
    " dropped, empty, indexed, hidden, unread FROM document",
    "places": "SELECT path, sha256 FROM place JOIN document ON document.id = document_id",
    "pages": "SELECT sha256, page.* FROM page JOIN document ON document.id = document_id",
    "passages": "SELECT name, chunk.id, page, first, last, headings, text, vector, chunk.hidden"
    " FROM chunk JOIN document ON document.id = document_id",
    "words": "SELECT chunk.id, chunk_words.text FROM chunk_words"
    " JOIN chunk ON chunk.rowid = chunk_words.rowid",
    "cards": "SELECT sha256, card_words.text FROM card_words"
    " JOIN document ON document.id = card_words.rowid",
    "versions": "SELECT old.sha256, new.sha256 FROM document AS old"
    " JOIN document AS new ON new.id = old.superseded_by",
    "archives": "SELECT path, sha256, left_out FROM container",
    "queue": "SELECT path, state, error FROM job",
}
_IDS = {"pages": 1}  # columns that number documents
_GROWING = ("documents", "pages", "passages", "words", "cards")  # whole at any moment


@dataclass(frozen=True)
class Contents:
    """Rows of each table; long ones as their hash."""

    tables: tuple[tuple[str, Rows], ...] = ()
    chroma: frozenset[str] = frozenset()
    wrong_vectors: int = 0  # in Chroma, other than in the catalogue
    copies: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return ", ".join(f"{len(rows)} {name}" for name, rows in self.tables)


def library(home: Path) -> Path:
    return home / "libraries" / "main"


def connect(home: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{library(home) / 'catalog.sqlite'}?mode=ro", uri=True, timeout=60)


def fills_chroma(home: Path) -> bool:
    """Whether a process writes to Chroma."""
    return (library(home) / "chroma.writing").exists()


def contents(home: Path) -> Contents:
    with closing(connect(home)) as connection:
        tables = tuple((name, _rows(connection, name)) for name in TABLES)
        vectors = {
            row[0]: np.frombuffer(row[1], "<f4")
            for row in connection.execute("SELECT id, vector FROM chunk WHERE NOT hidden")
        }
    chroma = chroma_vectors(library(home) / "chroma")
    wrong = sum(i not in vectors or not np.allclose(v, vectors[i], atol=1e-5) for i, v in chroma)
    copies = frozenset(path.name for path in (library(home) / "files").iterdir())
    return Contents(tables, frozenset(id for id, _ in chroma), wrong, copies)


def _rows(connection: sqlite3.Connection, name: str) -> Rows:
    left_out = _IDS.get(name, -1)
    found = connection.execute(TABLES[name]).fetchall()
    return frozenset(
        tuple(_short(value) for column, value in enumerate(row) if column != left_out)
        for row in found
    )


def _short(value: object) -> object:
    if isinstance(value, bytes | str) and len(value) > 64:
        data = value if isinstance(value, bytes) else value.encode()
        return hashlib.sha256(data).hexdigest()
    return value


def chroma_vectors(folder: Path) -> list[tuple[str, Any]]:
    import chromadb

    client = chromadb.PersistentClient(folder, chromadb.Settings(anonymized_telemetry=False))
    try:
        found = client.get_collection("chunks", embedding_function=None).get(include=["embeddings"])
        return list(zip(found["ids"], found["embeddings"], strict=True))
    finally:
        client.close()


def differences(found: Contents, expected: Contents) -> list[str]:
    """In sentences; empty when both hold the same."""
    problems = []
    for (name, rows), (_, wanted) in zip(found.tables, expected.tables, strict=True):
        missing, extra = wanted - rows, rows - wanted
        if missing or extra:
            sample = next(iter(missing or extra))
            problems.append(f"{name}: {len(missing)} missing, {len(extra)} too many, as {sample}")
    if found.chroma != expected.chroma:
        problems.append(f"Chroma has {len(found.chroma)} passages, not {len(expected.chroma)}")
    if found.wrong_vectors:
        problems.append(f"{found.wrong_vectors} vectors in Chroma are wrong")
    if found.copies != expected.copies:
        problems.append(f"copies of files: {sorted(found.copies ^ expected.copies)}")
    return problems


def foreign(home: Path, expected: Contents) -> list[str]:
    """Rows that an undisturbed run does not have: half of a document would be among them."""
    if not (library(home) / "catalog.sqlite").exists() or not state_of_schema(home):
        return []
    problems, wanted = [], dict(expected.tables)
    with closing(connect(home)) as connection:
        found = {name: _rows(connection, name) for name in _GROWING}
        lacking = connection.execute(
            "SELECT name FROM document WHERE pages != (SELECT count(*) FROM page WHERE document_id"
            " = document.id) OR chunks != (SELECT count(*) FROM chunk WHERE document_id ="
            " document.id)"
        ).fetchall()
    for name, rows in found.items():
        if extra := rows - wanted[name]:
            problems.append(f"{name}: {len(extra)} too many, as {next(iter(extra))}")
    return problems + [f"{row[0]} is not whole" for row in lacking]


def state_of_schema(home: Path) -> int:
    """0 when the process was killed before it had made the tables."""
    with closing(connect(home)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def stragglers(group: int) -> list[str]:
    """Processes of the killed one that live on after a minute; they are ended."""
    deadline = time.monotonic() + 60  # a busy machine lets a child notice late
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return []
        time.sleep(0.05)
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    return ["child processes stayed behind"]
