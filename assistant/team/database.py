"""The tables of the accounts, in `accounts.sqlite` of the home or in the PostgreSQL of a team;
nothing else reads them.
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

from assistant.storage.part import Kept, Place
from vectorstore.database.schema import Schema

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

    def __init__(self, place: Place) -> None:
        """Each use raises AssistantError when they cannot be used."""
        super().__init__(place, ACCOUNTS)


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
