"""Whose things may still be kept beside conversations: not those of a person who was removed; and
what nobody began before the first account becomes that person's.

A writer and the removal of its person wait for each other. So what is written meanwhile is either
removed, too, or not written. A writer without a person and the first account wait alike: what is
written meanwhile is either given to that person, too, or written as theirs.
"""

from assistant.storage.part import Columns
from vectorstore.catalog.engine import Transaction

# The same for both engines.
SCHEMA = """
CREATE TABLE IF NOT EXISTS author (
    person TEXT PRIMARY KEY,                -- their id, which is never used again
    gone   INTEGER NOT NULL DEFAULT 0       -- 1: they were removed
);
CREATE TABLE IF NOT EXISTS heir (
    before TEXT PRIMARY KEY,                -- empty: nobody, as before the first account
    person TEXT NOT NULL                    -- who has the things of before; empty: nobody yet
);
"""
TABLE = {"author": Columns("person", "gone"), "heir": Columns("before", "person")}
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
