"""People, groups, and the libraries that belong to them."""

import math
import re
import time
import unicodedata
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args

from assistant.errors import AssistantError
from assistant.settings import Settings
from assistant.storage.part import EVERYBODY, Whose
from assistant.team import passwords
from assistant.team.audit import Audit
from assistant.team.database import ACCOUNTS, Person, Role
from assistant.wiring.stores import place_of_part
from vectorstore.database.transactions import Transaction
from vectorstore.errors import LibraryError, UnknownLibrary
from vectorstore.federation import is_joined, parts

_NAME = re.compile(r"[\w.@+-]{1,64}")
PAUSE = 1.0  # seconds
Holder = str  # "person ID" or "group NAME"


@dataclass(frozen=True)
class Listed:
    """A person in a list of people."""

    person: Person
    made: str  # ISO 8601, UTC


class Accounts(Audit):
    """Of a home, with its audit log: what `together` holds is changed and noted, or neither."""

    def add(self, name: str, password: str, role: Role, groups: Collection[str] = ()) -> Person:
        """A new person. Raises AssistantError for a name that is taken, for one that cannot be a
        name, and for a password of a wrong length."""
        person = Person(uuid.uuid4().hex[:16], plain(name), role, frozenset(map(plain, groups)))
        passwords.check(password)
        row = (person.id, person.name, role, passwords.hashed(password), _now())
        with self._connected() as connection:
            added = connection.execute(
                "INSERT INTO person (id, name, role, password, made) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (name) DO NOTHING", row
            ).rowcount  # fmt: skip
            if not added:
                raise AssistantError(f"There is a person {person.name!r} already.")
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
        if found := self.find(name):
            return found
        raise AssistantError(f"There is no person {name!r}. `pincite users list` shows all.")

    def find(self, name: str) -> Person | None:
        """None for one who is not there. Raises AssistantError for what cannot be a name."""
        with self._reading() as connection:
            return _find(connection, plain(name))

    def signs_in(self, name: str, password: str) -> Person | None:
        """The person with that name and password; None otherwise, in the same time."""
        with self._reading() as connection:
            row = connection.execute(
                "SELECT id, password FROM person WHERE name = ?", (folded(name),)
            ).fetchone()
        if not passwords.fits(password, row[1] if row else None):
            return None
        with self._reading() as connection:
            return person_of(connection, row[0])

    def any(self) -> bool:
        """Whether somebody has an account."""
        with self._reading() as connection:
            return connection.execute("SELECT 1 FROM person LIMIT 1").fetchone() is not None

    def people(self) -> list[Listed]:
        """By name."""
        with self._reading() as connection:
            rows = connection.execute("SELECT id, made FROM person").fetchall()
            found = [(person_of(connection, id), made) for id, made in rows]
        listed = [Listed(person, made) for person, made in found if person]
        return sorted(listed, key=lambda one: one.person.name)

    def share(self, library: str, people: Collection[str], groups: Collection[str]) -> None:
        """A library belongs to these from now on; to everybody with neither. Raises
        AssistantError for a person who is not there."""
        holders = [f"person {self.named(name).id}" for name in people]
        holders += [f"group {plain(name)}" for name in groups]
        with self._connected() as connection:
            connection.execute("DELETE FROM share WHERE library = ?", (library,))
            connection.executemany(
                "INSERT INTO share (library, holder) VALUES (?, ?) ON CONFLICT DO NOTHING",
                [(library, h) for h in holders],
            )

    def share_like(self, library: str, other: str) -> None:
        """Another library belongs to the same people and groups from now on."""
        with self._connected() as connection:
            connection.execute("DELETE FROM share WHERE library = ?", (other,))
            connection.execute(
                "INSERT INTO share (library, holder) SELECT ?, holder FROM share WHERE library = ?"
                " ON CONFLICT DO NOTHING", (other, library)
            )  # fmt: skip

    def shares(self) -> Mapping[str, frozenset[Holder]]:
        """To whom each library belongs that is not everybody's."""
        found: dict[str, set[Holder]] = {}
        with self._reading() as connection:
            for library, holder in connection.execute("SELECT library, holder FROM share"):
                found.setdefault(library, set()).add(holder)
        return {library: frozenset(holders) for library, holders in found.items()}


def home_accounts(settings: Settings) -> Accounts:
    """Of a home, or of the team that it belongs to; the tables are made if they are not there.
    Raises AssistantError where they are in another place than the settings say."""
    return Accounts(place_of_part(settings, ACCOUNTS), settings.audit_days)


def accounts_if_any(settings: Settings) -> Accounts | None:
    """None where nobody has an account: then nobody is asked who they are. Raises AssistantError
    where it cannot be known."""
    found = home_accounts(settings)
    return found if found.is_there() and found.any() else None


class Known:
    """The accounts of a home that a running process serves. Any thread may ask."""

    def __init__(self, settings: Settings, pause: float = PAUSE) -> None:
        """That nobody has an account counts for `pause` seconds: a page asks many times."""
        self._settings, self._pause = settings, pause
        self._found: Accounts | None = None
        self._none_until = -math.inf

    def now(self) -> Accounts | None:
        """None as long as nobody has an account, which any process may change at any moment; from
        then on everybody is asked who they are, for as long as this process runs. Raises
        AssistantError where it cannot be known."""
        began = time.monotonic()
        if self._found is None and began >= self._none_until:
            if found := accounts_if_any(self._settings):
                self._found = found  # never taken back, whatever another thread found before
            else:
                self._none_until = began + self._pause
        return self._found


def holders(person: Person) -> frozenset[Holder]:
    """What a library may belong to for this person to see it."""
    return frozenset({f"person {person.id}", *(f"group {name}" for name in person.groups)})


def plain(name: str) -> str:
    """A name as it is kept: "Ada" and "ada" are one. Raises AssistantError for what cannot be
    one."""
    found = folded(name)
    if not _NAME.fullmatch(found):
        raise AssistantError(
            f"{name!r} cannot be a name: use 1 to 64 letters, digits and . _ - + @, no spaces."
        )
    return found


def folded(name: str) -> str:
    """The same for any text: names that are equal then are one person's."""
    return unicodedata.normalize("NFKC", name.strip()).casefold()


def person_of(connection: Transaction, id: str) -> Person | None:
    """With their groups."""
    row = connection.execute("SELECT id, name, role FROM person WHERE id = ?", (id,)).fetchone()
    if row is None or row[2] not in get_args(Role):
        return None
    teams = connection.execute("SELECT team FROM member WHERE person = ?", (id,)).fetchall()
    return Person(row[0], row[1], row[2], frozenset(team for (team,) in teams))


def _find(connection: Transaction, name: str) -> Person | None:
    row = connection.execute("SELECT id FROM person WHERE name = ?", (name,)).fetchone()
    return person_of(connection, row[0]) if row else None


def _join(connection: Transaction, id: str, groups: Iterable[str]) -> None:
    rows = [(id, team) for team in groups]
    insert = "INSERT INTO member (person, team) VALUES (?, ?) ON CONFLICT DO NOTHING"
    connection.executemany(insert, rows)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


# -- What one person may see: the only place where that is decided, for the app, the API and MCP
# Who opens a library for a person asks here first. A library that they may not see is not there: it
# is in no list, and asked for by its name it gives the same answer as one that never was.


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
        return person.owns or not belongs or bool(belongs & holders(person))
