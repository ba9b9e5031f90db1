"""People and groups, the libraries that belong to them, and the audit log of what they did.

Words of questions are not written into the log: they belong to the person. The answer's id is,
which leads to the receipt.
"""

import re
import threading
import time
import unicodedata
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal, get_args

from assistant.errors import AssistantError
from assistant.storage.part import Kept, Place
from ingest.platform.process import needs
from vectorstore.database.schema import Schema, Transaction

if TYPE_CHECKING:
    from argon2 import PasswordHasher


# -- The tables of the accounts, in `accounts.sqlite` of the home or in the PostgreSQL of a team

_SCRIPT = """
CREATE TABLE IF NOT EXISTS person (
    id       TEXT PRIMARY KEY,            -- never used again
    name     TEXT NOT NULL UNIQUE,        -- as `accounts.plain` writes it
    role     TEXT NOT NULL,
    password TEXT NOT NULL,               -- its Argon2 hash
    made     TEXT NOT NULL                -- ISO 8601, UTC
);
CREATE TABLE IF NOT EXISTS member (person TEXT, team TEXT, PRIMARY KEY (person, team));
CREATE TABLE IF NOT EXISTS share (        -- a library without a row is everybody's
    library  TEXT,
    holder   TEXT,                        -- "person ID" or "group NAME"
    PRIMARY KEY (library, holder)
);
CREATE TABLE IF NOT EXISTS session (
    digest   TEXT PRIMARY KEY,            -- SHA-256 of the cookie
    person   TEXT NOT NULL,
    made     DOUBLE PRECISION NOT NULL,   -- seconds since 1970
    seen     DOUBLE PRECISION NOT NULL
);
CREATE TABLE IF NOT EXISTS token (
    id        TEXT PRIMARY KEY,
    digest    TEXT NOT NULL UNIQUE,       -- SHA-256 of the token
    person    TEXT NOT NULL,
    name      TEXT NOT NULL,
    role      TEXT NOT NULL,
    libraries TEXT,                       -- JSON: the names; NULL: all that the person sees
    made      DOUBLE PRECISION NOT NULL,
    until     DOUBLE PRECISION            -- NULL: until it is revoked
);
CREATE TABLE IF NOT EXISTS used (         -- of what is limited
    person   TEXT NOT NULL,
    kind     TEXT NOT NULL,               -- "question" or "bytes"
    at       DOUBLE PRECISION NOT NULL,   -- seconds since 1970
    amount   BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS audit (
    id       TEXT PRIMARY KEY,
    at       DOUBLE PRECISION NOT NULL,   -- seconds since 1970
    person   TEXT NOT NULL,               -- their name; empty: a visitor
    token    TEXT NOT NULL,
    did      TEXT NOT NULL,
    library  TEXT NOT NULL,
    what     TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS audit_at ON audit (at);
CREATE TABLE IF NOT EXISTS guess (        -- of passwords, within the last minute
    whose    TEXT PRIMARY KEY,            -- "name DIGEST" or "place ADDRESS"
    times    TEXT NOT NULL,               -- JSON: seconds since 1970
    last     DOUBLE PRECISION NOT NULL
);
CREATE INDEX IF NOT EXISTS used_person ON used (person, kind, at);
"""

ACCOUNTS = Schema("accounts", "accounts", _SCRIPT)


class AccountsDatabase(Kept):
    """The tables, or what one class does with them."""

    def __init__(self, place: Place, clock: Callable[[], float] = time.time) -> None:
        """Each use raises AssistantError when they cannot be used; `clock` returns seconds since
        1970."""
        super().__init__(place, ACCOUNTS)
        self._clock = clock


# -- A person as the rest of the program sees one, and what each role may do

Role = Literal["reader", "editor", "owner"]
ROLES: tuple[Role, ...] = get_args(Role)  # each may do what those before it may


@dataclass(frozen=True)
class Person:
    """Who asks. The empty `id` is whoever uses a machine without accounts."""

    id: str
    name: str
    role: Role
    groups: frozenset[str] = frozenset()
    only: frozenset[str] | None = None  # the libraries of a program's token; None: no such limit
    token: str = ""  # the name of that token
    made: str = ""  # ISO 8601, UTC

    @property
    def changes(self) -> bool:
        """Whether they may add and remove documents."""
        return self.role != "reader"

    @property
    def owns(self) -> bool:
        """Whether they may also measure, teach, fetch models and make libraries."""
        return self.role == "owner"

    def limited(self, role: Role, only: frozenset[str] | None, token: str) -> "Person":
        """The same person through a token, which gives no more than they have themselves."""
        least = min(self.role, role, key=ROLES.index)
        return replace(self, role=least, only=only, token=token)


LOCAL = Person("", "", "owner")
VISITOR = Person("", "", "reader")


# -- Names of people and groups

_NAME = re.compile(r"[\w.@+-]{1,64}")
Holder = str  # "person ID" or "group NAME"


def plain(name: str) -> str:
    """A name as it is stored: "Ada" and "ada" are one. Raises AssistantError for what cannot be a
    name."""
    found = folded(name)
    if not _NAME.fullmatch(found):
        raise AssistantError(
            f"{name!r} cannot be a name: use 1 to 64 letters, digits and . _ - + @, no spaces."
        )
    return found


def folded(name: str) -> str:
    """A text as names are compared: equal ones belong to one person."""
    return unicodedata.normalize("NFKC", name.strip()).casefold()


# -- Passwords as Argon2id hashes, with the parameters of RFC 9106. The home of argon2.

_LEAST, _MOST = 10, 256  # characters

# A hash takes 64 MB: many who sign in at once wait for each other.
_one_at_a_time = threading.Lock()


def check_password(password: str) -> None:
    """Raises AssistantError for a new password that is too short or too long."""
    if not _LEAST <= len(password) <= _MOST:
        raise AssistantError(f"A password has {_LEAST} to {_MOST} characters. Choose another one.")


def hashed_password(password: str) -> str:
    """Its Argon2id hash with a salt of its own, as text that names its parameters."""
    with _one_at_a_time:
        return _hasher().hash(_typed(password))


def fits_password(password: str, kept: str | None) -> bool:
    """Whether it is the password of a stored hash. None, for an unknown person, takes as long as
    any hash."""
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(password) > _MOST:
        return False
    with _one_at_a_time:
        try:
            return _hasher().verify(kept or _nobody(), _typed(password)) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


@cache
def _hasher() -> "PasswordHasher":
    try:
        from argon2 import PasswordHasher, profiles
    except ModuleNotFoundError as error:
        raise AssistantError(needs("serve", "have accounts")) from error
    return PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)


@cache
def _nobody() -> str:
    return _hasher().hash("a password of nobody")


def _typed(password: str) -> str:
    """Keyboards write the same letter in several ways (RFC 8265, 4.2)."""
    return unicodedata.normalize("NFC", password)


# -- Who asked, saw, added and removed what: lines beside the accounts, for the time after

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


def _composed(text: str) -> str:
    """As names are compared; without halves of letters, which no database takes."""
    return unicodedata.normalize("NFC", text.encode(errors="replace").decode())


# -- The accounts


class Accounts(AccountsDatabase):
    """The accounts of a home, with its audit log: `together` changes and logs, or does neither."""

    def __init__(
        self, place: Place, days: int = 365, clock: Callable[[], float] = time.time
    ) -> None:
        """Lines are deleted after so many `days`."""
        super().__init__(place, clock)
        self._days = days

    def note(self, person: Person, did: str, library: str = "", what: str = "") -> None:
        """A line, before it is done: what cannot be noted is not done. `what` is a document, a
        page, an answer's id or the name of a person. Raises AssistantError."""
        now, said = self._clock(), _composed(what)
        row = (uuid.uuid4().hex, now, person.name, person.token, did, library, said)
        with self._connected() as connection:
            connection.execute("DELETE FROM audit WHERE at < ?", (now - self._days * _DAY,))
            connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def lines(self) -> list[Line]:
        """All lines of the log, the oldest first. Raises AssistantError."""
        with self._reading() as connection:
            found = connection.execute(
                "SELECT at, person, token, did, library, what FROM audit ORDER BY at, id"
            ).fetchall()
        return [
            Line(datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds"), *rest)
            for at, *rest in found
        ]

    def forget(
        self, library: str, others: Collection[str], names: Collection[str],
        left: Collection[str] = (),
    ) -> int:  # fmt: skip
        """Put FORGOTTEN for names of documents in the lines about a library, and about libraries
        that no longer exist, whose names it may have had: neither it nor one of the `others`. The
        library keeps the documents that are `left`. Returns the number of lines changed. Raises
        AssistantError."""
        # A file is noted as it was sent, and gets a folder before its name, or a mark after it,
        # where another document has it.
        files = {PurePosixPath(_MARK.sub("", name)).name for name in names} - set(left)
        noted = map(re.escape, map(_composed, {*names, *files}))
        spelt = sorted(noted, key=len, reverse=True)
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

    def add(self, name: str, password: str, role: Role, groups: Collection[str] = ()) -> Person:
        """A new person. Raises AssistantError for a name that is taken, for one that cannot be a
        name, and for a password of a wrong length."""
        made = datetime.now(UTC).isoformat(timespec="seconds")
        own = frozenset(map(plain, groups))
        person = Person(uuid.uuid4().hex[:16], plain(name), role, own, made=made)
        check_password(password)
        row = (person.id, person.name, role, hashed_password(password), made)
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
        """Change a person's role or groups. Raises AssistantError."""
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
        check_password(password)
        kept = hashed_password(password)
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
        """The person of that name. Raises AssistantError when there is none."""
        if found := self.find(name):
            return found
        raise AssistantError(f"There is no person {name!r}. `pincite users list` shows all.")

    def find(self, name: str) -> Person | None:
        """The person of that name, or None. Raises AssistantError for an impossible name."""
        with self._reading() as connection:
            row = connection.execute(
                "SELECT id FROM person WHERE name = ?", (plain(name),)
            ).fetchone()
            return person_of(connection, row[0]) if row else None

    def signs_in(self, name: str, password: str) -> Person | None:
        """The person with that name and password; None otherwise, in the same time."""
        with self._reading() as connection:
            row = connection.execute(
                "SELECT id, password FROM person WHERE name = ?", (folded(name),)
            ).fetchone()
            found = person_of(connection, row[0]) if row else None
        return found if fits_password(password, row[1] if row else None) else None

    def any(self) -> bool:
        """Whether anybody has an account."""
        with self._reading() as connection:
            return connection.execute("SELECT 1 FROM person LIMIT 1").fetchone() is not None

    def people(self) -> list[Person]:
        """All who have an account, by name."""
        with self._reading() as connection:
            rows = connection.execute("SELECT id FROM person ORDER BY name").fetchall()
            found = [person_of(connection, id) for (id,) in rows]
        return [person for person in found if person]

    def share(self, library: str, people: Collection[str], groups: Collection[str]) -> None:
        """Make a library belong to these people and groups; with neither, to everybody. Raises
        AssistantError for an unknown person."""
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


def person_of(connection: Transaction, id: str) -> Person | None:
    """Who has that id, with their groups; None for nobody, and for a role that there is none of."""
    query = "SELECT name, role, made FROM person WHERE id = ?"
    name, role, made = connection.execute(query, (id,)).fetchone() or ("", "", "")
    if role not in ROLES:
        return None
    teams = connection.execute("SELECT team FROM member WHERE person = ?", (id,)).fetchall()
    return Person(id, name, role, frozenset(team for (team,) in teams), made=made)


def _join(connection: Transaction, id: str, groups: Iterable[str]) -> None:
    rows = [(id, team) for team in groups]
    insert = "INSERT INTO member (person, team) VALUES (?, ?) ON CONFLICT DO NOTHING"
    connection.executemany(insert, rows)
