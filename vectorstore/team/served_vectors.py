"""Vectors in PostgreSQL by its extension pgvector, which several processes may read.

A schema for each library holds a table of vectors with an HNSW index, and a row that says what the
table holds. HNSW as in Chroma: https://github.com/pgvector/pgvector#hnsw
"""

import hashlib
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from vectorstore.catalog.catalog import Catalog
from vectorstore.dense import DenseIndex, Progress, fill
from vectorstore.errors import LibraryAway, LibraryError
from vectorstore.store import Vectors
from vectorstore.team.postgres import Server, sentences

_BATCH = 1000  # rows of a statement
_INDEXED = 2000  # dimensions up to which pgvector has an index; more are compared one by one
# 400 candidates, as with Chroma, and 1000 at most where some of them are gone.
_SEARCHES = (
    "-c hnsw.ef_search=400 -c hnsw.max_scan_tuples=100000 -c hnsw.iterative_scan=strict_order"
)


class PgvectorStore:
    """Says itself what it holds: whoever reads it need not have written it.

    Not for two threads at once. Each statement commits. Raises LibraryError.
    """

    def __init__(self, server: Server, schema: str) -> None:
        """Makes the schema where there is none. Raises LibraryAway and LibraryError."""
        self._server, self._schema = server, schema
        self._connection = server.connect(options=f"-c search_path={schema},public {_SEARCHES}")
        try:
            with sentences(server):
                self._make()
        except BaseException:
            self._connection.close()
            raise

    def add(self, ids: Sequence[str], vectors: Vectors) -> None:
        if not len(ids):
            return
        self._fit(vectors.shape[1])
        for start in range(0, len(ids), _BATCH):
            part = slice(start, start + _BATCH)
            rows = [_written(vector) for vector in np.asarray(vectors[part], np.float32)]
            self._run(
                "INSERT INTO passage SELECT * FROM unnest(%s::text[], %s::vector[])"
                " ON CONFLICT (id) DO UPDATE SET vector = excluded.vector",
                list(ids[part]), rows,
            )  # fmt: skip

    def remove(self, ids: Sequence[str]) -> None:
        if ids:
            self._run("DELETE FROM passage WHERE id = ANY(%s)", list(ids))

    def ids(self) -> set[str]:
        return {row[0] for row in self._run("SELECT id FROM passage")}

    def count(self) -> int:
        return int(self._run("SELECT count(*) FROM passage")[0][0])

    def nearest(self, vector: Vectors, k: int) -> list[tuple[str, float]]:
        if k < 1 or self._dimensions() != len(vector):
            return []
        asked = _written(np.asarray(vector, np.float32))
        nearest = "SELECT id, 1 - (vector <=> %s) FROM passage ORDER BY vector <=> %s LIMIT %s"
        return [(id, float(cosine)) for id, cosine in self._run(nearest, asked, asked, k)]

    def holds(self) -> tuple[int, str]:
        """The generation of the catalogue and the maker of the vectors; -1 while it is filled."""
        ((generation, maker),) = self._run("SELECT generation, made_by FROM state")
        return int(generation), str(maker)

    def say(self, generation: int, maker: str) -> None:
        """What `holds` returns from now on, to all."""
        self._run("UPDATE state SET generation = %s, made_by = %s", generation, maker)

    def delete(self) -> None:
        """With all that is in it; it cannot be used any more."""
        self._run(f"DROP SCHEMA {self._schema} CASCADE")

    def close(self) -> None:
        self._connection.close()

    def _make(self) -> None:
        there = "SELECT to_regclass(%s) IS NOT NULL"
        if self._connection.execute(there, (f"{self._schema}.state",)).fetchall()[0][0]:
            return
        with self._connection.transaction():  # two that begin at once: one waits
            self._connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (self._schema,))
            _extend(self._connection, self._server)
            for statement in (
                f"CREATE SCHEMA IF NOT EXISTS {self._schema}",
                f"CREATE TABLE IF NOT EXISTS {self._schema}.state"
                " (generation BIGINT NOT NULL, made_by TEXT NOT NULL)",
                "INSERT INTO state SELECT -1, '' WHERE NOT EXISTS (SELECT 1 FROM state)",
                _TABLE.format(self._schema, 1),
            ):
                self._connection.execute(statement.encode())

    def _dimensions(self) -> int:
        length = "SELECT atttypmod FROM pg_attribute WHERE attname = 'vector' AND attrelid = "
        return int(self._run(f"{length}'{self._schema}.passage'::regclass")[0][0])

    def _fit(self, dimensions: int) -> None:
        """A table has vectors of one length; those of another model are gone when new ones come."""
        if self._dimensions() == dimensions:
            return
        if self.count():
            raise LibraryError("Vectors of two models cannot be in one table of pgvector.")
        with sentences(self._server), self._connection.transaction():
            self._connection.execute("DROP TABLE passage")
            self._connection.execute(_TABLE.format(self._schema, dimensions).encode())
            if dimensions <= _INDEXED:
                self._connection.execute(_INDEX)

    def _run(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with sentences(self._server):
            done = self._connection.execute(sql.encode(), values)
            return done.fetchall() if done.description else []


_TABLE = (
    "CREATE TABLE IF NOT EXISTS {0}.passage"
    ' (id TEXT COLLATE "C" PRIMARY KEY, vector vector({1}) NOT NULL)'
)
_INDEX = (
    "CREATE INDEX ON passage USING hnsw (vector vector_cosine_ops)"
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


# -- Finds the nearest passages by pgvector, and exactly while the server is away or behind

_PAUSE = 10.0  # seconds between two attempts to reach a server that was away

log = logging.getLogger(__name__)


class ServedIndex(DenseIndex):
    """A cache of the catalogue's vectors that all processes of a home read, and one fills at a
    time. The store says which generation it holds; a writer that is killed leaves it without
    one, and the next one completes it.
    """

    remedy = "Try again once it is there; searches work meanwhile."

    def __init__(self, catalog: Catalog, folder: Path, server: Server) -> None:
        """`folder` would hold an embedded Chroma, and names the library for the server."""
        super().__init__(catalog, folder)
        self._server = server
        self._store: PgvectorStore | None = None
        self._again = 0.0  # when a server that was away is tried again

    def current(self, generation: int) -> PgvectorStore | None:
        """The store, when it holds exactly this generation of the catalogue."""
        with self._guard:
            store = self._reached()
            if store and self._held != generation:
                # A table that was emptied by hand says so by the number of its vectors.
                right = store.holds() == (generation, self._catalog.made())
                counts = right and store.count() == self._catalog.passages.count()
                self._held = generation if counts else -1
            return store if self._held == generation else None

    def _ask(self, generation: int, vector: Vectors, k: int) -> list[tuple[str, float]] | None:
        if not self._guard.acquire(timeout=0 if self._busy else 1.0):
            return None
        try:
            store = self.current(generation)
            found = store.nearest(vector, k) if store else None
        except Exception as error:  # of the network, of the driver
            self._lost(error)
            return None
        finally:
            self._guard.release()
        # Another process may have begun to fill in what was added meanwhile.
        return found if self._catalog.generation() == generation else None

    def sync(self, progress: Progress = lambda done, total: None) -> bool:
        """Update the server from the catalogue; False while another process does, or while it is
        away: `why` says which."""
        generation = self._catalog.generation()
        with self._reaching():
            return self.current(generation) is not None or self._filled(generation, progress)
        return False

    def clear(self) -> bool:
        """Have the next `sync` fill the store again; False as with `sync`."""
        with self._reaching():
            if self._locked() and (store := self._reached()):
                store.delete()
                self._let_go()
                return True
        return False

    def forget(self) -> bool:
        """Fill the store again; False as with `sync`."""
        return self.clear() and self.sync()

    def leave(self) -> None:
        """Delete the store: before the folder is moved, or deleted for good."""
        self.clear()

    def ids(self) -> set[str]:
        """The ids on the server; empty while it is away."""
        with self._reaching():
            store = self._reached()
            return store.ids() if store else set()
        return set()

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """No other thread uses the server. Its errors are noted, and end the block."""
        with self._guard:
            try:
                yield
            except Exception as error:  # of the network, of the driver
                self._lost(error)
            finally:
                self._busy = False
                self._lock.release(force=True)

    def _filled(self, generation: int, progress: Progress) -> bool:
        store = self._reached()
        if store is None or not self._locked():
            return False
        self._busy = True
        maker, (_, before) = self._catalog.made(), store.holds()
        store.say(-1, before)
        fill(store, self._catalog, before != maker, progress)
        store.say(generation, maker)
        self._held = generation
        return True

    def _locked(self) -> bool:
        """Whether this process alone writes now; `why` says why not."""
        if self._own():
            return True
        self.why = "being filled by another process"
        return False

    def _reached(self) -> PgvectorStore | None:
        if self._store is None and time.monotonic() >= self._again:
            try:
                self._store = PgvectorStore(self._server, self._schema())
            except Exception as error:
                self._lost(error)
        return self._store

    def _lost(self, error: Exception) -> None:
        self._again = time.monotonic() + _PAUSE
        self.why = f"away: the PostgreSQL server at {self._server.place} does not answer"
        if self._guard.acquire(timeout=0):  # whoever fills it just now finds out alone
            self._let_go()
            self._guard.release()
        log.warning(
            "The PostgreSQL server at %s does not answer as it should (%s); all vectors are"
            " compared instead, which is slower in large libraries.", self._server.place, error,
        )  # fmt: skip

    def _let_go(self) -> None:
        store, self._store, self._held = self._store, None, -1
        if store is not None:
            with suppress(Exception):  # it may be gone
                store.close()

    def _schema(self) -> str:
        """Of this library in this folder, because a copy has its identity."""
        place = f"{self._catalog.identity()} {self._folder.resolve()}"
        return f"pincite_{hashlib.sha256(place.encode()).hexdigest()[:32]}"
