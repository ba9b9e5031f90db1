"""Tables of a home that stay together: in an SQLite file, or in PostgreSQL for a team."""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from assistant.errors import AssistantError
from vectorstore.database.transactions import Transaction
from vectorstore.opened import keep_names

# -- A small file in the place of a database of a home: that part of the home is in PostgreSQL

BACK = "back"


class Mark(NamedTuple):
    """What a home notes of a part in PostgreSQL."""

    tables: str  # their identity
    move: str = ""  # that has put it there; BACK on its way to SQLite; empty: nothing was moved


def mark_of(file: Path) -> Path:
    """The mark in the place of a file that has gone to PostgreSQL."""
    return file.with_suffix(".postgresql")


def file_of(mark: Path) -> Path:
    """The file whose place a mark has."""
    return mark.with_suffix(".sqlite")


def kept_mark(mark: Path) -> Mark | None:
    """None where the home has not used the tables. Raises AssistantError."""
    try:
        tables, _, move = mark.read_text("ascii").strip().partition(" ")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise AssistantError(f"{mark} cannot be read: {error}.") from error
    if not tables:
        raise AssistantError(f"{mark} is damaged: put back a copy of it.")
    return Mark(tables, move)


def keep_mark(mark: Path, says: Mark) -> None:
    """Say where a part of the home is, also after a loss of power. Raises AssistantError."""
    scratch = mark.with_name(f".{mark.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        mark.parent.mkdir(parents=True, exist_ok=True)
        with scratch.open("w", encoding="ascii") as file:
            file.write(" ".join(says))
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(mark)
    except OSError as error:
        raise AssistantError(f"{mark} cannot be written: {error.strerror}.") from error
    keep_names(mark.parent)


# -- Whose rows of a shared file are meant


def _any(_: str) -> bool:
    return True


@dataclass(frozen=True)
class Whose:
    """A person's conversations and receipts; with an empty `person` those of a home without
    accounts, and of the command line."""

    person: str = ""  # their id
    sees: Callable[[str], bool] = _any  # whether they may read a library of that name


EVERYBODY = Whose()


# -- Whose things may still be kept beside conversations: not those of a person who was removed; and
# what nobody began before the first account becomes that person's. A writer and the removal of its
# person wait for each other. So what is written meanwhile is either removed, too, or not written. A
# writer without a person and the first account wait alike: what is written meanwhile is either
# given to that person, too, or written as theirs.

AUTHORS_SCHEMA = """
CREATE TABLE IF NOT EXISTS author (
    person TEXT PRIMARY KEY,                -- their id, which is never used again
    gone   INTEGER NOT NULL DEFAULT 0       -- 1: they were removed
);
CREATE TABLE IF NOT EXISTS heir (
    before TEXT PRIMARY KEY,                -- empty: nobody, as before the first account
    person TEXT NOT NULL                    -- who has the things of before; empty: nobody yet
);
"""
_NOTE = "INSERT INTO author (person, gone) VALUES (?, ?) ON CONFLICT (person) DO UPDATE SET gone = "
_HEIR = (
    "INSERT INTO heir (before, person) VALUES ('', ?) ON CONFLICT (before) DO UPDATE SET person = "
)


def may_write(connection: Transaction, person: str) -> bool:
    """Whether a person is there, until the end of the transaction; an empty one always is."""
    if not person:
        return True
    note = f"{_NOTE} author.gone RETURNING gone"
    return bool(connection.execute(note, (person, 0)).fetchone() == (0,))


def leave(connection: Transaction, person: str) -> None:
    """Nothing more is written for a person; what was, the rest of the transaction finds."""
    connection.execute(f"{_NOTE} excluded.gone", (person, 1))


def heir(connection: Transaction) -> str:
    """Who has got what was nobody's; empty before the first account."""
    row = connection.execute("SELECT person FROM heir WHERE before = ''").fetchone()
    return str(row[0]) if row else ""


def forget_nobody(connection: Transaction) -> None:
    """What writers without a person have left here to wait for each other."""
    connection.execute("DELETE FROM heir WHERE person = ''")


def inherit(connection: Transaction, person: str) -> None:
    """A person gets what is nobody's: the rest of the transaction finds what was written."""
    connection.execute(f"{_HEIR} excluded.person", (person,))


def writer(connection: Transaction, person: str, since: str | None) -> str:
    """Whose it is that a person writes, until the end of the transaction: the heir's, where an
    empty person began it when the heir was another one (`since`; None: it was begun just now)."""
    if person or since is None:
        return person
    (now,) = connection.execute(f"{_HEIR} heir.person RETURNING person", ("",)).fetchone()
    return "" if now == since else str(now)
