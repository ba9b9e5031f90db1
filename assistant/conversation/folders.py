"""Folders that a person sorts conversations into: made, renamed, closed, deleted."""

from dataclasses import dataclass

from assistant.contract.names import check_name
from assistant.conversation.tables import PART, SCHEMA
from assistant.errors import AssistantError, NotThere
from assistant.storage.sqlite_file import Kept, Place
from assistant.storage.whose import EVERYBODY, Whose

_LONGEST = 100  # characters of a name


@dataclass(frozen=True)
class Folder:
    """A folder in a list."""

    id: int
    name: str
    collapsed: bool = False  # its conversations are not shown


class Folders(Kept):
    """Of a person, kept with their conversations. That of another person is not there."""

    def __init__(self, place: Place, whose: Whose = EVERYBODY) -> None:
        """Each use raises AssistantError when the tables cannot be used."""
        super().__init__(place, SCHEMA, PART.what)
        self._person = whose.person

    def all(self) -> list[Folder]:
        """By name."""
        with self._connected() as connection:
            rows = connection.execute(
                "SELECT number, name, collapsed FROM folder WHERE person = ?", (self._person,)
            ).fetchall()
        found = [Folder(number, name, bool(collapsed)) for number, name, collapsed in rows]
        return sorted(found, key=lambda folder: (folder.name.casefold(), folder.id))

    def make(self, name: str) -> Folder:
        """An empty one. Raises AssistantError for a name that is empty, long, or taken."""
        said = self._checked(name)
        with self._connected() as connection:
            (number,) = connection.execute(
                "INSERT INTO folder (person, name) VALUES (?, ?) RETURNING number",
                (self._person, said),
            ).fetchone()
        return Folder(number, said)

    def rename(self, folder: int, name: str) -> None:
        """Raises AssistantError as `make`, and where there is no such folder."""
        self._set(folder, "name", self._checked(name, folder))

    def collapse(self, folder: int, collapsed: bool = True) -> None:
        """Do not show its conversations, or show them again. Raises AssistantError where there is
        no such folder."""
        self._set(folder, "collapsed", int(collapsed))

    def delete(self, folder: int) -> int:
        """Its conversations go back to the list; they are counted. Raises AssistantError where
        there is no such folder."""
        self.check_there(folder)
        with self._connected() as connection:
            back = connection.execute("DELETE FROM foldered WHERE folder = ?", (folder,)).rowcount
            connection.execute("DELETE FROM folder WHERE number = ?", (folder,))
        return back

    def move(self, conversation: str, folder: int) -> None:
        """Put a conversation into a folder; 0: back to the list. Nothing is kept of one that is not
        there. Raises AssistantError where there is no such folder."""
        key = f"@{self._person}/{conversation}" if self._person else conversation
        if folder:
            self.check_there(folder)
        with self._connected() as connection:
            if not folder:
                connection.execute("DELETE FROM foldered WHERE conversation = ?", (key,))
                return
            connection.execute(  # as one statement: another server may do the same
                "INSERT INTO foldered (conversation, folder)"
                " SELECT id, ? FROM conversation WHERE id = ?"
                " ON CONFLICT (conversation) DO UPDATE SET folder = excluded.folder", (folder, key)
            )  # fmt: skip

    def check_there(self, folder: int) -> None:
        """Raises AssistantError where there is no such folder."""
        if all(one.id != folder for one in self.all()):
            raise NotThere(f"There is no folder {folder}.")

    def _set(self, folder: int, column: str, value: object) -> None:
        self.check_there(folder)
        with self._connected() as connection:
            connection.execute(
                f"UPDATE folder SET {column} = ? WHERE number = ?", (value, folder)
            )  # fmt: skip

    def _checked(self, name: str, of: int = 0) -> str:
        said = " ".join(name.split())
        check_name(said, "The name of a folder")
        if not 0 < len(said) <= _LONGEST:
            raise AssistantError(f"A folder's name has 1 to {_LONGEST} characters.")
        if any(one.name.casefold() == said.casefold() and one.id != of for one in self.all()):
            raise AssistantError(f"There is a folder {said!r} already. Choose another name.")
        return said
