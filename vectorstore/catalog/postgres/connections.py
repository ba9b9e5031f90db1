"""Connections to the schema of a catalogue: used by one thread at a time, kept for the next one."""

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from vectorstore.postgres.server import Server, as_sqlite

WAIT = 60  # seconds to wait for the transaction of another process
_KEPT = 4  # connections that wait for their next use


class Connections:
    """Psycopg's, which commit each statement and take values as SQLite does."""

    def __init__(self, server: Server, schema: str) -> None:
        """None is opened yet."""
        self._server = server
        self._schema = schema
        self._idle: list[Any] = []
        self._lists = threading.Lock()
        self._age = 0  # how often it was closed
        weakref.finalize(self, _close_all, self._idle)  # psycopg warns of what is left open

    @contextmanager
    def one(self, begin: str = "") -> Iterator[Any]:
        """One that nobody uses, in a transaction that this statement begins, if it is given.
        Raises psycopg's errors, LibraryAway and LibraryError."""
        age = self._age
        connection = self._waiting(begin) or self._new(begin)
        try:
            yield connection
        finally:
            self._give_back(connection, age)

    def close(self) -> None:
        """Close what is not in use now, and the rest after its use; the next use opens anew."""
        with self._lists:
            self._age += 1
            _close_all(self._idle)

    def _waiting(self, begin: str) -> Any:
        """None where there is none, or where a restart of the server has cut it."""
        with self._lists:
            connection = self._idle.pop() if self._idle else None
        if connection is None or connection.closed:
            return None
        try:
            if begin:
                connection.execute(begin)
        except Exception:
            cut = connection.closed
            self._give_back(connection, self._age)
            if not cut:
                raise
            return None
        return connection

    def _new(self, begin: str) -> Any:
        options = f"-c search_path={self._schema} -c lock_timeout={WAIT}s"
        connection = as_sqlite(self._server.connect(options=options))
        try:
            if begin:
                connection.execute(begin.encode())
        except BaseException:
            connection.close()
            raise
        return connection

    def _give_back(self, connection: Any, age: int) -> None:
        with self._lists:
            if connection.closed:
                _close_all(self._idle)  # of the same server, which was away
            good = not connection.closed and not connection.info.transaction_status
            if good and age == self._age and len(self._idle) < _KEPT:
                self._idle.append(connection)
                return
        connection.close()


def _close_all(connections: list[Any]) -> None:
    while connections:
        connections.pop().close()
