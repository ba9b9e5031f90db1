"""The secrets by which a person is known again: sessions of browsers, and tokens for programs. Of
each its digest alone is kept.
"""

import hashlib
import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from assistant.errors import AssistantError
from assistant.team.accounts import AccountsDatabase, Person, Role, person_of


def digest(secret: str) -> str:
    """Random secrets need no slow hash: nobody can try 2**128 of them."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


# -- Who has signed in, known again by a cookie

LASTS = 7 * 24 * 3600.0  # seconds after which one signs in again
IDLE = 24 * 3600.0  # seconds without a request that end a session, too
_NOTED = 60.0  # seconds between two notes that a session is in use


class Sessions(AccountsDatabase):
    """The sessions of a home, each of one browser."""

    def start(self, person: Person) -> str:
        """The cookie of a new session. Sessions that have ended are deleted."""
        cookie, now = secrets.token_urlsafe(32), self._clock()
        with self._connected() as connection:
            connection.execute(
                "DELETE FROM session WHERE made < ? OR seen < ?", (now - LASTS, now - IDLE)
            )
            connection.execute(
                "INSERT INTO session (digest, person, made, seen) VALUES (?, ?, ?, ?)",
                (digest(cookie), person.id, now, now),
            )
        return cookie

    def person(self, session: str) -> Person | None:
        """Whose session it is, by the digest of its cookie; None once it has ended."""
        now = self._clock()
        with self._reading() as connection:
            row = connection.execute(
                "SELECT person, seen FROM session WHERE digest = ? AND made > ? AND seen > ?",
                (session, now - LASTS, now - IDLE),
            ).fetchone()
            found = person_of(connection, row[0]) if row else None
        if row and row[1] < now - _NOTED:
            with self._connected() as connection:
                connection.execute("UPDATE session SET seen = ? WHERE digest = ?", (now, session))
        return found

    def end(self, session: str) -> None:
        """Sign out, by the digest of the cookie; also one that has ended already."""
        with self._connected() as connection:
            connection.execute("DELETE FROM session WHERE digest = ?", (session,))


# -- Tokens for programs: a person's rights or less, revocable

_PREFIX = "pincite_"  # programs that look for secrets in files find it by this
_DAY = 24 * 3600.0
_MOST_DAYS = 36_500
_LONGEST_NAME = 100  # characters
_LAST = 253_402_300_799.0  # the last second of the year 9999, as far as dates go


@dataclass(frozen=True)
class Token:
    """A token as lists show it, without its secret."""

    id: str
    name: str
    person: str  # the name
    role: Role
    libraries: tuple[str, ...] | None  # None: all that the person sees
    made: str  # ISO 8601, UTC
    until: str | None


class Tokens(AccountsDatabase):
    """The tokens of all people of a home."""

    def add(
        self, person: Person, name: str, role: Role,
        libraries: Collection[str] | None = None, days: float | None = None,
    ) -> str:  # fmt: skip
        """The new token, which is shown once. Raises AssistantError for a name that the person
        has given already, or that is no line, and for more days than a century has."""
        _check(name, days)
        token, now = _PREFIX + secrets.token_urlsafe(32), self._clock()
        named = None if libraries is None else json.dumps(sorted(libraries))
        until = None if days is None else now + days * _DAY
        row = (secrets.token_hex(4), digest(token), person.id, name, role, named, now, until)
        with self._connected() as connection:
            if connection.execute(
                "SELECT 1 FROM token WHERE person = ? AND name = ?", (person.id, name)
            ).fetchone():
                raise AssistantError(f"{person.name} has a token {name!r} already.")
            connection.execute(
                "INSERT INTO token (id, digest, person, name, role, libraries, made, until)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
        return token

    def person(self, token: str) -> Person | None:
        """Who asks with it, and with which rights; None for a wrong, an old or a revoked one."""
        with self._reading() as connection:
            row = connection.execute(
                "SELECT person, role, libraries, name FROM token"
                " WHERE digest = ? AND (until IS NULL OR until > ?)",
                (digest(token), self._clock()),
            ).fetchone()
            found = person_of(connection, row[0]) if row else None
        if found is None:
            return None
        only = None if row[2] is None else frozenset(json.loads(row[2]))
        return found.limited(row[1], only, row[3])

    def all(self) -> list[Token]:
        """By person and name, also those that have run out."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT t.id, t.name, p.name, t.role, t.libraries, t.made, t.until"
                " FROM token AS t JOIN person AS p ON p.id = t.person"
            ).fetchall()
        return sorted(map(_token, rows), key=lambda token: (token.person, token.name))

    def revoke(self, id: str) -> None:
        """Raises AssistantError when there is no such token."""
        with self._connected() as connection:
            gone = connection.execute("DELETE FROM token WHERE id = ?", (id,)).rowcount
        if not gone:
            raise AssistantError(f"There is no token {id!r}. `pincite tokens list` shows all.")


def _check(name: str, days: float | None) -> None:
    if not name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise AssistantError(
            f"Say what the token is for in a line of 1 to {_LONGEST_NAME} characters."
        )
    if days is not None and days > _MOST_DAYS:
        raise AssistantError(
            f"A token lasts {_MOST_DAYS:,} days at most. Without a number of days it does not end."
        )


def _token(row: Any) -> Token:
    named = None if row[4] is None else tuple(json.loads(row[4]))
    until = None if row[6] is None else _time(row[6])
    return Token(row[0], row[1], row[2], row[3], named, _time(row[5]), until)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(min(seconds, _LAST), UTC).isoformat(timespec="seconds")
