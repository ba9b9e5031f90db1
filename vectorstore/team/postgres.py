"""A PostgreSQL server: its address, its errors as sentences, and a schema of it as a database.

The only module that imports the driver, psycopg 3. The password is never part of an address, so
that no log, error or list of settings can show it.
"""

import os
import re
import socket
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from ingest.platform.process import is_this_machine, require
from vectorstore.database.schema import Database, Schema, Transaction, copy_all
from vectorstore.database.sqlite import SqliteDatabase
from vectorstore.errors import HomeNotWritable, LibraryAway, LibraryBusy, LibraryError

if TYPE_CHECKING:
    import psycopg


_CONNECTS = 5  # seconds after which a server counts as away
_PORT = 5432
_ROOTS = Path("~/.postgresql/root.crt")  # of the authorities that the driver believes, by itself
# So a server or network that has gone is noticed within half a minute, also in a long answer.
_ALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
          "tcp_user_timeout": 30_000}  # fmt: skip


@dataclass(frozen=True)
class Server:
    """`postgresql://user@host:port/database`, with `?sslmode=verify-full` and the like."""

    address: str
    password: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        """Empty for a socket of this machine."""
        return urlsplit(self.address).hostname or ""

    @property
    def port(self) -> int:
        return int(_option(self.address, "port") or urlsplit(self.address).port or _PORT)

    @property
    def place(self) -> str:
        """For people, without user and options: `db.example.org:5432/pincite`."""
        database = urlsplit(self.address).path.lstrip("/")
        return f"{self.host or self._folder or 'local socket'}:{self.port}/{database}"

    @property
    def _folder(self) -> str:
        """Of the socket; empty for the driver's own."""
        return _option(self.address, "host") or os.environ.get("PGHOST", "")

    def connect(self, **options: Any) -> "psycopg.Connection[Any]":
        """A connection that commits each statement; `options` are psycopg's.

        Raises LibraryAway or LibraryError.
        """
        driver = _driver()
        known = {"password": self.password} if self.password else {}
        with sentences(self):
            found: psycopg.Connection[Any] = driver.connect(
                self.address, autocommit=True, connect_timeout=_CONNECTS, **_ALIVE, **known,
                **self._resolved(), **self._encrypted(), port=self.port,
                application_name="pincite", **options,
            )  # fmt: skip
            return found

    def _encrypted(self) -> dict[str, str]:
        """Beyond this machine the server shows a certificate for its name, unless the address says
        otherwise: what PGSSLMODE says, or Kerberos offers, is no wish of who wrote the address."""
        here = not self.host or is_this_machine(self.host)
        if here or _option(self.address, "sslmode"):
            return {}
        given = _option(self.address, "sslrootcert") or _ROOTS.expanduser().exists()
        roots = {} if given else {"sslrootcert": "system"}
        return {"sslmode": "verify-full", "gssencmode": "disable", **roots}

    def version(self) -> str:
        """Of the server, such as "17.5". Raises LibraryAway or LibraryError."""
        with self.connect() as connection:
            number = connection.info.server_version
        return f"{number // 10_000}.{number % 10_000}"

    def _resolved(self) -> dict[str, str]:
        """The driver asks the system itself, where no guard of Python's sockets sees it; here the
        name is resolved by Python, as any other. An address without a name stays on this machine,
        whatever PGHOSTADDR and PGSERVICE say. Raises LibraryAway where PGHOST names a server, which
        nobody has asked the network guard about."""
        if not self.host:
            if _is_server(self._folder):
                raise LibraryAway(
                    f"The address {self.address} names no server, and PGHOST of the environment"
                    f" names {self._folder}: write the server into the address, or take PGHOST"
                    " away."
                )
            return {"host": self._folder, "hostaddr": ""}
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        first = next((one for one in found if one[0] == socket.AF_INET), found[0])
        return {"hostaddr": str(first[4][0])}


def as_sqlite(connection: "psycopg.Connection[Any]") -> "psycopg.Connection[Any]":
    """Values pass as SQLite takes them: a truth value is 1 or 0 for a column of either kind, and a
    text has no zero byte, which PostgreSQL refuses."""
    from psycopg.adapt import Dumper
    from psycopg.types.string import StrDumperUnknown

    class Truth(Dumper):
        def dump(self, obj: Any) -> bytes:
            return b"1" if obj else b"0"

    class Text(StrDumperUnknown):
        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\ufffd"))

    connection.adapters.register_dumper(bool, Truth)
    connection.adapters.register_dumper(str, Text)
    return connection


def problem(address: str) -> str:
    """Why an address is invalid, as part of a sentence; empty where it is valid."""
    form = "an address of PostgreSQL looks like postgresql://pincite@db.example.org:5432/pincite"
    try:
        parts = urlsplit(address)
        told = parts.port, parts.hostname, int(_option(address, "port") or 0)
    except ValueError:
        return form
    if parts.password or "password" in parse_qs(parts.query):
        return (
            "a password does not belong into the address: leave it out, and set"
            " PINCITE_DATABASE_PASSWORD or keep it in the keyring of the system"
        )
    options = parse_qs(parts.query)
    if any(map(_is_server, options.get("host", []))) or {"hostaddr", "service"} & options.keys():
        return (
            "the server is named after the two slashes: behind the question mark, `host` may only"
            " be the folder of a socket, as in postgresql:///pincite?host=/var/run/postgresql"
        )
    whole = parts.scheme == "postgresql" and re.fullmatch(r"/[\w-]+", parts.path) and told
    return "" if whole else form


def _option(address: str, name: str) -> str:
    """Of those behind the question mark; empty where it is not there."""
    return parse_qs(urlsplit(address).query).get(name, [""])[-1]


def _is_server(host: str) -> bool:
    """Whether an option `host` names one, rather than the folder of a socket."""
    return bool(host) and not all(part.startswith("/") for part in host.split(","))


@contextmanager
def sentences(server: Server, clashes: bool = False) -> Iterator[None]:
    """Turns errors of the server and of the driver into sentences; only with `clashes` also those
    of rows that another process has written at the same time."""
    driver = _driver()
    try:
        yield
    except driver.Error as error:
        if isinstance(error, driver.IntegrityError) and not clashes:
            raise
        raise _sentence(server, error) from error
    except socket.gaierror as error:
        raise LibraryAway(
            f"The PostgreSQL server at {server.place} is not found: check its name."
        ) from error


_FULL = (LibraryBusy, "has no connection left: raise its max_connections, or try again")
_SENTENCES: dict[str, tuple[type[LibraryError], str]] = {  # by a phrase of the message, or its code
    "password authentication failed": (
        LibraryAway, "refuses the password: set PINCITE_DATABASE_PASSWORD",
    ),
    "does not support ssl": (
        LibraryAway,
        "is on another machine and offers no TLS: set `ssl = on` there, or, in a network that only"
        " you use, write ?sslmode=disable behind the address",
    ),
    "certificate": (
        LibraryAway,
        "shows no certificate for its name that can be verified: write ?sslrootcert=FILE behind the"
        " address, with the certificate of the authority that has signed it",
    ),
    "no password supplied": (LibraryAway, "wants a password: set PINCITE_DATABASE_PASSWORD"),
    "does not exist": (LibraryAway, "lacks what the address names"),
    "too many": _FULL,
    "remaining connection slots": _FULL,  # what users other than administrators get
    "40p01": (  # deadlock
        LibraryBusy, "undid this step, because two processes waited for each other; try again",
    ),
    "23505": (  # unique violation
        LibraryBusy, "undid this step, because another process wrote the same; try again",
    ),
    "lock timeout": (LibraryBusy, "let another process write for a minute; try again later"),
    "no space left": (HomeNotWritable, "has a full disk: free some space on it"),
    "permission denied": (
        HomeNotWritable, "does not let this user write: give it the right to create schemas",
    ),
    "read-only": (HomeNotWritable, "is read-only just now"),
}  # fmt: skip


_OF_STATEMENTS = ("42703", "42883")  # no such column, no such function: no fault of the address


def _sentence(server: Server, error: Exception) -> LibraryError:
    driver = _driver()
    code = (getattr(error, "sqlstate", "") or "").lower()
    # What the server says of its rows could be words of documents.
    hidden = isinstance(error, driver.IntegrityError) or code in _OF_STATEMENTS
    said = "" if hidden else " ".join(str(error).split())
    for sign, (kind, sentence) in _SENTENCES.items():
        if sign in said.lower() or sign == code:
            why = f" ({said[:200]})" if sign == "does not exist" else ""
            return kind(f"The PostgreSQL server at {server.place} {sentence}{why}.")
    if isinstance(error, driver.OperationalError | driver.InterfaceError):
        return LibraryAway(
            f"The PostgreSQL server at {server.place} does not answer: start it, or check its"
            " address in the settings."
        )
    return LibraryError(
        f"The PostgreSQL server at {server.place} refused a statement ({type(error).__name__}, "
        f"{code.upper() or 'no code'})."
    )


def _driver() -> Any:
    require("postgres", "psycopg", to="keep libraries in PostgreSQL", error=LibraryError)
    import psycopg

    return psycopg


# -- Connections to a schema: used by one thread at a time, kept for the next one

WAIT = 60  # seconds to wait for the transaction of another process
_KEPT = 4  # connections that wait for their next use


class Connections:
    """Connections of psycopg, which commit each statement and take values as SQLite does."""

    def __init__(self, server: Server, schema: str) -> None:
        """None is opened yet."""
        self._server = server
        self._schema = schema
        self._idle: list[Any] = []
        self._lists = threading.Lock()
        self._age = 0  # how often it was closed
        weakref.finalize(self, _close_all, self._idle)  # psycopg warns of what is left open

    @contextmanager
    def one(self, begin: str = "") -> Iterator[Any]:
        """An unused connection, in a transaction that this statement begins, if it is given.
        Raises psycopg's errors, LibraryAway and LibraryError."""
        age = self._age
        connection = self._begun(begin)
        try:
            yield connection
        finally:
            self._give_back(connection, age)

    def close(self) -> None:
        """Close what is not in use now, and the rest after its use; the next use opens anew."""
        with self._lists:
            self._age += 1
            _close_all(self._idle)

    def _begun(self, begin: str) -> Any:
        """One that waits, unless a restart of the server has cut it; else a new one."""
        options = f"-c search_path={self._schema} -c lock_timeout={WAIT}s"
        with self._lists:
            waiting = self._idle.pop() if self._idle else None
        connection = waiting or as_sqlite(self._server.connect(options=options))
        try:
            if begin:
                connection.execute(begin.encode())
        except BaseException:
            cut = connection.closed
            self._give_back(connection, self._age)  # which lets the others go that were cut
            if waiting and cut:
                return self._begun(begin)
            raise
        return connection

    def _give_back(self, connection: Any, age: int) -> None:
        with self._lists:
            if connection.closed:
                _close_all(self._idle)  # of the same server, which was away
            good = not connection.closed and not connection.info.transaction_status
            if good and age == self._age and len(self._idle) < _KEPT:
                self._idle.append(connection)
                return
        connection.close()


def _close_all(connections: list[Any]) -> None:
    while connections:
        connections.pop().close()


# -- A schema of PostgreSQL as a database: statements in SQLite's notation


class Inside:
    """An open transaction: runs statements in SQLite's notation on its connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Any:
        return self._connection.execute(translated(sql), values, binary=True)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> Any:
        with self._connection.cursor() as cursor:
            cursor.executemany(translated(sql), rows)
            return cursor

    def run(self, script: str) -> None:
        """Run a script: several statements without values, separated by semicolons."""
        self._connection.execute(script)

    def make(self, schema: Schema, since: int = 0) -> None:
        """The tables in the present version, where those of a version are; 0: there are none."""
        known = {row[0] for row in self.execute("SELECT collname FROM pg_collation")}
        collation = next((one for one in _COLLATIONS if one in known), "default")
        self.run(schema.in_postgres(f'"{collation}"', since))


# They know letters of all alphabets, however the database was made.
_COLLATIONS = ("und-x-icu", "pg_c_utf8", "C.utf8", "en_US.utf8")
_READS = ("SELECT", "WITH")
_PATIENCE = 5  # seconds to wait for readers
_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

# To end and to undo a transaction, and one inside of another.
_OUTER = "COMMIT", ("ROLLBACK",)
_INNER = "RELEASE part", ("ROLLBACK TO part", "RELEASE part")


class PostgresDatabase(Database):
    """Reads go on while others write. What a restart of the server interrupts is run again, where
    it only reads."""

    def __init__(
        self, server: Server, namespace: str, schema: Schema, connections: Connections | None = None
    ) -> None:
        """`namespace`: what PostgreSQL calls a schema; it has the tables."""
        super().__init__(schema)
        self.server = server
        self.namespace = namespace
        self._connections = connections or Connections(server, namespace)

    # -- what each kind of tables has of its own

    def _enter(self, connection: Inside) -> None:
        """Called in each transaction that may write, before anything is read. Raises what speaks
        against it."""

    def _check_there(self, connection: Inside) -> None:
        """Raises what speaks against using the tables."""

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Errors of the server as sentences."""
        with sentences(self.server):
            yield

    def _file(self, path: Path) -> SqliteDatabase:
        """An SQLite file of the same tables."""
        return SqliteDatabase(path, self.schema)

    # -- transactions

    def all(self, sql: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        inside = getattr(self._local, "inside", None) is not None
        with self._explained():
            for last in (inside, True):
                with self._using() as connection:
                    try:
                        done = connection.execute(translated(sql), values, binary=True)
                        return done.fetchall() if done.description else []
                    except Exception:
                        if last or not connection.broken or not sql.lstrip().startswith(_READS):
                            raise
        raise AssertionError("the second attempt ends it")

    def note(self, sql: str, *values: object) -> None:
        with self.plain_transaction() as connection:
            self._check_there(connection)
            connection.execute("SET LOCAL synchronous_commit = off")
            connection.execute(sql, values)

    @contextmanager
    def transaction(self) -> Iterator[Inside]:
        inner = getattr(self._local, "inside", None) is not None
        with self.plain_transaction() as connection:
            if not inner:
                self._enter(connection)
            yield connection

    @contextmanager
    def read(self) -> Iterator[Inside]:
        with self.plain_transaction(_SNAPSHOT) as connection:
            yield connection

    @contextmanager
    def plain_transaction(self, begin: str = "BEGIN") -> Iterator[Inside]:
        """All or nothing, whether the tables are there or not."""
        inner = getattr(self._local, "inside", None) is not None
        end, undo = _INNER if inner else _OUTER
        with self._explained(), self._using("SAVEPOINT part" if inner else begin) as connection:
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

    # -- the tables as a whole

    def faults(self) -> list[str]:
        failures = self.one(
            "SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database()"
        )
        return [f"{failures[0]} blocks of PostgreSQL"] if failures and failures[0] else []

    def write_anew(self) -> bool:
        """Write the tables without anything that was deleted. The server's log of changes, and
        copies of it, keep that as long as its administrator wants.

        False when others read them.
        """
        with self._explained(), self._using() as connection:
            connection.execute(f"SET lock_timeout = '{_PATIENCE}s'")
            try:
                with sentences(self.server):
                    connection.execute(f"VACUUM (FULL) {self.named()}")
            except LibraryBusy:
                return False
            finally:
                connection.execute(f"SET lock_timeout = '{WAIT}s'")
        return True

    def named(self) -> str:
        """All tables with the namespace, for a statement."""
        tables = (*self.schema.tables, *self.schema.postgres_tables)
        return ", ".join(f"{self.namespace}.{table}" for table in tables)

    def fill(self, target: Transaction, source: Transaction) -> None:
        """New rows get numbers after those that come in."""
        copy_all(self.schema, source, target)
        for table, columns in self.schema.tables.items():
            if columns.numbered:
                (column,) = columns.key
                target.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'),"
                    f" (SELECT coalesce(max({column}), 0) + 1 FROM {table}), FALSE)"
                )

    def copy_to(self, path: Path) -> None:
        file = self._file(path)
        with closing(file), self.read() as source, file.transaction() as target:
            file.fill(target, source)

    def replace_by(self, path: Path) -> None:
        file = self._file(path)
        with closing(file), file.read() as source, self.transaction() as target:
            self.fill(target, source)

    def close(self) -> None:
        """Close what is not in use now, and the rest after its use; the next use opens anew."""
        self._connections.close()

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


@lru_cache(1000)
def translated(sql: str) -> str:
    """A statement in the notation of the driver: `%s` for `?`."""
    return sql.replace("%", "%%").replace("?", "%s")
