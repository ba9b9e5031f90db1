"""A schema of PostgreSQL as the database of one catalogue.

Writers take turns by an advisory lock of the library, which ends with the transaction, and so with
a process that dies.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vectorstore.catalog.engine import Engine, Transaction
from vectorstore.catalog.postgres import tables
from vectorstore.catalog.postgres.bm25 import Bm25
from vectorstore.catalog.postgres.connections import WAIT, Connections
from vectorstore.catalog.postgres.copying import BESIDE, TABLES, copy_all, copy_table
from vectorstore.catalog.postgres.inside import Inside, translated
from vectorstore.catalog.sqlite.database import (
    FIRST,
    MOVED,
    SCHEMA_VERSION,
    Database,
    unreleased,
)
from vectorstore.errors import LibraryBusy, LibraryError
from vectorstore.postgres.server import Server, sentences

_PATIENCE = 5  # seconds to wait for readers
_OUTER = "BEGIN", "COMMIT", ("ROLLBACK",)
_INNER = "SAVEPOINT part", "RELEASE part", ("ROLLBACK TO part", "RELEASE part")


class PostgresDatabase(Engine):
    """Reads go on while others write. What a restart of the server interrupts is asked again, where
    it only reads."""

    def __init__(self, server: Server, schema: str, make: bool = False) -> None:
        """The schema has to be there, unless it is to be made: a library that is not where it
        should be is no empty one. Raises LibraryAway or LibraryError."""
        super().__init__()
        self.words = Bm25(self)
        self.server = server
        self.schema = schema
        self._connections = Connections(server, schema)
        if make:
            self._create()
        else:
            self._upgrade(self._check_there())

    def all(self, sql: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        inside = getattr(self._local, "inside", None) is not None
        with sentences(self.server):
            for last in (inside, True):
                with self._using() as connection:
                    try:
                        done = connection.execute(translated(sql), values, binary=True)
                        return done.fetchall() if done.description else []
                    except Exception:
                        if last or not connection.broken or not _reads(sql):
                            raise
        raise AssertionError("the second attempt ends it")

    def write(self, sql: str, *values: object) -> None:
        """One after the other, as with `transaction`: no move of the catalogue loses it."""
        with self.transaction() as connection:
            connection.execute(sql, values)

    def note(self, sql: str, *values: object) -> None:
        """Run one statement that a power failure may lose."""
        with self._plain_transaction() as connection:
            self._check_still_there(connection)
            connection.execute("SET LOCAL synchronous_commit = off")
            connection.execute(sql, values)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """All or nothing, also within `together`. Raises HomeNotWritable or LibraryError."""
        inner = getattr(self._local, "inside", None) is not None
        with self._plain_transaction() as connection:
            if not inner:
                self._take_turn(connection)
            yield connection

    def _take_turn(self, connection: Transaction) -> None:
        connection.execute("SELECT pg_advisory_xact_lock(?)", (_number(self.schema),))
        self._check_still_there(connection)

    @contextmanager
    def snapshot(self) -> Iterator[Transaction]:
        """Reads one state, whatever others write meanwhile."""
        with self._plain_transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") as reading:
            yield reading

    def columns(self, table: str) -> list[str]:
        found = self.all(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position",
            self.schema, table,
        )  # fmt: skip
        return [row[0] for row in found]

    def faults(self) -> list[str]:
        failures = self.one(
            "SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database()"
        )
        return [f"{failures[0]} blocks of PostgreSQL"] if failures and failures[0] else []

    @contextmanager
    def beside(self, path: Path) -> Iterator[str]:
        """Copies of the tables of an SQLite file in a schema of their own, until the end.

        One transaction makes and drops them, with what is done in between: a killed process
        leaves no copy of what is forgotten later.
        """
        with self.together(), self.transaction() as connection:
            self._drop_beside()
            connection.execute(f"CREATE SCHEMA {self._next}")
            self._copy_beside(path, connection)
            yield f"{self._next}."
            self._drop_beside()

    def merge_words(self) -> None:
        """A deleted passage takes its words with it; what an earlier version left beside goes."""
        self._drop_beside()

    def write_anew(self) -> bool:
        """Write the tables without anything that was deleted. The server's log of changes, and
        copies of it, keep that as long as its administrator wants.

        False when others read them. Raises HomeNotWritable or LibraryError.
        """
        whole = ", ".join(f"{self.schema}.{table}" for table in (*TABLES, "posting"))
        try:
            with sentences(self.server), self._using() as connection:
                connection.execute(f"SET lock_timeout = '{_PATIENCE}s'")
                try:
                    connection.execute(f"VACUUM (FULL) {whole}")
                finally:
                    connection.execute(f"SET lock_timeout = '{WAIT}s'")
        except LibraryBusy:
            return False
        return True

    def copy_to(self, path: Path) -> None:
        """Write the present contents into a new SQLite file, also while others write."""
        target = Database(path)
        try:
            with self.snapshot() as source, target.transaction() as connection:
                copy_all(source, connection)
        finally:
            target.close()

    def replace_by(self, path: Path) -> None:
        """Replace the contents by those of an SQLite file, in one transaction."""
        source = Database(path)
        try:
            with source.snapshot() as reading, self.transaction() as connection:
                for table in reversed(TABLES):
                    connection.execute(f"DELETE FROM {table}")
                copy_all(reading, connection)
                self.number_on(connection)
        finally:
            source.close()

    def number_on(self, connection: Transaction) -> None:
        """New rows get numbers after those that were copied in."""
        for table, column in (("document", "id"), ("chunk", "rowid"), ("sheet", "id")):
            connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{self.schema}.{table}', '{column}'),"
                f" (SELECT coalesce(max({column}), 0) + 1 FROM {table}), FALSE)"
            )

    @staticmethod
    def drop_schema(server: Server, schema: str) -> None:
        """Delete it with all that is in it, if it is there. Raises LibraryError."""
        with sentences(server), server.connect() as connection:
            for name in (schema, f"{schema}_next"):
                connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE".encode())

    def close(self) -> None:
        """Close what is not in use now, and the rest after its use; the next use opens anew."""
        self._connections.close()

    @property
    def _next(self) -> str:
        return f"{self.schema}_next"

    def _drop_beside(self) -> None:
        self.write(f"DROP SCHEMA IF EXISTS {self._next} CASCADE")

    def _copy_beside(self, path: Path, connection: Transaction) -> None:
        next = self._next
        for table in BESIDE:
            connection.execute(f"CREATE TABLE {next}.{table} (LIKE {table})")
        connection.execute(f"CREATE TABLE {next}.vector (id TEXT, vector BYTEA)")
        connection.execute(f"CREATE TABLE {next}.kept (sha256 TEXT, reader TEXT)")
        connection.execute(f"CREATE TABLE {next}.failed (sha256 TEXT, status TEXT)")
        staged = Database(path)
        try:
            with staged.snapshot() as source:
                for table in (*BESIDE, "vector", "kept", "failed"):
                    copy_table(source, connection, table, f"{next}.{table}")
        finally:
            staged.close()

    def _create(self) -> None:
        with self._plain_transaction() as connection:
            connection.execute(f"CREATE SCHEMA {self.schema}")
            tables.make(connection)
            self._say_version(connection, SCHEMA_VERSION)

    def _upgrade(self, version: int) -> None:
        """All steps or none; programs of before hear that the schema is a newer one."""
        if version == SCHEMA_VERSION:
            return
        with self._plain_transaction() as connection:
            self._take_turn(connection)
            tables.upgrade(connection, self._check_version(connection))
            self._say_version(connection, SCHEMA_VERSION)

    def say_moved(self, connection: Transaction) -> None:
        """Nobody writes any more, once this is committed: the catalogue is in SQLite then."""
        self._say_version(connection, MOVED)

    def _say_version(self, connection: Transaction, version: int) -> None:
        connection.execute(f"COMMENT ON SCHEMA {self.schema} IS '{version}'")

    def _check_there(self) -> int:
        """The version of the schema. Raises LibraryError where there is none."""
        with self._plain_transaction() as connection:
            if not (version := self._check_version(connection)):
                raise LibraryError(
                    f"The database {self.server.place} has no schema {self.schema}: the setting"
                    " `catalogue` names another database than before, or a backup of it has to be"
                    " restored. Nothing was changed."
                )
            self._check_still_there(connection)
            return version

    def _check_version(self, connection: Transaction) -> int:
        """That of the schema; 0 where there is none. Raises LibraryError for a newer one, and for
        one that was never released."""
        (said,) = connection.execute(
            "SELECT obj_description(to_regnamespace(?)::oid, 'pg_namespace')", (self.schema,)
        ).fetchone()
        version = int(said or 0)
        if version > SCHEMA_VERSION and version != MOVED:
            raise LibraryError(
                f"The library in {self.server.place} was made by a newer version of Pincite (schema"
                f" {version}, this one reads up to {SCHEMA_VERSION}). Use that version."
            )
        if 0 < version < FIRST:
            raise LibraryError(unreleased(f"The library in {self.server.place}", version))
        return version

    def _check_still_there(self, connection: Transaction) -> None:
        """Raises LibraryError."""
        if self._check_version(connection) in (0, MOVED):
            raise LibraryError(
                f"The catalogue in {self.server.place} was moved to SQLite, or deleted, meanwhile:"
                " start again."
            )

    @contextmanager
    def _plain_transaction(self, outer: str = "BEGIN") -> Iterator["Inside"]:
        inner = getattr(self._local, "inside", None) is not None
        begin, end, undo = _INNER if inner else (outer, *_OUTER[1:])
        with sentences(self.server), self._using(begin) as connection:
            self._local.inside = connection
            try:
                yield Inside(connection)
                connection.execute(end)
            except BaseException:
                if not connection.broken:
                    for statement in undo:
                        connection.execute(statement)
                raise
            finally:
                if not inner:
                    self._local.inside = None

    @contextmanager
    def _using(self, begin: str = "") -> Iterator[Any]:
        """The connection of this thread's transaction, or one that nobody uses; a transaction, or
        a part of one, is begun by that statement."""
        if (inside := getattr(self._local, "inside", None)) is not None:
            if begin:
                inside.execute(begin)
            yield inside
            return
        with self._connections.one(begin) as connection:
            yield connection


def _reads(sql: str) -> bool:
    return sql.lstrip().startswith(("SELECT", "WITH"))


def _number(schema: str) -> int:
    """Of the advisory lock of a schema: 63 bits."""
    return int.from_bytes(hashlib.sha256(schema.encode()).digest()[:8], "big") >> 1
