"""What one person may see and change, and how much they may ask and add: for the app, the API and
MCP this is the only place where that is decided.

Who opens a library for a person asks here first. A library that they may not see is not there: it
is in no list, and asked for by its name it gives the same answer as one that never was.
"""

import math
import time
from collections.abc import Callable, Mapping

from assistant.errors import AssistantError
from assistant.i18n.translation import _
from assistant.storage.part import EVERYBODY, Place, Whose
from assistant.team.accounts import Accounts, AccountsDatabase, Holder, Person
from vectorstore.errors import LibraryError, UnknownLibrary
from vectorstore.federation import is_joined, parts


class NotAllowed(LibraryError):
    """The person's role does not allow it."""


class Permitted:
    """The libraries of a home as a person sees them; asked anew each time, so that a right that is
    taken away is gone at once."""

    def __init__(
        self, person: Person, there: Callable[[], list[str]], accounts: Accounts | None = None
    ) -> None:
        """`there` names all libraries of the home. Without `accounts` everybody sees them all."""
        self.person = person
        self._there = there
        self._shares: Callable[[], Mapping[str, frozenset[Holder]]] = (
            accounts.shares if accounts else dict
        )

    def names(self) -> list[str]:
        """The libraries that they see, by name."""
        shares = self._shares()
        return [name for name in self._there() if self._sees(name, shares)]

    def check(self, library: str) -> None:
        """Raises UnknownLibrary for one that they do not see, or that is not there."""
        if library not in (seen := self.names()):
            raise UnknownLibrary(library, seen)

    def check_each(self, name: str) -> None:
        """The same for all libraries of a name, which may be a joined one."""
        for library in (parts(name) if is_joined(name) else []) or [name]:
            self.check(library)

    def check_change(self) -> None:
        """Raises NotAllowed for who may only read."""
        if not self.person.changes:
            raise NotAllowed("Your role is reader. Editors and owners add and remove documents.")

    def check_new(self, library: str) -> None:
        """Raises UnknownLibrary for who may not make libraries.

        Owners see all of them. Others would learn from a name that is taken that there is one.
        """
        if not self.person.owns or self.person.only is not None:
            self.check(library)

    @property
    def whose(self) -> Whose:
        """Their conversations and receipts, as long as they see the library."""
        return Whose(self.person.id, self._reads) if self.person.id else EVERYBODY

    def _reads(self, library: str) -> bool:
        # Passages that came with the question belong to no library.
        shares = self._shares()
        return all(self._sees(name, shares) for name in parts(library))

    def _sees(self, library: str, shares: Mapping[str, frozenset[Holder]]) -> bool:
        person, belongs = self.person, shares.get(library)
        if person.only is not None and library not in person.only:
            return False
        own = {f"person {person.id}", *(f"group {name}" for name in person.groups)}
        return person.owns or not belongs or bool(belongs & own)


# -- How much one person may ask and add, counted for all processes of a home together

_HOUR, _DAY = 3600.0, 24 * 3600.0


class LimitReached(AssistantError):
    """A person has asked or added as much as the settings allow for now."""

    def __init__(self, sentence: str, seconds: float) -> None:
        """`seconds` until there is room again."""
        super().__init__(sentence)
        self.seconds = math.ceil(seconds)


class Limits(AccountsDatabase):
    """Of a home; 0 stands for no limit. Who has no account is not counted."""

    def __init__(
        self, place: Place, questions: int, megabytes: int, clock: Callable[[], float] = time.time
    ) -> None:
        """`questions` an hour, `megabytes` a day, for each person."""
        super().__init__(place, clock)
        self._questions, self._bytes = questions, megabytes << 20

    def ask(self, person: Person, questions: int = 1, count: bool = True) -> None:
        """Count questions, or only look whether there is room. Raises LimitReached, and counts
        nothing then."""
        wait = self._take(person, "question", questions, self._questions, _HOUR, count)
        if wait is not None:
            raise LimitReached(
                _("Your limit of questions within an hour ({count}) is reached."
                  " Ask again in {minutes} min.",
                  count=self._questions, minutes=math.ceil(wait / 60)),
                wait,
            )  # fmt: skip

    def add(self, person: Person, size: int, count: bool = True) -> None:
        """Count bytes that are added, or only look whether there is room. Raises LimitReached, and
        counts nothing then."""
        wait = self._take(person, "bytes", size, self._bytes, _DAY, count)
        if wait is not None:
            raise LimitReached(
                _("Your limit of files within a day ({megabytes} MB) has no room for these."
                  " Add fewer ones, or try again in {hours} h.",
                  megabytes=self._bytes >> 20, hours=math.ceil(wait / _HOUR)),
                wait,
            )  # fmt: skip

    def _take(
        self, person: Person, kind: str, amount: int, most: int, within: float, count: bool
    ) -> float | None:
        """The seconds until there is room; None when there is enough, and with `count` the
        amount is counted."""
        if not most or not person.id:
            return None
        now = self._clock()
        with self._connected() as connection:
            # Others count at the same time: their transaction waits for the end of this one.
            connection.execute("UPDATE person SET name = name WHERE id = ?", (person.id,))
            connection.execute("DELETE FROM used WHERE kind = ? AND at <= ?", (kind, now - within))
            rows = connection.execute(
                "SELECT at, amount FROM used WHERE person = ? AND kind = ? ORDER BY at",
                (person.id, kind),
            ).fetchall()
            lacking = sum(used for _, used in rows) + amount - most
            if lacking <= 0:
                row = (person.id, kind, now, amount)
                if count and amount:
                    connection.execute(
                        "INSERT INTO used (person, kind, at, amount) VALUES (?, ?, ?, ?)", row
                    )
                return None
        for at, used in rows:  # the oldest is forgotten first
            lacking -= used
            if lacking <= 0:
                return max(float(at) + within - now, 1.0)
        return within
