"""How each SQLite file is opened, and what errors of SQLite and of the system mean."""

import sqlite3
from pathlib import Path
from typing import Literal

Trouble = Literal["full", "failing", "closed", "unopened", "busy", "other"]

_SIGNS: dict[str, Trouble] = {  # by a phrase of the message
    "full": "full", "no space": "full", "i/o error": "failing", "readonly": "closed",
    "read-only": "closed", "permission": "closed", "not a directory": "closed",
    "file exists": "closed", "unable to open": "unopened", "locked": "busy",
}  # fmt: skip


def connect(path: Path, wait: float, explicit: bool = False) -> sqlite3.Connection:
    """A connection that waits so many seconds for the transaction of another process.

    A transaction begins with the first change, or by a statement alone if that is `explicit`. Any
    thread may close the connection; one at a time may use it. Raises sqlite3.Error.
    """
    connection = sqlite3.connect(
        path,
        timeout=wait,
        isolation_level=None if explicit else "DEFERRED",
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        # No part of the file may call more than what SQLite counts as harmless.
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA secure_delete = ON")  # however SQLite was built
    except BaseException:
        connection.close()
        raise
    return connection


def trouble(error: Exception) -> Trouble:
    """What hinders the use of a file that may be whole; "other" where the message does not say."""
    said = str(error).lower()
    return next((kind for sign, kind in _SIGNS.items() if sign in said), "other")
