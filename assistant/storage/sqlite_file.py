"""The SQLite files of a home beside its libraries."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.errors import AssistantError


class Kept:
    """A connection for each use, one at a time in this process."""

    def __init__(self, path: Path, schema: str, what: str) -> None:
        """`what` names its contents. Raises AssistantError when the file cannot be written."""
        self._path = path
        self._schema = schema
        self._what = what
        self._lock = threading.Lock()
        with self._connected() as connection:
            connection.executescript(schema)

    def _write_anew(self) -> None:
        """Leave no byte in the file of what was deleted or changed before."""
        with self._connected() as connection:
            connection.execute("VACUUM")

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                new = not self._path.exists()  # as when somebody has deleted it meanwhile
                connection = sqlite3.connect(self._path, timeout=30)
                try:
                    connection.execute("PRAGMA secure_delete = ON")  # however SQLite was built
                    if new:
                        connection.executescript(self._schema)
                    with connection:
                        yield connection
                finally:
                    connection.close()
        except (sqlite3.DatabaseError, OSError, UnicodeDecodeError) as error:
            raise AssistantError(
                f"{self._path}, which keeps the {self._what}, cannot be used: {error}."
            ) from error
