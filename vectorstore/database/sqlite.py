"""A schema in an SQLite file: connections, transactions, versions, and what hinders its use."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

from vectorstore.database.schema import Database, Schema, Transaction, copy_all, statements

_PATIENCE = 5.0  # seconds to wait for readers of an older state

# To begin, to end and to undo a transaction, and one inside of another. Who may write waits at the
# beginning: what was read before one waited might not be true any more.
_OUTER = "BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",)
_INNER = "SAVEPOINT part", "RELEASE part", ("ROLLBACK TO part", "RELEASE part")


class OtherVersion(Exception):
    """The file has a version of the schema that this program cannot use."""

    def __init__(self, version: int) -> None:
        super().__init__(f"schema {version}")
        self.version = version


class SqliteDatabase(Database):
    """Readers and writers of other processes are waited for."""

    def __init__(
        self, path: Path, schema: Schema, wait: float = 30.0, stays_open: bool = False
    ) -> None:
        """`wait`: seconds for the transaction of another process.

        A file that `stays_open` has a connection for each thread, and a log (WAL), so that readers
        never wait for a writer; it is made now. Any other is opened and closed with each use, by
        one thread at a time, and made by the first use: it may be deleted, moved or replaced
        meanwhile.
        """
        super().__init__(schema)
        self.path = path
        self._wait = wait
        self._stays_open = stays_open
        self._alone = threading.Lock()  # to use a file that does not stay open
        self._open: dict[threading.Thread, _Held] = {}
        self._opening = threading.Lock()
        if stays_open:
            with self._explained():
                path.parent.mkdir(parents=True, exist_ok=True)
                with self._using() as connection:
                    self._make(connection)

    # -- what each kind of file has of its own

    def _before(self) -> None:
        """Called before a file is opened that does not stay open. Raises what speaks against it."""

    def _enter(self) -> None:
        """Called when a file is opened that does not stay open, and in each transaction that may
        write, before anything is read. Raises what speaks against it."""

    def _explain(self, kind: "Trouble", error: Exception, path: Path) -> Exception | None:
        """What to raise in the place of an error with a file; None: the error itself."""
        return None

    # -- transactions

    def all(self, sql: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        with self._explained(), self._using() as connection:
            return connection.execute(sql, values).fetchall()

    def note(self, sql: str, *values: object) -> None:
        """Run one statement that a power failure may lose: 30 times as fast as `write`."""
        with self._explained(), self._using() as connection:
            if connection.in_transaction:  # SQLite refuses the change, which would gain nothing
                connection.execute(sql, values)
                return
            connection.execute("PRAGMA synchronous = NORMAL")
            try:
                connection.execute(sql, values)
            finally:
                connection.execute("PRAGMA synchronous = FULL")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        with self._explained(), self._using() as connection:
            inner = connection.in_transaction
            with _changing(connection):
                if not inner:
                    self._version(connection)  # a newer version may have taken the file over since
                    self._enter()
                yield connection

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        with self._explained(), self._using() as connection:
            if connection.in_transaction:
                yield connection
                return
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("COMMIT")

    # -- the file as a whole

    def faults(self) -> list[str]:
        found = [str(row[0]) for row in self.all("PRAGMA quick_check(3)")]
        return [] if found == ["ok"] else found

    def write_anew(self) -> bool:
        """Write the file without anything that was deleted, also to its log (WAL).

        False when a reader of an older state keeps the log.
        """
        with self._explained(), self._using() as connection:
            connection.execute("VACUUM")
            connection.execute(f"PRAGMA busy_timeout = {int(_PATIENCE * 1000)}")
            try:
                busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                connection.execute(f"PRAGMA busy_timeout = {int(self._wait * 1000)}")
            return not busy

    def fill(self, target: Transaction, source: Transaction) -> None:
        copy_all(self.schema, source, target)

    def copy_to(self, path: Path) -> None:
        self._between(self.path, path)

    def replace_by(self, path: Path) -> None:
        self._between(path, self.path)

    def _between(self, source: Path, target: Path) -> None:
        with (
            self._explained(target),
            closing(sqlite3.connect(source, timeout=self._wait)) as one,
            closing(sqlite3.connect(target, timeout=self._wait)) as other,
        ):
            one.backup(other)  # all pages in one step: nothing can intervene

    def close(self) -> None:
        """Close the connections of all threads; the next use opens a new one.

        Waits for what the others are at.
        """
        with self._opening:
            self._local = threading.local()
            all_held = list(self._open.values())
            self._open.clear()
        for held in all_held:
            held.close()

    # -- the tables

    def _make(self, connection: sqlite3.Connection) -> None:
        """Make the tables, or bring them to the present version, all or nothing."""
        version = self._version(connection)
        if self._is_made(connection, version):
            return
        if self._stays_open and not version:
            connection.execute("PRAGMA journal_mode = WAL")
        with _changing(connection):
            version = self._version(connection)
            if self._is_made(connection, version):
                return  # another process was faster: no step may run twice
            # A file of the present version without the tables has those of another schema.
            since = 0 if version == self.schema.version else version
            for statement in statements(self.schema.in_sqlite(since)):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {self.schema.version}")

    def _is_made(self, connection: sqlite3.Connection, version: int) -> bool:
        if version != self.schema.version:
            return False
        there = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema")}
        return there.issuperset(self.schema.tables)

    def _version(self, connection: sqlite3.Connection) -> int:
        """The file's version of the schema, 0 for a new file. Raises OtherVersion for one that this
        program does not read."""
        # In one statement: between two of them another connection may make the tables.
        version, any_there = connection.execute(
            "SELECT user_version, EXISTS (SELECT 1 FROM sqlite_schema) FROM pragma_user_version"
        ).fetchone()
        new = not version and not any_there
        if not new and not self.schema.first <= version <= self.schema.version:
            raise OtherVersion(version)
        return int(version)

    # -- connections

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, which no other thread closes meanwhile."""
        while True:
            held: _Held | None = getattr(self._local, "held", None)
            if held is None or held.closed:
                if not self._stays_open:
                    break
                held = self._keep_open()
            with held.lock:
                if not held.closed:
                    yield held.connection
                    return
        with self._alone:
            self._before()
            with closing(connect(self.path, self._wait)) as connection:
                self._enter()  # it may have gone meanwhile: who reads would find an empty one
                self._make(connection)
                self._local.held = _Held(connection)
                try:
                    yield connection
                finally:
                    self._local.held = None

    def _keep_open(self) -> "_Held":
        with self._opening:
            for thread in [thread for thread in self._open if not thread.is_alive()]:
                self._open.pop(thread).close()  # the app has a thread for each click
            connection = connect(self.path, self._wait)
            held = self._local.held = self._open[threading.current_thread()] = _Held(connection)
            return held

    @contextmanager
    def _explained(self, path: Path | None = None) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, UnicodeDecodeError, OtherVersion) as error:
            if (explained := self._explain(trouble(error), error, path or self.path)) is None:
                raise
            raise explained from error


class _Held:
    """A thread's connection. SQLite ends the process when one thread closes what another uses."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.lock = threading.RLock()
        self.closed = False

    def close(self) -> None:
        with self.lock:
            self.closed = True
            self.connection.close()


@contextmanager
def _changing(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction that may write, or a part of the one that has begun. All or nothing."""
    begin, end, undo = _INNER if connection.in_transaction else _OUTER
    connection.execute(begin)
    try:
        yield
        connection.execute(end)
    except BaseException:
        if connection.in_transaction:  # a full disk ends it
            for statement in undo:
                connection.execute(statement)
        raise


def connect(path: Path, wait: float) -> sqlite3.Connection:
    """A connection that waits so many seconds for the transaction of another process.

    Statements begin and end transactions. Any thread may close the connection; one at a time may
    use it. Raises sqlite3.Error.
    """
    connection = sqlite3.connect(path, timeout=wait, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        # No part of the file may call more than what SQLite counts as harmless.
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA secure_delete = ON")  # however SQLite was built
        connection.execute("PRAGMA synchronous = FULL")  # what was reported as written, stays
    except BaseException:
        connection.close()
        raise
    return connection


# -- What hinders the use of a file

Trouble = Literal[
    "full", "failing", "closed", "unopened", "busy",  # the file may be whole
    "other version", "damaged", "let go", "refused", "other",
]  # fmt: skip

_SIGNS: dict[str, Trouble] = {  # by a phrase of the message
    "full": "full", "no space": "full", "i/o error": "failing", "readonly": "closed",
    "read-only": "closed", "permission": "closed", "not a directory": "closed",
    "file exists": "closed", "unable to open": "unopened", "locked": "busy",
}  # fmt: skip


def trouble(error: Exception) -> Trouble:
    """What hinders: the disk or its rights; the file's version, or its bytes; "let go": another
    thread has closed it; "refused": a rule of the schema, or a mistake of
    the program; "other": the message does not say."""
    said = str(error).lower()
    match error:
        case OtherVersion():
            return "other version"
        case sqlite3.OperationalError() | OSError():
            return next((kind for sign, kind in _SIGNS.items() if sign in said), "other")
        case sqlite3.IntegrityError():
            return "refused"
        case sqlite3.ProgrammingError():
            return "let go" if "closed" in said else "refused"
        case sqlite3.DatabaseError() | UnicodeDecodeError():  # it quotes damaged bytes
            return "damaged"
    return "other"
