"""The SQLite files of a home beside its libraries."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.errors import AssistantError

Connection = sqlite3.Connection

# A version that changes the tables so that this one cannot read them sets another `user_version`.
VERSION = 0


class Kept:
    """A connection for each use, one at a time in this process.

    A file that cannot be used is an error when it is used, not before: who asks a question gets an
    answer, and learns that it was not saved.
    """

    def __init__(self, path: Path, schema: str, what: str) -> None:
        """`what` names its contents."""
        self._path = path
        self._schema = schema
        self._what = what
        self._lock = threading.Lock()
        self._made = False  # whether it has the tables, in this version

    def _upgrade(self, connection: Connection) -> None:
        """Give tables of an earlier version what this one needs."""

    def _write_anew(self) -> None:
        """Leave no byte in the file of what was deleted or changed before."""
        with self._connected() as connection:
            connection.execute("VACUUM")

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """Raises AssistantError when the file is damaged or cannot be written."""
        try:
            with self._lock:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                new = not self._path.exists()  # as when somebody has deleted it meanwhile
                connection = sqlite3.connect(self._path, timeout=30)
                try:
                    self._check_version(connection)
                    connection.execute("PRAGMA secure_delete = ON")  # however SQLite was built
                    if new or not self._made:
                        connection.executescript(self._schema)
                        self._upgrade(connection)
                        self._made = True
                    with connection:
                        yield connection
                finally:
                    connection.close()
        except (sqlite3.DatabaseError, OSError, UnicodeDecodeError) as error:
            raise AssistantError(
                f"{self._path}, which keeps the {self._what}, cannot be used: {error}."
                f" {_remedy(str(error))}"
            ) from error

    def _check_version(self, connection: sqlite3.Connection) -> None:
        [(version,)] = connection.execute("PRAGMA user_version")
        if version > VERSION:
            raise AssistantError(
                f"{self._path}, which keeps the {self._what}, was made by a newer version of "
                "Pincite. Use that version, or another --home."
            )


def _remedy(error: str) -> str:
    """What to do, by the words of SQLite and of the system."""
    said = error.lower()
    if "full" in said or "no space" in said or "i/o" in said:
        return "Free some space on its disk, or check the disk."
    if "read-only" in said or "readonly" in said or "permission" in said or "unable" in said:
        return "Make it writable, or choose another --home."
    if "locked" in said:
        return "Another process is writing: try again later."
    return "Move the file away to begin a new one, or put back a copy of it."
