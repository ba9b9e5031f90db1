"""How much one person may ask and add, counted for all processes of a home together."""

import math
import time
from collections.abc import Callable

from assistant.errors import AssistantError
from assistant.i18n.translation import _
from assistant.settings import Settings
from assistant.storage.sqlite_file import Place
from assistant.team.database import ACCOUNTS, AccountsDatabase, Person
from assistant.wiring.stores import place_of_part

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
        """`questions` an hour, `megabytes` a day, for each person; `clock` tells seconds since
        1970."""
        super().__init__(place)
        self._questions, self._bytes, self._clock = questions, megabytes << 20, clock

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
        """The seconds until there is room; None when there is, and with `count` the amount is
        counted."""
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
            left = most - sum(used for _at, used in rows)
            if amount <= left:
                row = (person.id, kind, now, amount)
                if count and amount:
                    connection.execute(
                        "INSERT INTO used (person, kind, at, amount) VALUES (?, ?, ?, ?)", row
                    )
                return None
        return _until(rows, amount - left, now, within)


def _until(rows: list[tuple[float, int]], lacking: int, now: float, within: float) -> float:
    """The seconds until so much of what was used, oldest first, is forgotten."""
    for at, used in rows:
        lacking -= used
        if lacking <= 0:
            return max(at + within - now, 1.0)
    return within


def limits(settings: Settings) -> Limits:
    """Of a home."""
    return Limits(
        place_of_part(settings, ACCOUNTS), settings.questions_an_hour, settings.added_mb_a_day
    )
