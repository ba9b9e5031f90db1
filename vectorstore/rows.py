"""How documents and chunks are written into rows of the catalogue, and how rows are read back."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ingest.document import Box, Chunk, Document, Line, Page
from vectorstore import words
from vectorstore.store import Vectors


def insert_document(
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


def insert_chunk(
    connection: sqlite3.Connection, document_id: int, id: str, chunk: Chunk, vector: Vectors
) -> None:
    row = connection.execute(
        "INSERT INTO chunk (id, document_id, page, first, last, headings, text, vector)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING rowid",
        (
            id, document_id, chunk.page, chunk.first, chunk.last, json.dumps(chunk.headings),
            chunk.text, np.asarray(vector, "<f4").tobytes(),
        ),
    ).fetchone()  # fmt: skip
    connection.execute(
        "INSERT INTO chunk_words (rowid, text) VALUES (?, ?)", (row[0], words.indexed(chunk.text))
    )


def matrix(rows: Sequence[tuple[str, bytes]]) -> tuple[list[str], Vectors]:
    if not rows:
        return [], np.zeros((0, 0), np.float32)
    joined = np.frombuffer(b"".join(row[1] for row in rows), "<f4")
    return [row[0] for row in rows], joined.reshape(len(rows), -1)


def lines_json(page: Page) -> str:
    rows = [_line_row(line) for line in page.lines]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


_REST: list[Any] = [0, False, 1.0, None, ""]  # the defaults of what few lines have


def _line_row(line: Line) -> list[Any]:
    rest = [line.heading, line.begins, round(line.confidence, 3), line.seconds, line.hidden]
    row = [line.text, *(round(v, 2) for v in line.box), line.size, line.bold]
    return row if rest == _REST else row + rest


def _line(row: list[Any]) -> Line:
    heading, begins, confidence, seconds, hidden = row[7:] or _REST
    return Line(
        row[0], Box(*row[1:5]), row[5], bool(row[6]),
        heading, bool(begins), confidence, seconds, hidden,
    )  # fmt: skip


def page(row: tuple) -> Page:  # type: ignore[type-arg]
    number, width, height, pictures, ocr, lines = row
    read = tuple(_line(row) for row in json.loads(lines))
    return Page(number, width, height, read, pictures, bool(ocr))
