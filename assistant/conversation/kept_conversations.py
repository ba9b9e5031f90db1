"""The conversations of a home, of all people. The receipts of their answers
stay with them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from assistant.contract.answer_document import reads, with_library, without
from assistant.storage.conversation_tables import CONVERSATIONS
from assistant.storage.files import mentioned, mentioned_in
from assistant.storage.part import Connection, Kept, Place, leave
from vectorstore.federation import is_joined, parts, renamed


def text_of(answer: Mapping[str, Any]) -> str:
    """The text of an answer as a database takes it: without half letters and NUL."""
    text: str = answer["answer"]
    return text.encode("utf-8", "replace").decode().replace("\0", "")


# -- The conversations of a home, of all people: what is done to all that read a document or
# asked a library, and to all of a person.


class KeptConversations(Kept):
    """All conversations of a home. Each use raises AssistantError when tables cannot be used."""

    def __init__(self, place: Place) -> None:
        super().__init__(place, CONVERSATIONS)

    def is_empty(self) -> bool:
        """Whether there is no turn in any conversation."""
        return not self._rows("SELECT 1 FROM turn LIMIT 1")

    def forget(self, library: str, document: str) -> int:
        """Take a document out of the turns of a library's conversations, also of those that ask
        several libraries, and count these."""
        with self._connected() as connection:
            self._hold(connection, library)
            changed = []
            for number, of, answer in self._turns_of(connection, library):
                among = library if is_joined(of) else ""
                if reads(answer, document, among):
                    left = without(answer, document, among)
                    changed.append((json.dumps(left), text_of(left), number))
            statement = "UPDATE turn SET answer = ?, said = ? WHERE number = ?"
            connection.executemany(statement, changed)
        if changed:
            self._write_anew()
        return len(changed)

    def rename_library(self, old: str, new: str) -> None:
        """Move the conversations of all people from a library's old name to its new one."""
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
        """The number, the libraries and the answer of each turn that searched a library."""
        for of in self._kept_of(connection, library):
            rows = connection.execute(
                "SELECT number, answer FROM turn JOIN conversation AS c"
                " ON c.id = conversation AND c.library = ?", (of,)
            ).fetchall()  # fmt: skip
            yield from ((number, of, json.loads(text)) for number, text in rows)

    def _hold(self, connection: Connection, library: str) -> None:
        """Lock the turns of a library until the transaction ends: whoever else changes them waits,
        and what is read from here on has what they wrote before."""
        for of in sorted(self._kept_of(connection, library)):
            connection.execute("UPDATE conversation SET library = library WHERE library = ?", (of,))

    def _kept_of(self, connection: Connection, library: str) -> list[str]:
        """The stored names that contain a library: its own, and those of several libraries."""
        rows = connection.execute("SELECT DISTINCT library FROM conversation").fetchall()
        return [of for (of,) in rows if of and library in parts(of)]

    def give(self, person: str) -> None:
        """Give a person all that belongs to nobody: before the first account everything was
        theirs."""
        with self._connected() as connection:
            for table, column in (("conversation", "id"), ("turn", "conversation")):
                connection.execute(
                    f"UPDATE {table} SET {column} = ? || {column} WHERE {column} NOT LIKE '@%/%'",
                    (f"@{person}/",),
                )
            connection.execute("UPDATE folder SET person = ? WHERE person = ''", (person,))

    def files(self, person: str = "") -> set[str]:
        """The names of files that the turns of all people mention, or those of one person."""
        of = f"@{person}/%" if person else "%"
        with self._reading() as connection:
            return mentioned_in(connection, "turn", "answer", "conversation LIKE ?", of)

    def drop(self, person: str) -> set[str]:
        """Delete all conversations of a person who is removed; they can begin no others.
        Returns the names of files that the turns mentioned."""
        with self._connected() as connection:
            leave(connection, person)
            files = mentioned(self._drop(connection, "LIKE", f"@{person}/%"))
            connection.execute("DELETE FROM folder WHERE person = ?", (person,))
        self._write_anew()
        return files

    def _drop(self, connection: Connection, which: Literal["=", "LIKE"], ids: str) -> list[str]:
        """Delete conversations by their ids, and return the answers of their turns."""
        connection.execute(
            f"DELETE FROM conversation WHERE id {which} ?", (ids,)
        )  # no turn follows
        gone = connection.execute(
            f"DELETE FROM turn WHERE conversation {which} ? RETURNING answer", (ids,)
        )
        return [answer for (answer,) in gone.fetchall()]
