"""A vector index: its protocol, and Chroma's."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]  # one row for each text; each row has length 1


class Store(Protocol):
    """Vectors by chunk id, found by cosine similarity."""

    def add(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Add vectors; an existing id gets the new vector."""

    def remove(self, ids: Sequence[str]) -> None:
        """Remove vectors; an unknown id is no error."""

    def ids(self) -> set[str]: ...

    def nearest(self, vector: Vectors, k: int) -> list[tuple[str, float]]:
        """At most k (id, cosine) pairs, the nearest first; `vector` has shape (dimensions,)."""


# -- Vectors in a Chroma collection on disk. The only module that imports chromadb
# A second process that reads the folder stays silently on the old index, two writers damage each
# other's vectors, and a killed writer can leave a folder that never opens again (chromadb 1.5.9).
# So one process owns the folder, and nothing is in it that the catalogue cannot give again.

_NAME = "chunks"
_BATCH = 2000  # Chroma refuses more than 5,461 rows at once
_CONFIGURATION = {"hnsw": {"space": "cosine", "ef_search": 400, "ef_construction": 200}}
_PATIENCE = 120.0  # seconds for a child that tests a folder, on a busy machine


class ChromaStore:
    """A collection in a folder of this process alone, with cosine distance.

    Raises any error of Chroma.
    """

    def __init__(self, folder: Path) -> None:
        """A damaged folder fails here, not at the first question."""
        os.environ["ANONYMIZED_TELEMETRY"] = "False"
        import chromadb

        self._client: Any = chromadb.PersistentClient(
            folder, chromadb.Settings(anonymized_telemetry=False)
        )
        # No embedding function: Chroma's default one downloads a model of its own.
        self._collection = self._client.get_or_create_collection(
            _NAME, embedding_function=None, configuration=_CONFIGURATION
        )
        self.count()

    def add(self, ids: Sequence[str], vectors: Vectors) -> None:
        for start in range(0, len(ids), _BATCH):
            part = slice(start, start + _BATCH)
            self._collection.upsert(ids=list(ids[part]), embeddings=np.asarray(vectors[part]))

    def remove(self, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), _BATCH):
            self._collection.delete(ids=list(ids[start : start + _BATCH]))

    def ids(self) -> set[str]:
        return set(self._collection.get(include=[])["ids"])

    def vectors(self, ids: Sequence[str]) -> Vectors:
        return np.asarray(self._collection.get(list(ids), include=["embeddings"])["embeddings"])

    def count(self) -> int:
        return int(self._collection.count())

    def nearest(self, vector: Vectors, k: int) -> list[tuple[str, float]]:
        if k < 1:
            return []
        found = self._collection.query(
            query_embeddings=[vector], n_results=k, include=["distances"]
        )
        return [
            (id, 1.0 - distance)
            for id, distance in zip(found["ids"][0], found["distances"][0], strict=True)
        ]

    def close(self) -> None:
        """Release the folder, which another process may open then."""
        self._client.close()


def chroma_loads(folder: Path) -> bool:
    """Whether Chroma opens and searches a folder, tried in a child, which may crash."""
    command = [sys.executable, "-m", "vectorstore.store", str(folder)]
    try:
        done = subprocess.run(
            command, cwd=Path(__file__).parents[1], timeout=_PATIENCE, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def chroma_fingerprint(folder: Path) -> str:
    """A digest of the names, sizes and times of the files, which changes with a write."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    states = [(path.relative_to(folder).as_posix(), path.stat()) for path in files]
    facts = [(name, state.st_size, state.st_mtime_ns) for name, state in states]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _try(folder: Path) -> None:
    store = ChromaStore(folder)
    ids = store.ids()
    if ids:
        (vector,) = store.vectors([min(ids)])
        store.nearest(vector, 10)
    store.close()


if __name__ == "__main__":
    _try(Path(sys.argv[1]))
