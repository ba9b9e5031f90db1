"""A Chroma collection as a `Store`, wherever it is: in a folder, or on a server."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from vectorstore.store import Vectors

_BATCH = 2000  # Chroma refuses more than 5,461 rows at once
CONFIGURATION = {"hnsw": {"space": "cosine", "ef_search": 400, "ef_construction": 200}}


class Collection:
    """With cosine distance and without an embedding function. Raises any error of Chroma."""

    def __init__(self, client: Any, collection: Any) -> None:
        self._client, self._collection = client, collection

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
        """Release it."""
        self._client.close()
