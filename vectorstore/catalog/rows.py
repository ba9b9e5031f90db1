"""Writes documents and chunks as rows of the catalogue, and reads them back."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ingest.chunking import PageLedger
from ingest.document.model import Box, Cell, Chunk, Document, Dropped, Figure, Line, Page, Table
from ingest.language import words
from ingest.language.words import ENGLISH, UNKNOWN
from vectorstore.database.schema import Transaction
from vectorstore.store import Vectors

# -- What the catalogue says of a document: its coverage and its passages


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
    """What a list of documents shows of one."""

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


# -- A document and its passages as rows

_LENGTH = re.compile(r"\d{1,7}(?:\.\d{1,3})?")  # seconds: at most 115 days
PAGE = (
    "number, page.width, height, pictures, page.ocr, lines, page.title, note, figures, tables,"
    " page.unread"
)
LEDGER = (
    "number, source, ocr_characters, confidence, page.indexed, page.hidden, page.dropped,"
    " page.unread, note"
)

_FACTS = (  # of a document, by whoever has read it last
    "title", "status", "pages", "chunks", "extracted", "ocr", "dropped", "empty",
    "indexed", "hidden", "unread", "reader", "language", "seconds",
)  # fmt: skip


def insert_document(
    connection: Transaction,
    document: Document,
    name: str,
    status: str,
    chunks: int,
    ledger: Sequence[PageLedger],
    language: str,
) -> int:
    """Returns the id of the row. That of the same file keeps its name, and when it was added."""
    marks = ", ".join("?" * (len(_FACTS) + 3))
    facts = ", ".join(f"{fact} = excluded.{fact}" for fact in _FACTS)
    row = connection.execute(
        f"INSERT INTO document (sha256, name, added, {', '.join(_FACTS)}) VALUES ({marks})"
        f" ON CONFLICT (sha256) DO UPDATE SET {facts}, names = '' RETURNING id",
        (
            document.sha256, name, datetime.now(UTC).isoformat(timespec="seconds"),
            document.title, status, len(document.pages), chunks,
            sum(page.extracted for page in ledger), sum(page.ocr for page in ledger),
            sum(page.lost for page in ledger), sum(not page.lines for page in document.pages),
            sum(page.indexed for page in ledger), sum(page.hidden for page in ledger),
            sum(page.unread for page in ledger), document.reader, language, _seconds(document),
        ),
    ).fetchone()  # fmt: skip
    return int(row[0])


def _seconds(document: Document) -> float | None:
    """The length of a recording, as its reader says."""
    told = document.metadata.get("seconds", "")
    return float(told) if _LENGTH.fullmatch(told) else None


def insert_pages(
    connection: Transaction, document_id: int, document: Document, ledger: Sequence[PageLedger]
) -> None:
    """All pages with their lines and ledgers."""
    connection.executemany(
        "INSERT INTO page (document_id, number, width, height, pictures, ocr, lines, title, note,"
        " figures, tables, source, ocr_characters, confidence, indexed, hidden, unread, dropped)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                document_id, p.number, p.width, p.height, p.pictures, p.ocr, lines_json(p),
                p.title, p.note, _figures_json(p), _tables_json(p), row.source, row.ocr,
                row.confidence, row.indexed, row.hidden, row.unread,
                json.dumps({dropped.reason: dropped.characters for dropped in row.dropped}),
            )
            for p, row in zip(document.pages, ledger, strict=True)
        ],
    )  # fmt: skip


def insert_chunk(
    connection: Transaction, document_id: int, id: str, chunk: Chunk, vector: Vectors,
    language: str,
) -> None:  # fmt: skip
    """A passage with its vector and its words for the full-text index."""
    row = connection.execute(
        "INSERT INTO chunk (id, document_id, page, first, last, headings, text, vector, hidden)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING rowid",
        (
            id, document_id, chunk.page, chunk.first, chunk.last, json.dumps(chunk.headings),
            chunk.text, np.asarray(vector, "<f4").tobytes(), int(chunk.hidden),
        ),
    ).fetchone()  # fmt: skip
    connection.execute(
        "INSERT INTO chunk_words (rowid, text) VALUES (?, ?)",
        (row[0], words.indexed_passage(chunk.text, chunk.headings, word_language(language))),
    )


def insert_words(connection: Transaction, where: str = "", *values: object) -> int:
    """Index the words of all passages, or of those that a condition chooses; their number."""
    found = connection.execute(
        "SELECT chunk.rowid, text, headings, language FROM chunk"
        f" JOIN document ON document.id = document_id {where} ORDER BY chunk.rowid",
        values,
    )
    done = connection.executemany(
        "INSERT INTO chunk_words (rowid, text) VALUES (?, ?)",
        (
            (row, words.indexed_passage(text, json.loads(above), word_language(language)))
            for row, text, above, language in found
        ),
    )
    return int(done.rowcount)


def put_card(
    connection: Transaction, document_id: int, name: str, title: str, first: Sequence[Page],
    language: str,
) -> None:  # fmt: skip
    """What a document is recognised by: its name, and what a reader sees of its first two pages."""
    seen = ["\n".join(line.text for line in page.lines if not line.hidden) for page in first]
    card = words.card(name, title, seen, word_language(language))
    connection.execute("INSERT INTO card_words (rowid, text) VALUES (?, ?)", (document_id, card))


def put_card_again(connection: Transaction, document_id: int) -> None:
    """The same of a document in the catalogue."""
    name, title, language = connection.execute(
        "SELECT name, title, language FROM document WHERE id = ?", (document_id,)
    ).fetchone()
    first = connection.execute(
        f"SELECT {PAGE} FROM page WHERE document_id = ? ORDER BY number LIMIT 2", (document_id,)
    )
    connection.execute("DELETE FROM card_words WHERE rowid = ?", (document_id,))
    put_card(connection, document_id, name, title, [page(row) for row in first], language)


def word_language(language: str) -> str:
    """The language in which a document's words are indexed."""
    return ENGLISH if language == UNKNOWN else language


def matrix(rows: Sequence[tuple[str, bytes]]) -> tuple[list[str], Vectors]:
    """Rows of (id, float32 bytes) as ids and an array of shape (rows, dimensions)."""
    if not rows:
        return [], np.zeros((0, 0), np.float32)
    joined = np.frombuffer(b"".join(row[1] for row in rows), "<f4")
    return [row[0] for row in rows], joined.reshape(len(rows), -1)


def lines_json(page: Page) -> str:
    """The lines of a page as the catalogue keeps them."""
    rows = [_line_row(line) for line in page.lines]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


_REST: list[Any] = [0, False, 1.0, None, ""]  # the defaults of rare fields


def _line_row(line: Line) -> list[Any]:
    rest = [line.heading, line.begins, round(line.confidence, 3), line.seconds, line.hidden]
    row = [line.text, *_rounded(line.box), line.size, line.bold]
    return row if rest == _REST else row + rest


def _rounded(box: Box) -> list[float]:
    return [round(side, 2) or 0 for side in box]  # 0.0 would take half of the bytes of short lines


def _line(row: list[Any]) -> Line:
    heading, begins, confidence, seconds, hidden = row[7:] or _REST
    return Line(
        row[0], Box(*row[1:5]), row[5], bool(row[6]),
        heading, bool(begins), confidence, seconds, hidden,
    )  # fmt: skip


def _figures_json(page: Page) -> str:
    rows = [[*_rounded(f.box), f.caption, f.description] for f in page.figures]
    return json.dumps(rows, ensure_ascii=False)


def _tables_json(page: Page) -> str:
    rows = [
        [
            table.first, table.last,
            [[[c.text, c.line, c.value, c.kind, c.unit] for c in row] for row in table.rows],
            table.header, table.caption,
        ]
        for table in page.tables
    ]  # fmt: skip
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def _table(first: int, last: int, rows: list[list[Any]], header: int, caption: str) -> Table:
    cells = tuple(tuple(Cell(*cell) for cell in row) for row in rows)
    return Table(first, last, cells, header, caption)


def page(row: tuple) -> Page:  # type: ignore[type-arg]
    """A page from the columns PAGE. The ledger has the account of its characters."""
    number, width, height, pictures, ocr, lines, title, note, figures, tables, unread = row
    return Page(
        number, width, height, tuple(_line(row) for row in json.loads(lines)), pictures, bool(ocr),
        tuple(_table(*row) for row in json.loads(tables)),
        tuple(Figure(Box(*f[:4]), *f[4:]) for f in json.loads(figures)),
        unread=unread, note=note, title=title,
    )  # fmt: skip


def ledger(row: tuple) -> PageLedger:  # type: ignore[type-arg]
    """A page's ledger from the columns LEDGER."""
    number, source, ocr, confidence, indexed, hidden, dropped, unread, note = row
    reasons = tuple(Dropped(*item) for item in json.loads(dropped).items())
    return PageLedger(number, source - ocr, ocr, confidence, indexed, hidden, reasons, unread, note)


SEEN = "rowid NOT IN (SELECT rowid FROM chunk WHERE hidden = 1)"  # by their own small index


def count_up(connection: Transaction, key: str) -> None:
    """One more of what a number in `meta` counts."""
    connection.execute(
        "INSERT INTO meta VALUES (?, '1') ON CONFLICT (key) DO UPDATE"
        " SET value = CAST(CAST(meta.value AS INTEGER) + 1 AS TEXT)",
        (key,),
    )


# Takes `listed`: SQLite has 32,766 question marks for one statement, Debian's has 250,000.
AMONG = "IN (SELECT value FROM json_each(?))"


def listed(values: Iterable[str]) -> str:
    """Any number of values as one parameter."""
    return json.dumps(list(values))


# Keeps to passages of some documents, whose names it takes `listed`. FTS5 runs a match anew for
# each rowid of a list, but knows ranges.
WITHIN = (
    "WITH sought AS MATERIALIZED (SELECT chunk.rowid AS row FROM chunk"
    f" JOIN document ON document.id = document_id WHERE name {AMONG}) "
)
BETWEEN = (
    " AND rowid >= (SELECT min(row) FROM sought) AND rowid <= (SELECT max(row) FROM sought)"
    " AND +rowid IN (SELECT row FROM sought)"
)
