"""The file of the accounts, `accounts.sqlite` in the home; nothing else reads it."""

from pathlib import Path

from assistant.storage.sqlite_file import Kept

FILE = "accounts.sqlite"

_SCHEMA = """
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
    made     REAL NOT NULL,               -- seconds since 1970
    seen     REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS token (
    id        TEXT PRIMARY KEY,
    digest    TEXT NOT NULL UNIQUE,       -- SHA-256 of the token
    person    TEXT NOT NULL,
    name      TEXT NOT NULL,
    role      TEXT NOT NULL,
    libraries TEXT,                       -- JSON: the names; NULL: all that the person sees
    made      REAL NOT NULL,
    until     REAL                        -- NULL: until it is revoked
);
CREATE TABLE IF NOT EXISTS used (         -- of what is limited
    person   TEXT NOT NULL,
    kind     TEXT NOT NULL,               -- "question" or "bytes"
    at       REAL NOT NULL,               -- seconds since 1970
    amount   INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS used_person ON used (person, kind, at);
"""


class Database(Kept):
    """A part of that file."""

    def __init__(self, path: Path) -> None:
        """Each use raises AssistantError when the file cannot be used."""
        super().__init__(path, _SCHEMA, "accounts")
