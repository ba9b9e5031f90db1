"""Conversations that are kept: each turn is the answer document that the person saw."""

import json
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.contract.facts import Passage
from assistant.contract.request import Turn
from assistant.conversation.kept_conversations import text_of
from assistant.conversation.listing import Listing
from assistant.errors import AssistantError
from assistant.storage.part import Connection, may_write

# -- A conversation is a tree: a question that was edited or asked again begins a branch beside the
# old one. One branch is shown.

Parents = Mapping[int, int]  # the turn before each turn; 0 before the first


@dataclass(frozen=True)
class KeptTurn:
    """A turn of the branch that is shown."""

    number: int
    answer: dict[str, Any]  # the answer document
    parent: int  # the turn before it; 0 for the first
    versions: tuple[int, ...]  # turns in its place, of all branches, oldest first; itself, too


def branch_end(parents: Parents, number: int) -> int:
    """The last turn of the branch with a turn: from there on the newest ones."""
    while after := _after(parents, number):
        number = max(after)
    return number


def turns_up_to(parents: Parents, number: int) -> list[int]:
    """The turns up to this one, oldest first."""
    path: list[int] = []
    while number in parents and number not in path:
        path.append(number)
        number = parents[number]
    return path[::-1]


def turn_versions(parents: Parents, number: int) -> tuple[int, ...]:
    """The turns in the place of this one."""
    return tuple(sorted({number, *_after(parents, parents[number])}))


def _after(parents: Parents, number: int) -> list[int]:
    # A turn is younger than the one before it: a damaged file does not lead in a circle.
    return [turn for turn, parent in parents.items() if parent == number and turn > number]


_LATEST = 300  # turns whose waits are told: those of another machine or version are forgotten


class Conversations(Listing):
    """A person's conversations in a home.

    An id of another person, or of a library that the person does not see, is that of a
    conversation without turns. Each use raises AssistantError when the tables cannot be used.
    """

    def start(self) -> str:
        """The id of a new conversation; nothing is written before its first turn."""
        return uuid.uuid4().hex[:12]

    def add(
        self, conversation: str, answer: dict[str, Any], library: str = "",
        after: int | None = None, begun: bool = False,
    ) -> bool:  # fmt: skip
        """Append a turn to the branch that is shown, or begin one `after` a turn (0: a new
        beginning), which is then shown; a new id begins a conversation.

        False, and nothing is written, where the conversation, which had `begun` before, was
        deleted, or the person removed. Raises AssistantError for an `after` that is no turn of the
        conversation.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        key = self._key(conversation)
        with self._connected() as connection:
            there = may_write(connection, self._whose.person)
            if not there or (begun and not self._hold_one(connection, key)):
                return False
            # Another server that adds to it waits here, and then finds this turn.
            connection.execute(
                "INSERT INTO conversation (id, library) VALUES (?, ?)"
                " ON CONFLICT (id) DO UPDATE SET library = conversation.library",
                (key, library),
            )
            parent = self._parent(connection, conversation, after)
            (number,) = connection.execute(
                "INSERT INTO turn (conversation, parent, question, said, answer)"
                " VALUES (?, ?, ?, ?, ?) RETURNING number",
                (key, parent, answer["question"], text_of(answer), json.dumps(answer)),
            ).fetchone()
            connection.execute(
                "UPDATE conversation SET latest = ?, shown = ? WHERE id = ?", (now, number, key)
            )
        return True

    def check_after(self, conversation: str, after: int | None) -> None:
        """Raises AssistantError unless `add` would take it."""
        with self._reading() as connection:
            self._parent(connection, conversation, after)

    def branch(self, conversation: str, until: int | None = None) -> list[KeptTurn]:
        """The turns of the branch that is shown, or those up to a turn, oldest first."""
        if not self._whose.sees(self._library(conversation)):
            return []
        with self._reading() as connection:
            parents = self._parents(connection, conversation)
            end = self._shown(connection, conversation) if until is None else until
            if not (path := turns_up_to(parents, end)):
                return []
            rows = connection.execute(
                f"SELECT number, answer FROM turn WHERE number IN ({','.join('?' * len(path))})",
                path,
            ).fetchall()
        answers = {number: json.loads(answer) for number, answer in rows}
        return [
            KeptTurn(number, answers[number], parents[number], turn_versions(parents, number))
            for number in path
        ]

    def show(self, conversation: str, turn: int) -> bool:
        """Show the branch with a turn, from there on as it went on last; whether there is such a
        turn."""
        with self._reading() as connection:
            parents = self._parents(connection, conversation)
        if turn in parents:
            self._arrange(conversation, "shown", branch_end(parents, turn))
        return turn in parents

    def turns(self, conversation: str) -> list[dict[str, Any]]:
        """The answer documents of the branch that is shown, oldest first."""
        return [turn.answer for turn in self.branch(conversation)]

    def every_turn(self, conversation: str) -> list[dict[str, Any]]:
        """The answer documents of all branches, oldest first."""
        if not self._whose.sees(self._library(conversation)):
            return []
        query = "SELECT answer FROM turn WHERE conversation = ? ORDER BY number"
        rows = self._rows(query, self._key(conversation))
        return [json.loads(answer) for (answer,) in rows]

    def history(self, conversation: str, until: int | None = None) -> list[Turn]:
        """The turns of `branch` as a tool needs them, oldest first."""
        return [_turn(turn.answer) for turn in self.branch(conversation, until)]

    def library(self, conversation: str) -> str:
        """The library of a conversation; empty for one without turns."""
        found = self._library(conversation)
        return found if self._whose.sees(found) else ""

    def _library(self, conversation: str) -> str:
        query = "SELECT library FROM conversation WHERE id = ?"
        rows = self._rows(query, self._key(conversation))
        return str(rows[0][0]) if rows else ""

    def _parents(self, connection: Connection, conversation: str) -> dict[int, int]:
        """The turn before each turn, 0 before the first."""
        rows = connection.execute(
            "SELECT number, parent FROM turn WHERE conversation = ? ORDER BY number",
            (self._key(conversation),),
        )
        return dict(rows.fetchall())

    def _parent(self, connection: Connection, conversation: str, after: int | None) -> int:
        if after is None:
            return self._shown(connection, conversation)
        if after and after not in self._parents(connection, conversation):
            raise AssistantError(
                f"after: {after} is no turn of this conversation. Give the number of one, or 0."
            )
        return after

    def _shown(self, connection: Connection, conversation: str) -> int:
        """The last turn of the branch that is shown; 0 without turns."""
        parents = self._parents(connection, conversation)
        row = connection.execute(
            "SELECT shown FROM conversation WHERE id = ?", (self._key(conversation),)
        ).fetchone()
        shown = row[0] if row and row[0] in parents else max(parents, default=0)
        return branch_end(parents, shown) if parents else 0

    def waits(self) -> dict[str, list[float]]:
        """Seconds to the first word of the latest answers from documents, by the model that wrote
        them; of all people. No word of a question or an answer is read."""
        rows = self._rows(
            "SELECT json_extract(answer, '$.model'), json_extract(answer, '$.seconds_first_token')"
            " FROM turn WHERE json_valid(answer) AND json_extract(answer, '$.tool') = 'answer'"
            f" ORDER BY number DESC LIMIT {_LATEST}"
        )
        found: defaultdict[str, list[float]] = defaultdict(list)
        for model, seconds in rows:
            if isinstance(model, str) and seconds is not None:  # PostgreSQL gives a text
                found[model].append(float(seconds))
        return dict(found)


def _turn(answer: dict[str, Any]) -> Turn:
    passages = tuple(Passage(**passage) for passage in answer["passages"])
    files = tuple(
        Path(path) for kind in ("attached", "images", "audio") for path in answer.get(kind, ())
    )
    return Turn(answer["question"], answer["answer"], passages, answer["refused"], files)
