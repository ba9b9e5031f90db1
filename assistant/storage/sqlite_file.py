"""What a home keeps beside its libraries: in SQLite files, and parts of it in PostgreSQL for a
team. The statements are the same for both."""

from contextlib import AbstractContextManager
from pathlib import Path

from assistant.errors import AssistantError
from assistant.storage.part import mark_of
from assistant.storage.team_tables import TeamTables
from vectorstore.database.schema import Schema
from vectorstore.database.sqlite import OtherVersion, SqliteDatabase, Trouble
from vectorstore.database.transactions import Transaction

Connection = Transaction
Place = Path | TeamTables


class Kept:
    """The tables of a home, or what one class does with them.

    What cannot be used is an error when it is used, not before: who asks a question gets an answer,
    and learns that it was not saved.
    """

    def __init__(self, place: Place, schema: Schema) -> None:
        self._database = HomeFile(place, schema) if isinstance(place, Path) else place

    def is_there(self) -> bool:
        """Whether there are tables, or a file that should have them. Raises AssistantError."""
        return self._database.is_there()

    def prepare(self) -> None:
        """Make the tables, or bring them to the present version. Raises AssistantError."""
        with self._connected():
            pass

    def together(self) -> AbstractContextManager[None]:
        """What this thread does with it meanwhile is done as a whole, or not at all. Raises
        AssistantError."""
        return self._database.together()

    def _write_anew(self) -> None:
        """Leave no byte on the disk of what was deleted or changed before."""
        self._database.write_anew()

    def _connected(self) -> AbstractContextManager[Transaction]:
        """Reads and writes, all or nothing. Raises AssistantError when the file is damaged or
        cannot be written, or when the server is away."""
        return self._database.transaction()

    def _reading(self) -> AbstractContextManager[Transaction]:
        """Only reads, and hinders nobody. Raises AssistantError when the file is damaged, or when
        the server is away."""
        return self._database.read()


class HomeFile(SqliteDatabase):
    """Each use raises AssistantError when the file cannot be used, or was moved to PostgreSQL."""

    def is_there(self) -> bool:
        """Whether the file exists."""
        return self.path.exists()

    def _before(self) -> None:
        self._enter()  # an empty file would be made in the place of the one that has gone
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def _enter(self) -> None:
        """A move lets nobody else write until the mark is there."""
        if mark_of(self.path).exists():
            raise AssistantError(
                f"The {self.schema.what} of this home were moved to PostgreSQL meanwhile: start"
                " again."
            )

    def _explain(self, kind: Trouble, error: Exception, path: Path) -> AssistantError:
        if not isinstance(error, OtherVersion):
            return AssistantError(
                f"{path}, which keeps the {self.schema.what}, cannot be used: {error}."
                f" {_REMEDIES.get(kind, _OTHER)}"
            )
        if error.version > self.schema.version:
            return AssistantError(
                f"{path}, which keeps the {self.schema.what}, was made by a newer version of "
                "Pincite. Use that version, or another --home."
            )
        return AssistantError(
            f"{path}, which keeps the {self.schema.what}, was made by a version of Pincite "
            "that was never released, and was not changed. Move it away, or use another --home."
        )


_SPACE = "Free some space on its disk, or check the disk."
_RIGHTS = "Make it writable, or choose another --home."
_REMEDIES: dict[Trouble, str] = {
    "full": _SPACE, "failing": _SPACE, "closed": _RIGHTS, "unopened": _RIGHTS,
    "busy": "Another process is writing: try again later.",
}  # fmt: skip
_OTHER = "Move the file away to begin a new one, or put back a copy of it."
