"""Statements of the catalogue, in SQLite's notation, inside a transaction of PostgreSQL."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from vectorstore.catalog.engine import Rows


class Inside:
    """The transaction of a connection, for statements in SQLite's notation."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Rows:
        done: Rows = self._connection.execute(translated(sql), values, binary=True)
        return done

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> Any:
        with self._connection.cursor() as cursor:
            cursor.executemany(translated(sql), rows)
            return cursor

    def run(self, script: str) -> None:
        """Several statements without values."""
        self._connection.execute(script)


@lru_cache(1000)
def translated(sql: str) -> str:
    """In the notation of the driver."""
    return sql.replace("%", "%%").replace("?", "%s")
