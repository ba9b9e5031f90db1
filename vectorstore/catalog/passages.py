"""The passages of a library in its catalogue: their texts, vectors, and the search for words."""

import json
from collections.abc import Collection, Sequence
from itertools import accumulate
from typing import Protocol

import numpy as np

from ingest.language import words
from vectorstore.catalog import rows
from vectorstore.catalog.rows import StoredChunk
from vectorstore.database.schema import Database
from vectorstore.store import Vectors


class Words(Protocol):
    """Full-text search. `match` is an expression of `ingest.language.words`: quoted words and
    phrases with OR between them."""

    def passages(
        self, match: str, k: int, hidden: bool, documents: Collection[str] | None
    ) -> list[tuple[str, float]]:
        """(chunk id, BM25 score), best first; of some documents if any are given."""

    def cards(self, match: str) -> list[tuple[str, float]]:
        """(document name, BM25 score) of each card that matches, in no order; higher is better."""

    def has(self, rowid: int, match: str) -> bool:
        """Whether the passage of this `chunk.rowid` matches."""

    def count(self, match: str) -> int:
        """The number of passages that match."""

    def merge(self) -> None:
        """Leave no deleted word in the index."""


LARGE = 20_000  # passages from which on FTS5 takes longer than the rest of a search
_HAVING = "SELECT rowid FROM chunk_words WHERE chunk_words MATCH ?"
_LANGUAGES = "SELECT DISTINCT language FROM document"
_RARE = 0.1  # share of the passages that are scored; see benchmarks/results/word_engines.md


class Fts5:
    """The `Words` of SQLite: its full-text search FTS5, with its BM25."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def passages(
        self, match: str, k: int, hidden: bool, documents: Collection[str] | None
    ) -> list[tuple[str, float]]:
        rare = "" if documents is not None else self._rare(match)
        found = self._best(match, k, hidden, documents, rare)
        if rare and len(found) < k:  # what is rare may be in few passages, or in hidden text
            found = self._best(match, k, hidden, documents, "")
        return found

    def _best(
        self, match: str, k: int, hidden: bool, documents: Collection[str] | None, rare: str
    ) -> list[tuple[str, float]]:
        """With `rare` only of the passages that match it, too."""
        only = documents is not None
        seen = "" if hidden else f" AND {rows.SEEN}"
        having = f" AND +rowid IN ({_HAVING})" if rare else ""
        return self._database.all(
            f"{rows.WITHIN if only else ''}"
            "SELECT chunk.id, -hit.score FROM (SELECT rowid, bm25(chunk_words) AS score"
            f" FROM chunk_words WHERE chunk_words MATCH ?{seen}{having}"
            f"{rows.BETWEEN if only else ''} ORDER BY {'score' if rare else 'rank'} LIMIT ?) AS hit"
            " JOIN chunk ON chunk.rowid = hit.rowid ORDER BY hit.score",
            *([rows.listed(documents)] if documents is not None else []),
            match,
            *([rare] if rare else []),
            k,
        )

    def _rare(self, match: str) -> str:
        """In a large library the rarest words of a match; empty otherwise. FTS5 scores each passage
        with any of the words, and the best ones have one of these."""
        size = self._database.value("SELECT coalesce(max(rowid), 0) FROM chunk")
        if size < LARGE:
            return ""
        counts = ((self.count(word), word) for word in match.split(" OR "))
        counted = sorted(pair for pair in counts if pair[0])
        sums = accumulate(count for count, _ in counted)
        few = [total <= _RARE * size for total in sums]
        rare = [word for (_, word), scored in zip(counted, few, strict=True) if scored]
        return " OR ".join(rare or [word for _, word in counted[:1]])

    def cards(self, match: str) -> list[tuple[str, float]]:
        return self._database.all(
            "SELECT name, -bm25(card_words) FROM card_words JOIN document"
            " ON document.id = card_words.rowid WHERE card_words MATCH ?",
            match,
        )

    def has(self, rowid: int, match: str) -> bool:
        has = "SELECT 1 FROM chunk_words WHERE rowid = ? AND chunk_words MATCH ?"
        return bool(self._database.one(has, rowid, match))

    def count(self, match: str) -> int:
        counted = "SELECT count(*) FROM chunk_words WHERE chunk_words MATCH ?"
        return int(self._database.value(counted, match))

    def merge(self) -> None:
        """FTS5 keeps the words of deleted rows until it merges its parts."""
        with self._database.transaction() as connection:
            for table in ("chunk_words", "card_words"):
                connection.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")


class Passages:
    """Reachable as `Catalog.passages`. What is written goes through `Catalog.put`."""

    def __init__(self, database: Database, words: Words) -> None:
        self._database = database
        self._words = words

    def chunks(self, ids: Sequence[str]) -> dict[str, StoredChunk]:
        found = self._database.all(
            "SELECT chunk.id, name, page, first, last, headings, text, chunk.hidden FROM chunk"
            f" JOIN document ON document.id = document_id WHERE chunk.id {rows.AMONG}",
            rows.listed(ids),
        )
        return {
            r[0]: StoredChunk(
                r[0], r[1], r[2], r[3], r[4], tuple(json.loads(r[5])), r[6], bool(r[7])
            )
            for r in found
        }

    # Hidden text is indexed apart, so that it takes no place from evidence.

    def count(self) -> int:
        """The number of visible chunks: those that are not hidden text."""
        return int(self._database.value(f"SELECT count(*) FROM chunk WHERE {rows.SEEN}"))

    def ids(self) -> set[str]:
        """The ids of all visible chunks."""
        return set(self._database.column(f"SELECT id FROM chunk WHERE {rows.SEEN}"))

    def vectors(self, ids: Sequence[str] | None = None) -> tuple[list[str], Vectors]:
        """Ids and vectors of all visible chunks, or of the given ones."""
        if ids is None:
            found = self._database.all(f"SELECT id, vector FROM chunk WHERE {rows.SEEN}")
        else:
            found = self._database.all(
                f"SELECT id, vector FROM chunk WHERE id {rows.AMONG}", rows.listed(ids)
            )
        return rows.matrix(found)

    def vectors_of(self, documents: Collection[str]) -> tuple[list[str], Vectors]:
        """Ids and vectors of the visible chunks of some documents."""
        found = self._database.all(
            "SELECT chunk.id, vector FROM chunk JOIN document ON document.id = document_id"
            f" WHERE name {rows.AMONG} AND chunk.hidden = 0",
            rows.listed(documents),
        )
        return rows.matrix(found)

    def vectors_by_text(self, sha256: str) -> dict[str, Vectors]:
        """Text -> vector of each chunk of a document, hidden ones too; `sha256` is of its file."""
        found = self._database.all(
            "SELECT text, vector FROM chunk JOIN document ON document.id = document_id"
            " WHERE sha256 = ?",
            sha256,
        )
        return {text: np.frombuffer(vector, "<f4") for text, vector in found}

    def hidden_vectors(self) -> tuple[list[str], Vectors]:
        """Ids and vectors of the hidden chunks."""
        return rows.matrix(self._database.all("SELECT id, vector FROM chunk WHERE hidden = 1"))

    def places(self, ids: Sequence[str]) -> dict[str, tuple[str, int]]:
        """Chunk id -> document name and page."""
        found = self._database.all(
            "SELECT chunk.id, name, page FROM chunk JOIN document ON document.id = document_id"
            f" WHERE chunk.id {rows.AMONG}",
            rows.listed(ids),
        )
        return {row[0]: (row[1], row[2]) for row in found}

    def bm25(
        self, query: str, k: int, hidden: bool = False, documents: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """(chunk id, score) by the words of the query, best first; higher is better.

        Limited to some documents if any are given. Hidden chunks are included only on request.
        """
        match = words.match(query, self._languages())
        return self._words.passages(match, k, hidden, documents) if match else []

    def share_of_words(self, query: str, id: str) -> float:
        """The share of a question's words that a passage has in any form, 0 to 1."""
        asked = words.asked(query, self._languages())
        row = self._database.value("SELECT rowid FROM chunk WHERE id = ?", id)
        if not asked or row is None:
            return 0.0
        return sum(self._words.has(row, one) for one in asked) / len(asked)

    def stating(self, word: str) -> int:
        """The number of chunks that state a word, in any of its forms."""
        return self._words.count(words.written(word, self._languages()))

    def _languages(self) -> set[str]:
        """In which passages are indexed."""
        return set(map(rows.word_language, self._database.column(_LANGUAGES)))

    def bm25_cards(self, query: str) -> dict[str, float]:
        """Document name -> score of its card: name, title and first pages."""
        match = words.match(query, self._languages())
        return dict(self._words.cards(match)) if match else {}
