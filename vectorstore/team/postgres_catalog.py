"""The catalogue of one library in a schema of PostgreSQL.

Writers take turns by an advisory lock of the library, which ends with the transaction, and so with
a process that dies.
"""

import hashlib
import re
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

from vectorstore.catalog import rows
from vectorstore.catalog.catalog import CATALOG, MOVED, CatalogFile, other_version
from vectorstore.database.schema import Database, Transaction
from vectorstore.errors import LibraryError
from vectorstore.team.postgres import Inside, PostgresDatabase, Server, sentences

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
    "SELECT term, rowid, times, length FROM posting"
    " WHERE kind = '{kind}' AND term = ANY(?){phrases}"
)
_SCORED = (
    "WITH hit AS MATERIALIZED ({hits}),"
    # In float8: PostgreSQL would count in decimals, which takes three times as long.
    # Others may add between the two statements: then there are more hits than rows were counted.
    " rare AS (SELECT term, greatest(ln((greatest({n} - n, 0) + .5) / (n + .5)), 1e-6) AS idf"
    " FROM (SELECT term, count(*)::float8 AS n FROM hit GROUP BY term) AS frequent),"
    " scored AS (SELECT hit.rowid, sum(idf * times * {k1p} / (times + {k1} * (1 - {b} + {b}"
    " * length::float8 / {mean}))) AS score FROM hit JOIN rare USING (term){where}"
    " GROUP BY hit.rowid ORDER BY score DESC, hit.rowid{limit}) "
)


class Bm25:
    """The `Words` of PostgreSQL: BM25 over its index of words, with the constants of FTS5."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sizes: dict[str, tuple[int, float]] = {}
        self._of = ""  # the generation that they are of
        self._stems = lru_cache(_KNOWN)(self._stemmed)

    def passages(
        self, match: str, k: int, hidden: bool, documents: Collection[str] | None
    ) -> list[tuple[str, float]]:
        only, among = [], []
        if not hidden:
            only.append("hit.rowid NOT IN (SELECT rowid FROM chunk WHERE hidden = 1)")
        if documents is not None:
            only.append(
                "hit.rowid IN (SELECT chunk.rowid FROM chunk JOIN document"
                f" ON document.id = document_id WHERE name {rows.AMONG})"
            )
            among = [rows.listed(documents)]
        where = f" WHERE {' AND '.join(only)}" if only else ""
        sql, values = self._scored("chunk_words", match, where, " LIMIT ?")
        return self._database.all(
            f"{sql}SELECT id, CAST(score AS float8) FROM scored JOIN chunk USING (rowid)"
            " ORDER BY score DESC, rowid",
            *values, *among, k,
        )  # fmt: skip

    def cards(self, match: str) -> list[tuple[str, float]]:
        sql, values = self._scored("card_words", match)
        return self._database.all(
            f"{sql}SELECT name, CAST(score AS float8) FROM scored"
            " JOIN document ON document.id = scored.rowid",
            *values,
        )

    def has(self, rowid: int, match: str) -> bool:
        has = (
            "SELECT 1 FROM chunk_words, unnest(CAST(? AS tsquery[])) AS asked"
            " WHERE rowid = ? AND terms @@ asked LIMIT 1"
        )
        asked = [self._stems(phrase)[1] for phrase in _QUOTED.findall(match)]
        return bool(self._database.one(has, [one for one in asked if one], rowid))

    def count(self, match: str) -> int:
        sql, values = self._hits("chunk_words", match)
        return int(
            self._database.value(f"SELECT count(DISTINCT rowid) FROM ({sql}) AS hit", *values)
        )

    def merge(self) -> None:
        """A deleted passage takes its words with it."""

    def _scored(
        self, table: str, match: str, where: str = "", limit: str = ""
    ) -> tuple[str, list[object]]:
        hits, values = self._hits(table, match)
        count, mean = self._size(table)
        sql = _SCORED.format(
            hits=hits, k1=_K1, b=_B, k1p=_K1 + 1, n=count, mean=mean, where=where, limit=limit
        )
        return sql, values

    def _size(self, table: str) -> tuple[int, float]:
        """The number of its rows, and their mean number of words; read once a generation."""
        generation = self._database.value("SELECT value FROM meta WHERE key = 'generation'")
        if generation != self._of:
            self._of, self._sizes = generation, {}
        if table not in self._sizes:
            sql = f"SELECT count(*), CAST(greatest(avg(length), 1) AS float8) FROM {table}"
            ((count, mean),) = self._database.all(sql)
            self._sizes[table] = count, mean
        return self._sizes[table]

    def _hits(self, table: str, match: str) -> tuple[str, list[object]]:
        terms, phrases = self._parsed(match)
        kind = _KINDS[table]
        more = _PHRASE.format(table=table, kind=kind) * len(phrases)
        values = [one for stems, query in phrases for one in (query, stems, len(stems), query)]
        return _HITS.format(kind=kind, phrases=more), [terms, *values]

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


# -- The tables of a catalogue in PostgreSQL: made anew, or brought to the present version


class PostgresCatalog(PostgresDatabase):
    """Raises LibraryAway, LibraryBusy, HomeNotWritable or LibraryError."""

    def __init__(self, server: Server, namespace: str, make: bool = False) -> None:
        """The schema has to be there, unless it is to be made: a library that is not where it
        should be is no empty one."""
        super().__init__(server, namespace, CATALOG)
        if not make:
            self._upgrade()
            return
        with self.plain_transaction() as connection:
            connection.run(f"CREATE SCHEMA {self.namespace}")
            connection.make(self.schema)
            self._say_version(connection, self.schema.version)

    def _enter(self, connection: Inside) -> None:
        digest = hashlib.sha256(self.namespace.encode()).digest()
        number = int.from_bytes(digest[:8], "big") >> 1  # of the lock of a library: 63 bits
        connection.execute("SELECT pg_advisory_xact_lock(?)", (number,))
        self._check_there(connection)

    def _file(self, path: Path) -> CatalogFile:
        return CatalogFile(path)

    @staticmethod
    def drop(server: Server, namespace: str) -> None:
        """Delete it with all that is in it, if it is there. Raises LibraryError."""
        with sentences(server), server.connect() as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {namespace} CASCADE".encode())

    def _upgrade(self) -> None:
        """All steps or none; programs of before hear that the schema is a newer one."""
        with self.plain_transaction() as connection:
            if not (version := self._version(connection)):
                raise LibraryError(
                    f"The database {self.server.place} has no schema {self.namespace}: the setting"
                    " `catalogue` names another database than before, or a backup of it has to be"
                    " restored. Nothing was changed."
                )
            self._check_there(connection)
        if version == self.schema.version:
            return
        with self.transaction() as connection:
            connection.make(self.schema, self._version(connection))
            self._say_version(connection, self.schema.version)

    def say_moved(self, connection: Transaction) -> None:
        """Nobody writes any more, once this is committed: the catalogue is in SQLite then."""
        self._say_version(connection, MOVED)

    def _say_version(self, connection: Transaction, version: int) -> None:
        connection.execute(f"COMMENT ON SCHEMA {self.namespace} IS '{version}'")

    def _version(self, connection: Transaction) -> int:
        """That of the schema; 0 where there is none. Raises LibraryError for one that this version
        does not read."""
        (said,) = connection.execute(
            "SELECT obj_description(to_regnamespace(?)::oid, 'pg_namespace')", (self.namespace,)
        ).fetchone()
        version = int(said or 0)
        if version not in (0, MOVED, *range(self.schema.first, self.schema.version + 1)):
            raise other_version(f"The library in {self.server.place}", version)
        return version

    def _check_there(self, connection: Inside) -> None:
        if self._version(connection) in (0, MOVED):
            raise LibraryError(
                f"The catalogue in {self.server.place} was moved to SQLite, or deleted, meanwhile:"
                " start again."
            )
