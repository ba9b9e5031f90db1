"""What a home keeps beside its libraries: in SQLite files, and parts of it in PostgreSQL for a
team. The statements are the same for both."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.errors import AssistantError
from assistant.storage.part import mark_of
from assistant.storage.team_tables import TeamTables
from vectorstore.catalog.engine import Transaction

Connection = Transaction
Place = Path | TeamTables

# A version that changes the tables so that this one cannot read them sets another `user_version`.
# Files that have none were made before the first release.
VERSION = 1


class Kept:
    """A connection for each use, one at a time in this process.

    What cannot be used is an error when it is used, not before: who asks a question gets an answer,
    and learns that it was not saved.
    """

    def __init__(self, place: Place, schema: str, what: str) -> None:
        """`schema` makes the tables in SQLite; `what` names their contents."""
        self._tables = _File(place, schema, what) if isinstance(place, Path) else place
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

    def __init__(self, path: Path, schema: str, what: str) -> None:
        self._path, self._schema, self._what = path, schema, what
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
                connection = sqlite3.connect(self._path, timeout=30)
                try:
                    self._check_version(connection)
                    connection.execute("PRAGMA secure_delete = ON")  # however SQLite was built
                    if new or not self._made:
                        connection.executescript(f"PRAGMA user_version = {VERSION};{self._schema}")
                        self._made = True
                    with connection:
                        yield connection
                        self._check_not_moved()  # while this one waited to write
                finally:
                    connection.close()
        except (sqlite3.DatabaseError, OSError, UnicodeDecodeError) as error:
            raise AssistantError(
                f"{self._path}, which keeps the {self._what}, cannot be used: {error}."
                f" {_remedy(str(error))}"
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


@contextmanager
def held(path: Path) -> Iterator[sqlite3.Connection]:
    """A file in which nobody else writes until the end. Raises AssistantError."""
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        raise AssistantError(f"{path} cannot be used: {error}. {_remedy(str(error))}") from error
    finally:
        connection.close()
