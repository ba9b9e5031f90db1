"""What a home keeps beside its libraries: in SQLite files, and parts of it in PostgreSQL for a
team. The statements are the same for both."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from assistant.errors import AssistantError
from assistant.storage.part import mark_of
from assistant.storage.team_tables import TeamTables
from vectorstore.catalog.engine import Transaction
from vectorstore.database.schema import Schema
from vectorstore.database.sqlite import Trouble, connect, trouble

Connection = Transaction
Place = Path | TeamTables

# A version that changes the tables so that this one cannot read them sets another `user_version`.
# Files that have none were made before the first release.
VERSION = 1
_WAIT = 30  # seconds for the transaction of another process


class Kept:
    """A connection for each use, one at a time in this process.

    What cannot be used is an error when it is used, not before: who asks a question gets an answer,
    and learns that it was not saved.
    """

    def __init__(self, place: Place, schema: Schema) -> None:
        self._tables = _File(place, schema) if isinstance(place, Path) else place
        self._local = threading.local()

    def is_there(self) -> bool:
        """Whether there are tables, or a file that should have them. Raises AssistantError."""
        return self._tables.is_there()

    def prepare(self) -> None:
        """Make the tables, or bring them to the present version. Raises AssistantError."""
        with self._connected():
            pass

    def _write_anew(self) -> None:
        """Leave no byte on the disk of what was deleted or changed before."""
        self._tables.write_anew()

    @contextmanager
    def _connected(self) -> Iterator[Transaction]:
        """All or nothing. Raises AssistantError when the file is damaged or cannot be written, or
        when the server is away."""
        if (around := getattr(self._local, "connection", None)) is not None:
            yield around
            return
        with self._tables.transaction() as connection:
            yield connection

    @contextmanager
    def together(self) -> Iterator[None]:
        """What this thread does with it meanwhile is done as a whole, or not at all. Raises
        AssistantError."""
        with self._tables.transaction() as connection:
            self._local.connection = connection
            try:
                yield
            finally:
                self._local.connection = None


class _File:
    """Does for a file what `TeamTables` does for the tables of a team."""

    def __init__(self, path: Path, schema: Schema) -> None:
        self._path, self._schema, self._what = path, schema.in_sqlite, schema.what
        self._lock = threading.Lock()
        self._made = False  # whether it has the tables, in this version

    def is_there(self) -> bool:
        return self._path.exists()

    def write_anew(self) -> None:
        with self.transaction() as connection:
            connection.execute("VACUUM")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._check_not_moved()
                new = not self._path.exists()  # as when somebody has deleted it meanwhile
                with closing(connect(self._path, _WAIT)) as connection:
                    self._check_version(connection)
                    if new or not self._made:
                        connection.executescript(f"PRAGMA user_version = {VERSION};{self._schema}")
                        self._made = True
                    with connection:
                        yield connection
                        self._check_not_moved()  # while this one waited to write
        except (sqlite3.DatabaseError, OSError, UnicodeDecodeError) as error:
            raise AssistantError(
                f"{self._path}, which keeps the {self._what}, cannot be used: {error}."
                f" {_remedy(error)}"
            ) from error

    def _check_not_moved(self) -> None:
        if mark_of(self._path).exists():
            raise AssistantError(
                f"The {self._what} of this home were moved to PostgreSQL meanwhile: start again."
            )

    def _check_version(self, connection: sqlite3.Connection) -> None:
        # In one statement: between two of them another connection may make the tables.
        [(version, made)] = connection.execute(
            "SELECT user_version, EXISTS (SELECT 1 FROM sqlite_schema) FROM pragma_user_version"
        )
        if version > VERSION:
            raise AssistantError(
                f"{self._path}, which keeps the {self._what}, was made by a newer version of "
                "Pincite. Use that version, or another --home."
            )
        if version < VERSION and made:
            raise AssistantError(
                f"{self._path}, which keeps the {self._what}, was made by a version of Pincite that"
                " was never released, and was not changed. Move it away, or use another --home."
            )


_SPACE = "Free some space on its disk, or check the disk."
_RIGHTS = "Make it writable, or choose another --home."
_REMEDIES: dict[Trouble, str] = {
    "full": _SPACE, "failing": _SPACE, "closed": _RIGHTS, "unopened": _RIGHTS,
    "busy": "Another process is writing: try again later.",
    "other": "Move the file away to begin a new one, or put back a copy of it.",
}  # fmt: skip


def _remedy(error: Exception) -> str:
    return _REMEDIES[trouble(error)]


@contextmanager
def held(path: Path) -> Iterator[sqlite3.Connection]:
    """A file in which nobody else writes until the end. Raises AssistantError."""
    try:
        with closing(connect(path, _WAIT, explicit=True)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        raise AssistantError(f"{path} cannot be used: {error}. {_remedy(error)}") from error
