"""A schema of PostgreSQL as the database of one catalogue.

Writers take turns by an advisory lock of the library, which ends with the transaction, and so with
a process that dies.
"""

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from vectorstore.catalog import rows
from vectorstore.catalog.engine import Engine, Transaction
from vectorstore.catalog.sqlite import (
    CATALOG,
    FIRST,
    MOVED,
    SCHEMA_VERSION,
    Database,
    unreleased,
)
from vectorstore.errors import LibraryBusy, LibraryError
from vectorstore.team.copying import BESIDE, TABLES, copy_all, copy_table, number_on
from vectorstore.team.postgres import WAIT, Connections, Inside, Server, sentences, translated

# -- BM25 over an index of words in PostgreSQL, with the constants and the idf of SQLite's FTS5
# PostgreSQL's own ranks know no rare words: `ts_rank_cd` over the same words has an nDCG@10 far
# below, see benchmarks/results/word_engines.md. https://sqlite.org/fts5.html#the_bm25_function

_QUOTED = re.compile(r'"([^"]*)"')
_KINDS = {"chunk_words": "p", "card_words": "c"}
_K1, _B = 1.2, 0.75
_KNOWN = 20_000  # phrases whose stems are kept in memory

# A phrase has the frequency 1 where it stands.
_PHRASE = (
    " UNION ALL SELECT ?, rowid, 1, length FROM {table} WHERE rowid IN (SELECT rowid FROM posting"
    " WHERE kind = '{kind}' AND term = ANY(?) GROUP BY rowid HAVING count(*) = ?)"
    " AND terms @@ CAST(? AS tsquery)"
)
_HITS = (
    "WITH hit AS MATERIALIZED (SELECT term, rowid, times, length FROM posting"
    " WHERE kind = '{kind}' AND term = ANY(?){phrases}),"
    # In float8: PostgreSQL would count in decimals, which takes three times as long.
    # Others may add between the two statements: then there are more hits than rows were counted.
    " rare AS (SELECT term, greatest(ln((greatest({n} - n, 0) + .5) / (n + .5)), 1e-6) AS idf"
    " FROM (SELECT term, count(*)::float8 AS n FROM hit GROUP BY term) AS frequent),"
    " scored AS (SELECT hit.rowid, sum(idf * times * {k1p} / (times + {k1} * (1 - {b} + {b}"
    " * length::float8 / {mean}))) AS score FROM hit JOIN rare USING (term){where}"
    " GROUP BY hit.rowid ORDER BY score DESC, hit.rowid{limit}) "
)


class Bm25:
    """The `Words` of PostgreSQL."""

    def __init__(self, database: Engine) -> None:
        self._database = database
        self._sizes: dict[str, tuple[int, float]] = {}
        self._of = ""  # the generation that they are of
        self._stems = lru_cache(_KNOWN)(self._stemmed)

    def passages(
        self, match: str, k: int, hidden: bool, documents: Collection[str] | None
    ) -> list[tuple[str, float]]:
        """See `Words`."""
        only, among = [], []
        if not hidden:
            only.append("hit.rowid NOT IN (SELECT rowid FROM chunk WHERE hidden)")
        if documents is not None:
            only.append(
                "hit.rowid IN (SELECT chunk.rowid FROM chunk JOIN document"
                f" ON document.id = document_id WHERE name {rows.AMONG})"
            )
            among = [rows.listed(documents)]
        where = f" WHERE {' AND '.join(only)}" if only else ""
        sql, values = self._scored("chunk_words", match, where, " LIMIT ?")
        found = self._database.all(
            f"{sql}SELECT id, CAST(score AS float8) FROM scored JOIN chunk USING (rowid)"
            " ORDER BY score DESC, rowid",
            *values, *among, k,
        )  # fmt: skip
        return [(row[0], row[1]) for row in found]

    def cards(self, match: str) -> list[tuple[str, float]]:
        """See `Words`."""
        sql, values = self._scored("card_words", match)
        found = self._database.all(
            f"{sql}SELECT name, CAST(score AS float8) FROM scored"
            " JOIN document ON document.id = scored.rowid",
            *values,
        )
        return [(row[0], row[1]) for row in found]

    def has(self, rowid: int, match: str) -> bool:
        """See `Words`."""
        has = (
            "SELECT 1 FROM chunk_words, unnest(CAST(? AS tsquery[])) AS asked"
            " WHERE rowid = ? AND terms @@ asked LIMIT 1"
        )
        asked = [self._stems(phrase)[1] for phrase in _QUOTED.findall(match)]
        return bool(self._database.one(has, [one for one in asked if one], rowid))

    def count(self, match: str) -> int:
        """See `Words`."""
        sql, values = self._hits("chunk_words", match)
        row = self._database.one(f"SELECT count(DISTINCT rowid) FROM ({sql}) AS hit", *values)
        return int(row[0]) if row else 0

    def _scored(
        self, table: str, match: str, where: str = "", limit: str = ""
    ) -> tuple[str, list[object]]:
        terms, phrases = self._parsed(match)
        count, mean = self._size(table)
        more = _PHRASE.format(table=table, kind=_KINDS[table]) * len(phrases)
        sql = _HITS.format(
            kind=_KINDS[table], phrases=more, k1=_K1, b=_B, k1p=_K1 + 1, n=count, mean=mean,
            where=where, limit=limit,
        )  # fmt: skip
        return sql, [terms, *_values(phrases)]

    def _size(self, table: str) -> tuple[int, float]:
        """The number of its rows, and their mean number of words; asked once a generation."""
        ((generation,),) = self._database.all("SELECT value FROM meta WHERE key = 'generation'")
        if generation != self._of:
            self._of, self._sizes = generation, {}
        if table not in self._sizes:
            sql = f"SELECT count(*), CAST(greatest(avg(length), 1) AS float8) FROM {table}"
            ((count, mean),) = self._database.all(sql)
            self._sizes[table] = count, mean
        return self._sizes[table]

    def _hits(self, table: str, match: str) -> tuple[str, list[object]]:
        terms, phrases = self._parsed(match)
        single = (
            "SELECT term, rowid, times, length FROM posting"
            f" WHERE kind = '{_KINDS[table]}' AND term = ANY(?)"
        )
        return single + _PHRASE.format(table=table, kind=_KINDS[table]) * len(phrases), [
            terms,
            *_values(phrases),
        ]

    def _parsed(self, match: str) -> tuple[list[str], list[tuple[list[str], str]]]:
        """Single words, and phrases with the query that finds them."""
        found = dict.fromkeys(self._stems(phrase) for phrase in _QUOTED.findall(match))
        singles = dict.fromkeys(stems[0] for stems, query in found if len(stems) == 1)
        return [*singles], [(list(stems), query) for stems, query in found if len(stems) > 1]

    def _stemmed(self, phrase: str) -> tuple[tuple[str, ...], str]:
        """Its different stems, and the query for them in their order."""
        row = self._database.one(
            "SELECT tsvector_to_array(to_tsvector('words', plain(?))),"
            " CAST(phraseto_tsquery('words', plain(?)) AS text)",
            phrase, phrase,
        )  # fmt: skip
        return (tuple(row[0]), str(row[1])) if row else ((), "")


def _values(phrases: Sequence[tuple[list[str], str]]) -> list[object]:
    return [value for stems, query in phrases for value in (query, stems, len(stems), query)]


# -- The tables of a catalogue in PostgreSQL: made anew, or brought to the present version

_COLLATIONS = ("und-x-icu", "pg_c_utf8", "C.utf8", "en_US.utf8")


def _script(name: str) -> str:
    return Path(__file__).with_name(f"{name}.sql").read_text("utf-8")


_CATALOG = replace(CATALOG, postgres=_script("postgres"))


def make_tables(connection: Inside) -> None:
    """In an empty schema."""
    connection.run(_CATALOG.in_postgres(collation(connection)))


def upgrade_tables(connection: Inside, version: int) -> None:
    """From this version to the present one: `schema_N.sql` leads to version N."""
    for step in range(version + 1, SCHEMA_VERSION + 1):
        connection.run(_script(f"schema_{step}"))


def collation(connection: Transaction) -> str:
    """One that knows letters of all alphabets, however the database was made."""
    known = {row[0] for row in connection.execute("SELECT collname FROM pg_collation")}
    return f'"{next((one for one in _COLLATIONS if one in known), "default")}"'


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
        for table, columns in TABLES.items():
            if columns.numbered:
                number_on(connection, self.schema, table, columns)

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
            make_tables(connection)
            self._say_version(connection, SCHEMA_VERSION)

    def _upgrade(self, version: int) -> None:
        """All steps or none; programs of before hear that the schema is a newer one."""
        if version == SCHEMA_VERSION:
            return
        with self._plain_transaction() as connection:
            self._take_turn(connection)
            upgrade_tables(connection, self._check_version(connection))
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
