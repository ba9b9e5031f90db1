"""Full-text search by SQLite's FTS5."""

from collections.abc import Collection

from vectorstore.catalog import rows
from vectorstore.catalog.engine import Engine


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
