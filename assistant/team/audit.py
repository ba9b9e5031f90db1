"""Who asked, saw, added and removed what: lines beside the accounts, for the time after.

Words of questions are not written: they belong to the person. The answer's id is, which leads to
the receipt.
"""

import re
import time
import unicodedata
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath

from assistant.settings import Settings
from assistant.storage.sqlite_file import Place
from assistant.team.database import ACCOUNTS, AccountsDatabase, Person
from assistant.wiring.stores import place_of_part

FORGOTTEN = "(forgotten)"  # in place of a document's name
_DAY = 24 * 3600.0  # seconds
_MARK = re.compile(r" \([0-9a-f]{8}\)$")  # after the name of a second document of the same name


@dataclass(frozen=True)
class Line:
    """What one person did once; what does not apply is empty."""

    at: str  # ISO 8601, UTC
    person: str
    token: str
    did: str
    library: str
    what: str


class Audit(AccountsDatabase):
    """Of a home, or of the team that it belongs to."""

    def __init__(
        self, place: Place, days: int = 365, clock: Callable[[], float] = time.time
    ) -> None:
        """Lines go after so many `days`; `clock` tells seconds since 1970."""
        super().__init__(place)
        self._days, self._clock = days, clock
        self._tidied = 0.0  # when old lines were deleted last, by this object

    def note(self, person: Person, did: str, library: str = "", what: str = "") -> None:
        """A line, before it is done: what cannot be noted is not done. `what` is a document, a
        page, an answer's id or the name of a person. Raises AssistantError."""
        now, said = self._clock(), _composed(what)
        row = (uuid.uuid4().hex, now, person.name, person.token, did, library, said)
        with self._connected() as connection:
            if self._tidied < now - _DAY:
                connection.execute("DELETE FROM audit WHERE at < ?", (now - self._days * _DAY,))
                self._tidied = now
            connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def lines(self) -> list[Line]:
        """The oldest first. Raises AssistantError."""
        with self._reading() as connection:
            found = connection.execute(
                "SELECT at, person, token, did, library, what FROM audit ORDER BY at, id"
            ).fetchall()
        return [Line(_written(at), *rest) for at, *rest in found]

    def forget(self, library: str, others: Collection[str], names: Collection[str]) -> int:
        """Take documents by their names out of the lines about a library, and about libraries that
        are no more, under whose names it may have stood: neither it nor one of the `others`.
        Returns the number of lines. Raises AssistantError."""
        spelt = sorted(map(re.escape, map(_composed, names)), key=len, reverse=True)
        named = re.compile(rf"(?:^|(?<=, ))(?:{'|'.join(spelt)})(?=, |$)")
        kept = set(others) - {library}
        with self._connected() as connection:
            found = connection.execute("SELECT id, library, what FROM audit WHERE what <> ''")
            changed = [
                (without, id)
                for id, where, what in found.fetchall()
                if where not in kept and (without := named.sub(FORGOTTEN, what)) != what
            ]
            connection.executemany("UPDATE audit SET what = ? WHERE id = ?", changed)
        if changed:
            self._write_anew()
        return len(changed)


def audit(settings: Settings) -> Audit:
    """Of a home. Raises AssistantError as `accounts`."""
    return Audit(place_of_part(settings, ACCOUNTS), settings.audit_days)


def noted_as(names: Collection[str], kept: Collection[str]) -> set[str]:
    """The names by which documents may stand in lines: a file is noted as it was sent, and gets a
    folder before its name, or a mark after it, where another document has it. Not one of those
    that documents which are `kept` have."""
    files = {PurePosixPath(_MARK.sub("", name)).name for name in names}
    return {*names, *(files - set(kept))}


def _composed(text: str) -> str:
    """As names are compared; without halves of letters, which no database takes."""
    return unicodedata.normalize("NFC", text.encode(errors="replace").decode())


def _written(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
