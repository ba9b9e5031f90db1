"""Conversations in SQLite: each turn is the answer document that the person saw."""

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.contract.forgetting import reads, without
from assistant.contract.outcome import Passage
from assistant.contract.request import Turn
from assistant.storage.sqlite_file import Kept
from assistant.storage.whose import EVERYBODY, Whose

_SCHEMA = """
CREATE TABLE IF NOT EXISTS conversation (
    id      TEXT PRIMARY KEY,           -- of a person with an account: "@PERSON/ID"
    library TEXT,
    started TEXT
);
CREATE TABLE IF NOT EXISTS turn (
    number       INTEGER PRIMARY KEY,
    conversation TEXT NOT NULL REFERENCES conversation,
    question     TEXT NOT NULL,
    answer       TEXT NOT NULL          -- JSON: the answer document of the public contract
);
CREATE INDEX IF NOT EXISTS turn_conversation ON turn (conversation);
"""
_TITLE = 60  # characters


class Conversations(Kept):
    """A person's conversations in a home."""

    def __init__(self, path: Path, whose: Whose = EVERYBODY) -> None:
        """An id of another person, or of a library that the person does not see, is that of a
        conversation without turns. Each use raises AssistantError when the file cannot be used."""
        super().__init__(path, _SCHEMA, "conversations")
        self._whose = whose
        self._before = f"@{whose.person}/" if whose.person else ""

    def start(self) -> str:
        """The id of a new conversation; nothing is written before its first turn."""
        return uuid.uuid4().hex[:12]

    def add(self, conversation: str, answer: dict[str, Any], library: str = "") -> None:
        """Append a turn; a new id begins a conversation."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._connected() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO conversation VALUES (?, ?, ?)",
                (self._key(conversation), library, now),
            )
            connection.execute(
                "INSERT INTO turn (conversation, question, answer) VALUES (?, ?, ?)",
                (self._key(conversation), answer["question"], json.dumps(answer)),
            )

    def turns(self, conversation: str) -> list[dict[str, Any]]:
        """The answer documents, oldest first."""
        if not self._whose.sees(self._library(conversation)):
            return []
        with self._connected() as connection:
            rows = connection.execute(
                "SELECT answer FROM turn WHERE conversation = ? ORDER BY number",
                (self._key(conversation),),
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def history(self, conversation: str) -> list[Turn]:
        """The turns as a tool needs them, oldest first."""
        return [_turn(answer) for answer in self.turns(conversation)]

    def library(self, conversation: str) -> str:
        """The library of a conversation; empty for one without turns."""
        found = self._library(conversation)
        return found if self._whose.sees(found) else ""

    def _library(self, conversation: str) -> str:
        with self._connected() as connection:
            row = connection.execute(
                "SELECT library FROM conversation WHERE id = ?", (self._key(conversation),)
            ).fetchone()
        return row[0] if row else ""

    def _key(self, conversation: str) -> str:
        """People may guess an id, but not one of another person."""
        return f"{self._before}{conversation}"

    def forget(self, library: str, document: str) -> int:
        """Take a document out of the turns of a library's conversations, whosever they are, and
        count these."""
        with self._connected() as connection:
            rows = connection.execute(
                "SELECT number, answer FROM turn JOIN conversation AS c"
                " ON c.id = conversation AND c.library = ?", (library,)
            ).fetchall()  # fmt: skip
            read = [(number, json.loads(text)) for number, text in rows]
            changed = [(number, answer) for number, answer in read if reads(answer, document)]
            connection.executemany(
                "UPDATE turn SET answer = ? WHERE number = ?",
                [(json.dumps(without(answer, document)), number) for number, answer in changed],
            )
        if changed:
            self._write_anew()
        return len(changed)

    def give(self, person: str) -> None:
        """What belongs to nobody becomes a person's: before the first account all was theirs."""
        with self._connected() as connection:
            for table, column in (("conversation", "id"), ("turn", "conversation")):
                connection.execute(
                    f"UPDATE {table} SET {column} = ? || {column} WHERE {column} NOT LIKE '@%/%'",
                    (f"@{person}/",),
                )

    def drop(self, person: str) -> None:
        """Delete all conversations of a person."""
        with self._connected() as connection:
            for table, column in (("conversation", "id"), ("turn", "conversation")):
                connection.execute(f"DELETE FROM {table} WHERE {column} LIKE ?", (f"@{person}/%",))
        self._write_anew()

    def recent(self, limit: int = 20, library: str = "") -> list[tuple[str, str]]:
        """(id, title) of a library's conversations, latest first; the title is the first
        question."""
        if not self._whose.sees(library):
            return []
        mine = (f"{self._before}%", 1) if self._before else ("@%/%", 0)
        with self._connected() as connection:
            rows = connection.execute(
                "SELECT conversation, question FROM turn JOIN conversation AS c"
                " ON c.id = conversation AND c.library = ? AND (c.id LIKE ?) = ? WHERE number IN"
                " (SELECT min(number) FROM turn GROUP BY conversation)"
                " ORDER BY (SELECT max(number) FROM turn AS t"
                " WHERE t.conversation = turn.conversation) DESC LIMIT ?",
                (library, *mine, limit),
            ).fetchall()
        return [(row[0].removeprefix(self._before), row[1][:_TITLE]) for row in rows]


def _turn(answer: dict[str, Any]) -> Turn:
    passages = tuple(Passage(**passage) for passage in answer["passages"])
    asked_back = answer.get("asked_back", False)  # answers of older versions do not have it
    kinds = ("attached", "images", "audio")  # answers of older versions lack some
    files = tuple(Path(path) for kind in kinds for path in answer.get(kind, ()))
    return Turn(
        answer["question"], answer["answer"], passages, answer["refused"], asked_back,
        files,
    )  # fmt: skip
