"""People, groups, and the libraries that belong to them."""

import re
import sqlite3
import unicodedata
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args

from assistant.accounts import passwords
from assistant.accounts.database import FILE, Database
from assistant.accounts.person import Person, Role
from assistant.errors import AssistantError
from assistant.settings import Settings

_NAME = re.compile(r"[\w.@+-]{1,64}")
Holder = str  # "person ID" or "group NAME"


@dataclass(frozen=True)
class Listed:
    """A person in a list of people."""

    person: Person
    made: str  # ISO 8601, UTC


class Accounts(Database):
    """Of a home."""

    def add(self, name: str, password: str, role: Role, groups: Collection[str] = ()) -> Person:
        """A new person. Raises AssistantError for a name that is taken, for one that cannot be a
        name, and for a password of a wrong length."""
        person = Person(uuid.uuid4().hex[:16], plain(name), role, frozenset(map(plain, groups)))
        passwords.check(password)
        row = (person.id, person.name, role, passwords.hashed(password), _now())
        with self._connected() as connection:
            if _find(connection, person.name):
                raise AssistantError(f"There is a person {person.name!r} already.")
            connection.execute(
                "INSERT INTO person (id, name, role, password, made) VALUES (?, ?, ?, ?, ?)", row
            )
            _join(connection, person.id, person.groups)
        return person

    def change(
        self, name: str, role: Role | None = None, groups: Collection[str] | None = None
    ) -> Person:
        """Give a person another role, or other groups. Raises AssistantError."""
        person = self.named(name)
        with self._connected() as connection:
            if role:
                connection.execute("UPDATE person SET role = ? WHERE id = ?", (role, person.id))
            if groups is not None:
                connection.execute("DELETE FROM member WHERE person = ?", (person.id,))
                _join(connection, person.id, map(plain, groups))
        return self.named(name)

    def set_password(self, name: str, password: str) -> None:
        """A new password, which ends all sessions of the person. Raises AssistantError."""
        person = self.named(name)
        passwords.check(password)
        kept = passwords.hashed(password)
        with self._connected() as connection:
            connection.execute("UPDATE person SET password = ? WHERE id = ?", (kept, person.id))
            connection.execute("DELETE FROM session WHERE person = ?", (person.id,))

    def remove(self, name: str) -> Person:
        """Delete a person with their sessions and tokens. What belongs to them alone stays closed:
        it must not become everybody's. Raises AssistantError."""
        person = self.named(name)
        with self._connected() as connection:
            connection.execute("DELETE FROM person WHERE id = ?", (person.id,))
            for table in ("member", "session", "token", "used"):
                connection.execute(f"DELETE FROM {table} WHERE person = ?", (person.id,))
        return person

    def named(self, name: str) -> Person:
        """Raises AssistantError for one who is not there."""
        with self._connected() as connection:
            if found := _find(connection, plain(name)):
                return found
        raise AssistantError(f"There is no person {name!r}. `pincite users list` shows all.")

    def signs_in(self, name: str, password: str) -> Person | None:
        """The person with that name and password; None otherwise, in the same time."""
        with self._connected() as connection:
            row = connection.execute(
                "SELECT id, password FROM person WHERE name = ?", (_folded(name),)
            ).fetchone()
        if not passwords.fits(password, row[1] if row else None):
            return None
        with self._connected() as connection:
            return person_of(connection, row[0])

    def people(self) -> list[Listed]:
        """By name."""
        with self._connected() as connection:
            rows = connection.execute("SELECT id, made FROM person ORDER BY name").fetchall()
            found = [(person_of(connection, id), made) for id, made in rows]
        return [Listed(person, made) for person, made in found if person]

    def share(self, library: str, people: Collection[str], groups: Collection[str]) -> None:
        """A library belongs to these from now on; to everybody with neither. Raises
        AssistantError for a person who is not there."""
        holders = [f"person {self.named(name).id}" for name in people]
        holders += [f"group {plain(name)}" for name in groups]
        with self._connected() as connection:
            connection.execute("DELETE FROM share WHERE library = ?", (library,))
            connection.executemany(
                "INSERT OR IGNORE INTO share (library, holder) VALUES (?, ?)",
                [(library, h) for h in holders],
            )

    def share_like(self, library: str, other: str) -> None:
        """Another library belongs to the same people and groups from now on."""
        with self._connected() as connection:
            connection.execute("DELETE FROM share WHERE library = ?", (other,))
            connection.execute(
                "INSERT INTO share SELECT ?, holder FROM share WHERE library = ?", (other, library)
            )

    def shares(self) -> Mapping[str, frozenset[Holder]]:
        """To whom each library belongs that is not everybody's."""
        found: dict[str, set[Holder]] = {}
        with self._connected() as connection:
            for library, holder in connection.execute("SELECT library, holder FROM share"):
                found.setdefault(library, set()).add(holder)
        return {library: frozenset(holders) for library, holders in found.items()}


def accounts(settings: Settings) -> Accounts:
    """Of a home; the file is made if it is not there."""
    return Accounts(settings.home / FILE)


def accounts_if_any(settings: Settings) -> Accounts | None:
    """None where nobody has an account: then nobody is asked who they are."""
    if not (settings.home / FILE).exists():
        return None
    found = accounts(settings)
    return found if found.people() else None


def holders(person: Person) -> frozenset[Holder]:
    """What a library may belong to for this person to see it."""
    return frozenset({f"person {person.id}", *(f"group {name}" for name in person.groups)})


def plain(name: str) -> str:
    """A name as it is kept: "Ada" and "ada" are one. Raises AssistantError for what cannot be
    one."""
    folded = _folded(name)
    if not _NAME.fullmatch(folded):
        raise AssistantError(
            f"{name!r} cannot be a name: use 1 to 64 letters, digits and . _ - + @, no spaces."
        )
    return folded


def person_of(connection: sqlite3.Connection, id: str) -> Person | None:
    """With their groups."""
    row = connection.execute("SELECT id, name, role FROM person WHERE id = ?", (id,)).fetchone()
    if row is None or row[2] not in get_args(Role):
        return None
    teams = connection.execute("SELECT team FROM member WHERE person = ?", (id,)).fetchall()
    return Person(row[0], row[1], row[2], frozenset(team for (team,) in teams))


def _find(connection: sqlite3.Connection, name: str) -> Person | None:
    row = connection.execute("SELECT id FROM person WHERE name = ?", (name,)).fetchone()
    return person_of(connection, row[0]) if row else None


def _join(connection: sqlite3.Connection, id: str, groups: Iterable[str]) -> None:
    rows = [(id, team) for team in groups]
    connection.executemany("INSERT OR IGNORE INTO member (person, team) VALUES (?, ?)", rows)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name.strip()).casefold()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
