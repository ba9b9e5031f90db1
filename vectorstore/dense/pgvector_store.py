"""Vectors in PostgreSQL by its extension pgvector, which several processes may read.

A schema for each library holds a table of vectors with an HNSW index, and a row that says what the
table holds. HNSW as in Chroma: https://github.com/pgvector/pgvector#hnsw
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from vectorstore.errors import LibraryAway, LibraryError
from vectorstore.postgres.server import Server, sentences
from vectorstore.store import Vectors

_BATCH = 1000  # rows of a statement
_INDEXED = 2000  # dimensions up to which pgvector has an index; more are compared one by one
_NEAR = 400, 1000  # candidates that the index looks at, as with Chroma, and the most it can


class PgvectorStore:
    """Says itself what it holds: whoever reads it need not have written it.

    Not for two threads at once. Each statement commits. Raises LibraryError.
    """

    def __init__(self, server: Server, schema: str) -> None:
        """Makes the schema where there is none. Raises LibraryAway and LibraryError."""
        self._server, self._schema = server, schema
        self._connection = server.connect()
        try:
            with sentences(server):
                self._make()
        except BaseException:
            self._connection.close()
            raise

    @classmethod
    def at(cls, server: Server, name: str) -> Self:
        """The store of that name, as `ChromaServer.at`."""
        return cls(server, name.replace("-", "_"))

    def add(self, ids: Sequence[str], vectors: Vectors) -> None:
        if not len(ids):
            return
        self._fit(vectors.shape[1])
        for start in range(0, len(ids), _BATCH):
            part = slice(start, start + _BATCH)
            rows = [_written(vector) for vector in np.asarray(vectors[part], np.float32)]
            self._run(
                "INSERT INTO {0}.passage SELECT * FROM unnest(%s::text[], %s::public.vector[])"
                " ON CONFLICT (id) DO UPDATE SET vector = excluded.vector",
                list(ids[part]), rows,
            )  # fmt: skip

    def remove(self, ids: Sequence[str]) -> None:
        if ids:
            self._run("DELETE FROM {0}.passage WHERE id = ANY(%s)", list(ids))

    def ids(self) -> set[str]:
        return {row[0] for row in self._run("SELECT id FROM {0}.passage")}

    def count(self) -> int:
        return int(self._run("SELECT count(*) FROM {0}.passage")[0][0])

    def nearest(self, vector: Vectors, k: int) -> list[tuple[str, float]]:
        if k < 1 or self._dimensions() != len(vector):
            return []
        found = self._run(
            "SELECT id, 1 - (vector OPERATOR(public.<=>) %s::public.vector) FROM {0}.passage"
            " ORDER BY vector OPERATOR(public.<=>) %s::public.vector LIMIT %s",
            *[_written(np.asarray(vector, np.float32))] * 2, k,
        )  # fmt: skip
        return [(id, float(cosine)) for id, cosine in found]

    def holds(self) -> tuple[int, str]:
        """The generation of the catalogue and the maker of the vectors; -1 while it is filled."""
        ((generation, maker),) = self._run("SELECT generation, made_by FROM {0}.state")
        return int(generation), str(maker)

    def say(self, generation: int, maker: str) -> None:
        """What `holds` returns from now on, to all."""
        self._run("UPDATE {0}.state SET generation = %s, made_by = %s", generation, maker)

    def delete(self) -> None:
        """With all that is in it; it cannot be used any more."""
        self._run("DROP SCHEMA {0} CASCADE")

    def close(self) -> None:
        self._connection.close()

    def _make(self) -> None:
        there = "SELECT to_regclass(%s) IS NOT NULL"
        if self._connection.execute(there, (f"{self._schema}.state",)).fetchall()[0][0]:
            self._tune()
            return
        with self._connection.transaction():  # two that begin at once: one waits
            self._connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (self._schema,))
            _extend(self._connection, self._server)
            for statement in (
                "CREATE SCHEMA IF NOT EXISTS {0}",
                "CREATE TABLE IF NOT EXISTS {0}.state"
                " (generation BIGINT NOT NULL, made_by TEXT NOT NULL)",
                "INSERT INTO {0}.state SELECT -1, '' WHERE NOT EXISTS (SELECT 1 FROM {0}.state)",
                _TABLE.format("{0}", 1),
            ):
                self._connection.execute(statement.format(self._schema).encode())
        self._tune()

    def _tune(self) -> None:
        # Loads the extension's library, which knows the setting.
        self._connection.execute("SELECT '[1]'::public.vector")
        near, most = _NEAR
        self._connection.execute(f"SET hnsw.ef_search = {near}".encode())
        self._connection.execute(f"SET hnsw.max_scan_tuples = {most * 100}".encode())
        self._connection.execute(b"SET hnsw.iterative_scan = strict_order")

    def _dimensions(self) -> int:
        ((length,),) = self._run(
            "SELECT atttypmod FROM pg_attribute WHERE attrelid = %s::regclass"
            " AND attname = 'vector'",
            f"{self._schema}.passage",
        )
        return int(length)

    def _fit(self, dimensions: int) -> None:
        """A table has vectors of one length; those of another model are gone when new ones come."""
        if self._dimensions() == dimensions:
            return
        if self.count():
            raise LibraryError("Vectors of two models cannot be in one table of pgvector.")
        with sentences(self._server), self._connection.transaction():
            self._connection.execute(f"DROP TABLE {self._schema}.passage".encode())
            self._connection.execute(_TABLE.format(self._schema, dimensions).encode())
            if dimensions <= _INDEXED:
                self._connection.execute(_INDEX.format(self._schema).encode())

    def _run(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with sentences(self._server):
            done = self._connection.execute(sql.format(self._schema).encode(), values)
            return done.fetchall() if done.description else []


_TABLE = (
    "CREATE TABLE IF NOT EXISTS {0}.passage"
    ' (id TEXT COLLATE "C" PRIMARY KEY, vector public.vector({1}) NOT NULL)'
)
_INDEX = (
    "CREATE INDEX ON {0}.passage USING hnsw (vector public.vector_cosine_ops)"
    " WITH (m = 16, ef_construction = 200)"
)


def _extend(connection: Any, server: Server) -> None:
    there = "SELECT 1 FROM pg_extension WHERE extname = 'vector'"
    if connection.execute(there).fetchone():
        return
    try:
        connection.execute("CREATE EXTENSION vector SCHEMA public")
    except Exception as error:  # of the driver; it is not known here by its types
        raise LibraryAway(
            f"The database {server.place} has no pgvector: its administrator installs the package, "
            "such as postgresql-17-pgvector, and runs CREATE EXTENSION vector in it."
        ) from error


def _written(vector: Vectors) -> str:
    return "[" + ",".join(map(repr, vector.tolist())) + "]"
