"""The conversations of a home, whosever they are: what is done to all that read a document or asked
a library, and to all of a person."""

import json
from collections.abc import Iterator
from typing import Any

from assistant.contract.forgetting import reads, without
from assistant.contract.renaming import with_library
from assistant.conversation.tables import PART, SCHEMA
from assistant.conversation.word_search import Compared, Indexed, WordSearch
from assistant.storage.answer_files import mentioned, mentioned_in
from assistant.storage.authors import inherit, leave
from assistant.storage.sqlite_file import Connection, Kept, Place
from assistant.storage.team_tables import TeamTables
from vectorstore.federation.names import is_joined, parts, renamed

_TABLES = (
    ("conversation", "id"), ("turn", "conversation"), ("arranged", "conversation"),
    ("foldered", "conversation"),
)  # fmt: skip


class KeptConversations(Kept):
    """Of all people. Each use raises AssistantError when the tables cannot be used."""

    def __init__(self, place: Place) -> None:
        super().__init__(place, SCHEMA, PART.what)
        team = place if isinstance(place, TeamTables) else None
        self._home = team.home if team else ""  # of several
        self._words: WordSearch = Compared() if team else Indexed()

    def is_empty(self) -> bool:
        """Whether nobody has a turn."""
        with self._connected() as connection:
            return connection.execute("SELECT 1 FROM turn LIMIT 1").fetchone() is None

    def forget(self, library: str, document: str) -> int:
        """Take a document out of the turns of a library's conversations, also of those that ask
        several libraries, and count these."""
        with self._connected() as connection:
            self._hold(connection, library)
            changed = []
            for number, of, answer in self._turns_of(connection, library):
                among = library if is_joined(of) else ""
                if reads(answer, document, among):
                    changed.append((json.dumps(without(answer, document, among)), number))
            connection.executemany("UPDATE turn SET answer = ? WHERE number = ?", changed)
        if changed:
            self._write_anew()
        return len(changed)

    def rename_library(self, old: str, new: str) -> None:
        """What was of one library is of another one, whosever it is."""
        with self._connected() as connection:
            self._hold(connection, old)
            for number, of, answer in self._turns_of(connection, old):
                if is_joined(of):
                    text = json.dumps(with_library(answer, old, new))
                    connection.execute("UPDATE turn SET answer = ? WHERE number = ?",
                                       (text, number))  # fmt: skip
            for of in self._kept_of(connection, old):
                connection.execute("UPDATE conversation SET library = ? WHERE library = ?",
                                   (renamed(of, old, new), of))  # fmt: skip

    def _turns_of(
        self, connection: Connection, library: str
    ) -> Iterator[tuple[int, str, dict[str, Any]]]:
        """The number, the libraries and the answer of each turn that asked a library."""
        for of in self._kept_of(connection, library):
            rows = connection.execute(
                "SELECT number, answer FROM turn JOIN conversation AS c"
                " ON c.id = conversation AND c.library = ?", (of,)
            ).fetchall()  # fmt: skip
            yield from ((number, of, json.loads(text)) for number, text in rows)

    def _hold(self, connection: Connection, library: str) -> None:
        """Others who change turns of a library wait from here on, and what is read from here on has
        what they wrote before: it is read, changed, and written back as a whole."""
        for of in sorted(self._kept_of(connection, library)):
            connection.execute("UPDATE conversation SET library = library WHERE library = ?", (of,))

    def _kept_of(self, connection: Connection, library: str) -> list[str]:
        """The kept names with a library: its own, and those of several."""
        rows = connection.execute("SELECT DISTINCT library FROM conversation").fetchall()
        return [of for (of,) in rows if of and library in parts(of)]

    def give(self, person: str) -> None:
        """What belongs to nobody becomes a person's, and what is under way for nobody when it ends:
        before the first account all was theirs."""
        with self._connected() as connection:
            inherit(connection, person)
            for table, column in _TABLES:
                connection.execute(
                    f"UPDATE {table} SET {column} = ? || {column} WHERE {column} NOT LIKE '@%/%'",
                    (f"@{person}/",),
                )
            connection.execute("UPDATE folder SET person = ? WHERE person = ''", (person,))

    def files(self) -> set[str]:
        """The names of files that turns mention, whosever they are."""
        with self._connected() as connection:
            return mentioned_in(connection, "turn", "answer")

    def files_of(self, person: str) -> set[str]:
        """The same of one person."""
        with self._connected() as connection:
            of = f"@{person}/%"
            return mentioned_in(connection, "turn", "answer", "conversation LIKE ?", of)

    def drop(self, person: str) -> set[str]:
        """Delete all conversations of a person who is removed: none of theirs begins any more.
        Returns the names of files that they have mentioned."""
        with self._connected() as connection:
            leave(connection, person)
            gone = connection.execute(
                "DELETE FROM turn WHERE conversation LIKE ? RETURNING answer", (f"@{person}/%",)
            )
            files = mentioned(answer for (answer,) in gone)
            for table, column in _TABLES:
                connection.execute(f"DELETE FROM {table} WHERE {column} LIKE ?", (f"@{person}/%",))
            connection.execute("DELETE FROM folder WHERE person = ?", (person,))
        self._write_anew()
        return files

    def _write_anew(self) -> None:
        with self._connected() as connection:
            self._words.drop_deleted(connection)
        super()._write_anew()
