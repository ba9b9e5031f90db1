"""Tables of a home that stay together: in an SQLite file, or in PostgreSQL for a team."""

import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from assistant.errors import AssistantError, TablesAway, TablesBusy, TablesNotWritable
from vectorstore.database.schema import Schema, Transaction
from vectorstore.database.sqlite import OtherVersion, SqliteDatabase, Trouble
from vectorstore.errors import HomeNotWritable, LibraryAway, LibraryBusy, LibraryError
from vectorstore.opened import keep_names
from vectorstore.team.postgres import Connections, Inside, PostgresDatabase, Server, sentences

# -- A small file in the place of a database of a home: that part of the home is in PostgreSQL


def mark_of(file: Path) -> Path:
    """The mark in the place of a file that has gone to PostgreSQL."""
    return file.with_suffix(".postgresql")


def file_of(mark: Path) -> Path:
    """The file whose place a mark has."""
    return mark.with_suffix(".sqlite")


def kept_mark(mark: Path) -> str:
    """The identity of the tables; empty where the home has not used any. Raises AssistantError."""
    try:
        tables = mark.read_text("ascii").strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise AssistantError(f"{mark} cannot be read: {error}.") from error
    if not tables:
        raise AssistantError(f"{mark} is damaged: put back a copy of it.")
    return tables


def keep_mark(mark: Path, tables: str) -> None:
    """Say which tables have a part of the home, also after a loss of power. Raises
    AssistantError."""
    scratch = mark.with_name(f".{mark.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        mark.parent.mkdir(parents=True, exist_ok=True)
        with scratch.open("w", encoding="ascii") as file:
            file.write(tables)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(mark)
    except OSError as error:
        raise AssistantError(f"{mark} cannot be written: {error.strerror}.") from error
    keep_names(mark.parent)


# -- Whose rows of a shared file are meant


@dataclass(frozen=True)
class Whose:
    """A person's conversations and receipts; with an empty `person` those of a home without
    accounts, and of the command line."""

    person: str = ""  # their id
    # Whether they may read a library of that name.
    sees: Callable[[str], bool] = lambda library: True


EVERYBODY = Whose()


# -- Whose things may still be kept beside conversations: not those of a person who was removed. A
# writer and the removal of its person wait for each other: what is written meanwhile is either
# removed, too, or not written.

_NOTE = "INSERT INTO author (person, gone) VALUES (?, ?) ON CONFLICT (person) DO UPDATE SET gone = "


def may_write(connection: Transaction, person: str) -> bool:
    """Whether a person is there, until the end of the transaction; an empty one always is."""
    if not person:
        return True
    note = f"{_NOTE} author.gone RETURNING gone"
    return bool(connection.execute(note, (person, 0)).fetchone() == (0,))


def leave(connection: Transaction, person: str) -> None:
    """Nothing more is written for a person; what was, the rest of the transaction finds."""
    connection.execute(f"{_NOTE} excluded.gone", (person, 1))


# -- Tables of homes in PostgreSQL, where all app servers of a team find them
# A database belongs to one team: its homes have the same schema there. The tables of each part have
# an identity, which every home that has used them keeps in a mark, and which each transaction
# compares: no other database, no tables of another home, and no empty file is ever taken for what a
# home has kept.

SCHEMA = "pincite_team"
KEPT = "kept"  # names the tables of each part; who uses them has read it before
_LOCK = 7_341_982_650  # of who makes tables
_NO_TABLE = "42P01"  # PostgreSQL's code
_KINDS: dict[type[LibraryError], type[AssistantError]] = {
    LibraryAway: TablesAway, LibraryBusy: TablesBusy, HomeNotWritable: TablesNotWritable,
}  # fmt: skip

log = logging.getLogger(__name__)
_ready: set[tuple[Server, str, Path]] = set()  # what this process has found in order


class TeamTables(PostgresDatabase):
    """One part of a home. Each use raises AssistantError when the server cannot be used, or where
    the tables are not those of this home any more."""

    def __init__(self, server: Server, part: Schema, mark: Path) -> None:
        """`mark` is the file that says that the home has this part there."""
        super().__init__(server, SCHEMA, part, _connections(server))
        self.mark = mark

    @contextmanager
    def transaction(self) -> Iterator[Inside]:
        """All or nothing; the tables are made before the first one."""
        if self._known not in _ready:
            self._prepare()
        with super().transaction() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Inside]:
        """As a transaction, which hinders nobody as long as it only reads."""
        with self.transaction() as connection:
            yield connection

    def _enter(self, connection: Inside) -> None:
        self.check(connection)

    @contextmanager
    def making(self) -> Iterator[None]:
        """Nobody else makes tables. A transaction that begins here sees all that was made before:
        one that has waited inside would not."""
        with self._explained(), self._using() as connection:
            connection.execute(f"SELECT pg_advisory_lock({_LOCK})")
            try:
                yield
            finally:
                if not connection.broken:
                    connection.execute(f"SELECT pg_advisory_unlock({_LOCK})")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            with sentences(self.server, clashes=True):
                yield
        except LibraryError as error:
            if getattr(error.__cause__, "sqlstate", "") == _NO_TABLE:
                raise self._gone("were moved to SQLite meanwhile") from error
            raise _KINDS.get(type(error), AssistantError)(str(error)) from error

    def is_there(self) -> bool:
        """Whether the database has the tables; none are made. Raises AssistantError where it has
        not those that this home has used."""
        with self.plain_transaction() as connection:
            found, mark = self.identity(connection), self.marked()
            if mark and mark != found:
                raise self._gone("are not there any more")
            if not mark and (self._known in _ready or file_of(self.mark).exists()):
                raise self._gone("were moved to SQLite meanwhile")
            return bool(found)

    def marked(self) -> str:
        """The identity of those that the home has used; empty for none. Raises AssistantError."""
        return kept_mark(self.mark)

    def check(self, connection: Transaction) -> None:
        """Until the end of the transaction the tables are those of this home. Raises
        AssistantError."""
        if not (mark := self.marked()):
            raise self._gone("were moved to SQLite meanwhile")
        if mark != self._noted(connection)[0]:
            raise self._gone("are not there any more")

    def lock(self, connection: Transaction) -> None:
        """Wait until nobody uses the tables, and let nobody use them: each transaction reads the
        note of their identity first, so two that wait for each other cannot be."""
        connection.execute(f"LOCK TABLE {SCHEMA}.{KEPT} IN ACCESS EXCLUSIVE MODE")

    def drop(self, connection: Transaction) -> None:
        """Delete the tables, for all homes."""
        connection.execute(f"DROP TABLE {self.named()} CASCADE")
        connection.execute(f"DELETE FROM {KEPT} WHERE part = ?", (self.schema.name,))

    def identity(self, connection: Transaction) -> str:
        """Of the tables; empty where one is missing. Raises AssistantError for another version."""
        said, version = self._noted(connection) if _has(connection, [KEPT]) else ("", 0)
        whole = version < self.schema.version or _has(connection, self.schema.tables)
        return said if said and whole else ""

    def make(self, connection: Inside) -> str:
        """The tables in the present version, within `making`, and their identity, which they keep:
        it is a new one where there is none, so homes that have used others of that name do not take
        them for theirs. Raises AssistantError, also where some have been lost."""
        connection.run(
            f"CREATE SCHEMA IF NOT EXISTS {SCHEMA};"
            f" CREATE TABLE IF NOT EXISTS {KEPT} (part TEXT PRIMARY KEY, id TEXT NOT NULL,"
            " version INTEGER NOT NULL)"
        )
        said, version = self._noted(connection)
        if said != self.identity(connection):
            raise self._gone("are not there any more")
        if version < self.schema.version:
            connection.make(self.schema, version)
        made = (self.schema.name, said or uuid4().hex, self.schema.version)
        connection.execute(
            f"INSERT INTO {KEPT} (part, id, version) VALUES (?, ?, ?)"
            " ON CONFLICT (part) DO UPDATE SET version = excluded.version",
            made,
        )
        return made[1]

    def write_anew(self) -> bool:
        """Leave nothing in the tables of what was deleted. Who reads for long is not waited for."""
        if done := super().write_anew():
            return done
        log.warning("Deleted %s go from the disk with the next deletion.", self.schema.what)
        return False

    def _prepare(self) -> None:
        if not self._is_made():
            with self.making():
                if not self._is_made():  # another process was faster, and uses them
                    with self.plain_transaction() as connection:
                        self.make(connection)
        with self.plain_transaction() as connection:
            if not self.marked() and (found := self.identity(connection)):
                keep_mark(self.mark, found)
        _ready.add(self._known)

    def _is_made(self) -> bool:
        """Whether they are there in the present version."""
        with self.plain_transaction() as connection:
            return self.is_there() and self._noted(connection)[1] == self.schema.version

    def _noted(self, connection: Transaction) -> tuple[str, int]:
        """The identity and the version; empty and 0 where there are none. Raises AssistantError for
        another version."""
        note = f"SELECT id, version FROM {KEPT} WHERE part = ?"
        said, version = connection.execute(note, (self.schema.name,)).fetchone() or ("", 0)
        if said and not self.schema.first <= version <= self.schema.version:
            raise AssistantError(
                f"The {self.schema.what} in {self.server.place} were made by another version of"
                " Pincite. Use that version."
            )
        return str(said), int(version)

    def _gone(self, where: str) -> TablesAway:
        return TablesAway(
            f"The {self.schema.what} of this home are kept in {self.server.place}, and {where}: the"
            " setting `catalogue` names another database than before, another home has taken them"
            " back to SQLite, or a backup of the database has to be restored. Nothing was changed."
        )

    @property
    def _known(self) -> tuple[Server, str, Path]:
        return self.server, self.schema.name, self.mark


def _has(connection: Transaction, tables: Iterable[str]) -> bool:
    names = [f"{SCHEMA}.{table}" for table in tables]
    found = ", ".join(["to_regclass(?)::oid"] * len(names))
    return None not in connection.execute(f"SELECT {found}", names).fetchone()


@lru_cache
def _connections(server: Server) -> Connections:
    return Connections(server, SCHEMA)


# -- What a home keeps beside its libraries, in SQLite files or in PostgreSQL
# The statements are the same for both.

Connection = Transaction
Place = Path | TeamTables


class Kept:
    """The tables of a home, or what one class does with them.

    What cannot be used is an error when it is used, not before: who asks a question gets an answer,
    and learns that it was not saved.
    """

    def __init__(self, place: Place, schema: Schema) -> None:
        self._database = HomeFile(place, schema) if isinstance(place, Path) else place

    def is_there(self) -> bool:
        """Whether there are tables, or a file that should have them. Raises AssistantError."""
        return self._database.is_there()

    def together(self) -> AbstractContextManager[object]:
        """What this thread does with it meanwhile is done as a whole, or not at all. Raises
        AssistantError."""
        return self._database.transaction()

    def _write_anew(self) -> None:
        """Leave no byte on the disk of what was deleted or changed before."""
        self._database.write_anew()

    def _connected(self) -> AbstractContextManager[Transaction]:
        """Reads and writes, all or nothing. Raises AssistantError when the file is damaged or
        cannot be written, or when the server is away."""
        return self._database.transaction()

    def _reading(self) -> AbstractContextManager[Transaction]:
        """Only reads, and hinders nobody. Raises AssistantError when the file is damaged, or when
        the server is away."""
        return self._database.read()

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What a query gives. Raises as `_reading`."""
        with self._reading() as connection:
            found: list[tuple[Any, ...]] = connection.execute(query, values).fetchall()
        return found


class HomeFile(SqliteDatabase):
    """Each use raises AssistantError when the file cannot be used, or was moved to PostgreSQL."""

    def is_there(self) -> bool:
        """Whether the file exists."""
        return self.path.exists()

    def _before(self) -> None:
        self._enter()  # an empty file would be made in the place of the one that has gone
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def _enter(self) -> None:
        """A move lets nobody else write until the mark is there."""
        if mark_of(self.path).exists():
            raise AssistantError(
                f"The {self.schema.what} of this home were moved to PostgreSQL meanwhile: start"
                " again."
            )

    def _explain(self, kind: Trouble, error: Exception, path: Path) -> AssistantError:
        if not isinstance(error, OtherVersion):
            return AssistantError(
                f"{path}, which keeps the {self.schema.what}, cannot be used: {error}."
                f" {_REMEDIES.get(kind, _OTHER)}"
            )
        return AssistantError(
            f"{path}, which keeps the {self.schema.what}, was made by another version of Pincite,"
            " and was not changed. Use that version, or another --home."
        )


_SPACE = "Free some space on its disk, or check the disk."
_RIGHTS = "Make it writable, or choose another --home."
_REMEDIES: dict[Trouble, str] = {
    "full": _SPACE, "failing": _SPACE, "closed": _RIGHTS, "unopened": _RIGHTS,
    "busy": "Another process is writing: try again later.",
}  # fmt: skip
_OTHER = "Move the file away to begin a new one, or put back a copy of it."
