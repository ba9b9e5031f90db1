"""Finds words in turns: by SQLite's index of words, or one turn after the other in the tables of a
team, where a person has some thousand."""

from collections.abc import Sequence
from typing import Any, Protocol

from assistant.conversation.tables import drop_deleted_words
from assistant.storage.sqlite_file import Connection

Mine = tuple[str, bool]  # which ids are the person's: like this, or not like this
Query = tuple[str, list[Any]]
_TERM = 3  # characters: the index has no shorter terms


class WordSearch(Protocol):
    """Of conversations."""

    def having(self, terms: Sequence[str], mine: Mine) -> Query:
        """Asks for the conversations with the latest turn of each that has all terms."""

    def drop_deleted(self, connection: Connection) -> None:
        """Leave no byte of the words of deleted turns."""


class Indexed:
    """By the index of SQLite; what is not the person's is left out later."""

    def having(self, terms: Sequence[str], mine: Mine) -> Query:
        """See `WordSearch`."""
        long = [term for term in terms if len(term) >= _TERM]
        short = [term for term in terms if len(term) < _TERM]
        quoted = ('"{}"'.format(term.replace('"', '""')) for term in long)
        match = (["turn_words MATCH ?"], [" AND ".join(quoted)]) if long else ([], [])
        like = "(w.question || ' ' || w.answer) LIKE ? ESCAPE '\\'"
        where = " AND ".join([*match[0], *(like for _ in short)])
        return (
            "SELECT turn.conversation, max(w.rowid) FROM turn_words AS w"
            f" JOIN turn ON turn.number = w.rowid WHERE {where} GROUP BY turn.conversation",
            [*match[1], *map(_part, short)],
        )

    def drop_deleted(self, connection: Connection) -> None:
        """SQLite has overwritten the rows; the index of words only marks them as deleted."""
        drop_deleted_words(connection)


class Compared:
    """In PostgreSQL."""

    def having(self, terms: Sequence[str], mine: Mine) -> Query:
        """See `WordSearch`."""
        like = " AND ".join("(question || ' ' || said) ILIKE ?" for _ in terms)
        return (
            "SELECT conversation, max(number) FROM turn"
            f" WHERE (conversation LIKE ?) = ? AND {like} GROUP BY conversation",
            [*mine, *map(_part, terms)],
        )

    def drop_deleted(self, connection: Connection) -> None:
        """There is no index."""


def _part(term: str) -> str:
    literal = term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{literal}%"
