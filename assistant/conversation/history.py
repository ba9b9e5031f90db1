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

_SCHEMA = """
CREATE TABLE IF NOT EXISTS conversation (id TEXT PRIMARY KEY, library TEXT, started TEXT);
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
    """All conversations of a home."""

    def __init__(self, path: Path) -> None:
        """Raises AssistantError when the file cannot be written."""
        super().__init__(path, _SCHEMA, "conversations")

    def start(self) -> str:
        """The id of a new conversation; nothing is written before its first turn."""
        return uuid.uuid4().hex[:12]

    def add(self, conversation: str, answer: dict[str, Any], library: str = "") -> None:
        """Append a turn; a new id begins a conversation."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._connected() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO conversation VALUES (?, ?, ?)", (conversation, library, now)
            )
            connection.execute(
                "INSERT INTO turn (conversation, question, answer) VALUES (?, ?, ?)",
                (conversation, answer["question"], json.dumps(answer)),
            )

    def turns(self, conversation: str) -> list[dict[str, Any]]:
        """The answer documents, oldest first."""
        with self._connected() as connection:
            rows = connection.execute(
                "SELECT answer FROM turn WHERE conversation = ? ORDER BY number", (conversation,)
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def history(self, conversation: str) -> list[Turn]:
        """The turns as a tool needs them, oldest first."""
        return [_turn(answer) for answer in self.turns(conversation)]

    def library(self, conversation: str) -> str:
        """The library of a conversation; empty for one without turns."""
        with self._connected() as connection:
            row = connection.execute(
                "SELECT library FROM conversation WHERE id = ?", (conversation,)
            ).fetchone()
        return row[0] if row else ""

    def forget(self, library: str, document: str) -> int:
        """Take a document out of the turns of a library's conversations, and count these."""
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

    def recent(self, limit: int = 20, library: str = "") -> list[tuple[str, str]]:
        """(id, title) of a library's conversations, latest first; the title is the first
        question."""
        with self._connected() as connection:
            rows = connection.execute(
                "SELECT conversation, question FROM turn JOIN conversation AS c"
                " ON c.id = conversation AND c.library = ? WHERE number IN"
                " (SELECT min(number) FROM turn GROUP BY conversation)"
                " ORDER BY (SELECT max(number) FROM turn AS t"
                " WHERE t.conversation = turn.conversation) DESC LIMIT ?",
                (library, limit),
            ).fetchall()
        return [(row[0], row[1][:_TITLE]) for row in rows]


def _turn(answer: dict[str, Any]) -> Turn:
    passages = tuple(Passage(**passage) for passage in answer["passages"])
    asked_back = answer.get("asked_back", False)  # answers of older versions do not have it
    kinds = ("attached", "images", "audio")  # answers of older versions lack some
    files = tuple(Path(path) for kind in kinds for path in answer.get(kind, ()))
    return Turn(
        answer["question"], answer["answer"], passages, answer["refused"], asked_back,
        files,
    )  # fmt: skip
