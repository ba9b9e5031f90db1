"""A person's conversations as a list: found by their words, named, pinned, deleted. Their folders
are in the same file.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from pathlib import PurePath
from typing import Any

from assistant.contract.evidence import check_name
from assistant.conversation.kept_conversations import KeptConversations
from assistant.errors import AssistantError, NotThere
from assistant.i18n.translation import N_
from assistant.storage.conversation_tables import CONVERSATIONS
from assistant.storage.part import EVERYBODY, Connection, Kept, Place, Whose
from ingest.document.source import readable

# -- Folders that a person sorts conversations into: made, renamed, closed, deleted

_LONGEST = 100  # characters of a name


@dataclass(frozen=True)
class Folder:
    """A folder for conversations, as the list shows it."""

    id: int
    name: str
    collapsed: bool = False  # its conversations are not shown


class Folders(Kept):
    """The folders of one person, in the tables of their conversations."""

    def __init__(self, place: Place, whose: Whose = EVERYBODY) -> None:
        """Each use raises AssistantError when the tables cannot be used."""
        super().__init__(place, CONVERSATIONS)
        self._person = whose.person

    def all(self) -> list[Folder]:
        """The folders of the person, sorted by name, ignoring case."""
        rows = self._rows(
            "SELECT number, name, collapsed FROM folder WHERE person = ?", self._person
        )
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
            empties = "UPDATE conversation SET folder = 0 WHERE folder = ?"
            back = connection.execute(empties, (folder,)).rowcount
            connection.execute("DELETE FROM folder WHERE number = ?", (folder,))
        return int(back)

    def move(self, conversation: str, folder: int) -> None:
        """Put a conversation into a folder; 0: back to the list. An unknown conversation
        is ignored. Raises AssistantError where there is no such folder."""
        key = f"@{self._person}/{conversation}" if self._person else conversation
        if folder:
            self.check_there(folder)
        with self._connected() as connection:
            connection.execute("UPDATE conversation SET folder = ? WHERE id = ?", (folder, key))

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


_TITLE = 60  # characters of a question that serve as a title
_LONGEST_TITLE = 200  # characters
_AROUND = 40  # characters of a turn before and behind the first word that was found
_MOST_TERMS = 20

# Files without words, or with a command alone, name nothing: then the first question with words
# does, else the first file. Only there are more questions read than the first; which that is, and
# which the last, the index knows.
_WORDLESS = "(trim({0}) = '' OR trim({0}) LIKE '/%' AND trim({0}) NOT LIKE '% %')".format
_LIST = f"""
SELECT c.id, c.library, c.title, q.question,
       CASE WHEN {_WORDLESS("q.question")} AND json_valid(q.answer)
            THEN json_extract(q.answer, '$.attached') END,
       c.latest, c.pinned, c.folder
FROM (SELECT conversation, min(number) AS first, max(number) AS last
      FROM turn GROUP BY conversation) AS t
JOIN conversation AS c ON c.id = t.conversation
JOIN turn AS b ON b.number = t.first
JOIN turn AS q ON q.number = CASE WHEN NOT {_WORDLESS("b.question")} THEN b.number ELSE coalesce(
    (SELECT min(number) FROM turn AS w
     WHERE w.conversation = t.conversation AND NOT {_WORDLESS("w.question")}), b.number) END
WHERE (c.id LIKE ?) = ? ORDER BY t.last DESC
"""


@dataclass(frozen=True)
class ConversationInfo:
    """A conversation, as the list shows it: without its turns."""

    id: str
    library: str
    title: str  # as it was named, else its first question with words, else its file
    latest: str  # ISO 8601, UTC: its last turn
    pinned: bool
    folder: int = 0  # its number; 0: in none


@dataclass(frozen=True)
class Found:
    """A conversation with the words that were looked for."""

    info: ConversationInfo
    turn: int  # the latest turn that has them; 0 where only the title does
    excerpt: tuple[str, str, str]  # before, the first word that was found, behind


class Listing(KeptConversations):
    """A person's conversations in a home."""

    def __init__(self, place: Place, whose: Whose = EVERYBODY) -> None:
        """Each use raises AssistantError when the tables cannot be used."""
        super().__init__(place)
        self._whose = whose
        self.folders = Folders(place, whose)
        self._before = f"@{whose.person}/" if whose.person else ""

    def infos(self, library: str | None = None) -> list[ConversationInfo]:
        """The conversations in a library that the person sees, the latest first; None: in all."""
        rows = self._rows(_LIST, *self._mine)
        sees = cache(self._whose.sees)
        wanted = [row for row in rows if library in (None, row[1]) and sees(row[1])]
        return [self._info(row) for row in wanted]

    def search(
        self, words: str, library: str | None = None, limit: int = 50, offset: int = 0
    ) -> list[Found]:
        """The conversations of which a question with its answer, or the title, has all of the
        words or parts of words, the latest first, without the first `offset` ones."""
        terms = words.split()[:_MOST_TERMS]
        if not terms:
            return []
        infos, folded = self.infos(library), [term.casefold() for term in terms]
        rows = self._rows(
            "SELECT conversation, number, question, said FROM turn"
            " WHERE (conversation LIKE ?) = ? ORDER BY number", *self._mine
        )  # fmt: skip
        # Each is compared: there are some thousand, and no index has to be kept.
        has = {key: (number, said, question) for key, number, question, said in rows
               if _has(f"{question} {said}", folded)}  # fmt: skip
        found = [(info, has.get(self._key(info.id), (0, "", ""))) for info in infos]
        named = [(info, turn) for info, turn in found if turn[0] or _has(info.title, folded)]
        return [
            Found(info, number, _excerpt(texts, terms))
            for info, (number, *texts) in named[offset : offset + limit]
        ]

    def title(self, conversation: str) -> str:
        """A conversation's title, else its first question; empty for one without turns."""
        rows = self._rows(
            "SELECT coalesce(nullif(title, ''), question) FROM turn JOIN conversation"
            " ON id = conversation WHERE id = ? ORDER BY number LIMIT 1", self._key(conversation)
        )  # fmt: skip
        return str(rows[0][0]) if rows else ""

    def rename(self, conversation: str, title: str) -> None:
        """An empty title is the first question again. Raises AssistantError for a long one."""
        self._arrange(conversation, "title", checked_title(title))

    def pin(self, conversation: str, pinned: bool = True) -> None:
        """Pin a conversation above all others, or unpin it."""
        self._arrange(conversation, "pinned", int(pinned))

    def delete(self, conversation: str) -> list[dict[str, Any]]:
        """Leave no byte of its turns in this file; returns their answer documents, also of those
        that were written until now. `forgetting` has what else a home keeps of it."""
        with self._connected() as connection:
            gone = self._drop(connection, "=", self._key(conversation))
        return list(map(json.loads, gone))

    def has(self, conversation: str) -> bool:
        """Whether it has a turn, in whatever library."""
        query = "SELECT 1 FROM turn WHERE conversation = ? LIMIT 1"
        return bool(self._rows(query, self._key(conversation)))

    def _arrange(self, conversation: str, column: str, value: object) -> None:
        """Set a column of a conversation; an unknown conversation is ignored."""
        statement = f"UPDATE conversation SET {column} = ? WHERE id = ?"
        with self._connected() as connection:
            connection.execute(statement, (value, self._key(conversation)))

    def _hold_one(self, connection: Connection, key: str) -> bool:
        """Whether a conversation is there, until the end of the transaction."""
        held = "UPDATE conversation SET library = library WHERE id = ?"
        return bool(connection.execute(held, (key,)).rowcount)

    def _info(self, row: Sequence[Any]) -> ConversationInfo:
        identity, library, title, question, attached, latest, pinned, folder = row
        files = json.loads(attached or "[]")
        name = title or (readable(PurePath(files[0]).name) if files else question)[:_TITLE]
        return ConversationInfo(
            identity.removeprefix(self._before), library, name, latest, bool(pinned), folder
        )

    @property
    def _mine(self) -> tuple[str, bool]:
        """Which ids are the person's: like this, or not like this."""
        return (f"{self._before}%", True) if self._before else ("@%/%", False)

    def _key(self, conversation: str) -> str:
        """People may guess an id, but not one of another person."""
        return f"{self._before}{conversation}"


def checked_title(title: str) -> str:
    """The title as it is stored. Raises AssistantError when it is long or has control signs."""
    title = " ".join(title.split())
    check_name(title, "The name of a conversation")
    if len(title) > _LONGEST_TITLE:
        raise AssistantError(
            f"A conversation's name has at most {_LONGEST_TITLE} characters; this one has "
            f"{len(title)}."
        )
    return title


def _has(text: str, folded: Sequence[str]) -> bool:
    text = text.casefold()
    return all(term in text for term in folded)


def _excerpt(texts: Sequence[str], terms: Sequence[str]) -> tuple[str, str, str]:
    """Of the answer where it has a term, else of the question."""
    for text in texts:
        plain = " ".join(text.split())
        lower = plain.lower()  # as long as the text, unlike what casefold() gives
        for term in terms:
            at = lower.find(term.lower())
            if at >= 0 and len(lower) == len(plain):
                return _cut(plain, at, at + len(term))
    return "", "", ""


def _cut(text: str, begin: int, end: int) -> tuple[str, str, str]:
    first, last = max(begin - _AROUND, 0), end + _AROUND
    before = f"{'…' if first else ''}{text[first:begin]}"
    return before, text[begin:end], f"{text[end:last]}{'…' if last < len(text) else ''}"


# -- Sorts conversations by the day of their last turn, as people look for them

PINNED, TODAY, YESTERDAY = N_("Pinned"), N_("Today"), N_("Yesterday")
WEEK, OLDER = N_("The last seven days"), N_("Older")

Group = tuple[str, list[ConversationInfo]]


def by_day(infos: Sequence[ConversationInfo], now: datetime, zone: tzinfo | None) -> list[Group]:
    """Groups with at least one conversation; in each the order stays. `zone` is the person's
    (None: that of this machine)."""
    groups: dict[str, list[ConversationInfo]] = {
        name: [] for name in (PINNED, TODAY, YESTERDAY, WEEK, OLDER)
    }
    today = now.astimezone(zone).date()
    for info in infos:
        groups[PINNED if info.pinned else _age(info.latest, today, zone)].append(info)
    return [(name, found) for name, found in groups.items() if found]


def _age(latest: str, today: date, zone: tzinfo | None) -> str:
    """A time that cannot be read is old."""
    try:
        day = datetime.fromisoformat(latest).replace(tzinfo=UTC).astimezone(zone).date()
    except (ValueError, TypeError, OverflowError):
        return OLDER
    if day >= today:  # also where a clock went ahead
        return TODAY
    days = (today - day) // timedelta(days=1)
    return YESTERDAY if days == 1 else WEEK if days <= 7 else OLDER
