"""Compares all vectors in memory: exact, and fast up to some 100,000 chunks."""

from collections.abc import Sequence

import numpy as np

from vectorstore.store import Vectors

_FEW = 5_000


class ExactStore:
    """Serves while Chroma is being built or belongs to another process; 5 ms for 100,000 chunks."""

    def __init__(self, ids: Sequence[str] = (), vectors: Vectors | None = None) -> None:
        self._ids = list(ids)
        self._vectors = np.zeros((0, 0), np.float32) if vectors is None else vectors

    def add(self, ids: Sequence[str], vectors: Vectors) -> None:
        self.remove(ids)
        kept = [self._vectors] if self._ids else []
        self._vectors = np.concatenate([*kept, np.asarray(vectors, np.float32)])
        self._ids += ids

    def remove(self, ids: Sequence[str]) -> None:
        gone = set(ids)
        keep = [index for index, id in enumerate(self._ids) if id not in gone]
        self._ids = [self._ids[index] for index in keep]
        self._vectors = self._vectors[keep]

    def ids(self) -> set[str]:
        return set(self._ids)

    def nearest(self, vector: Vectors, k: int) -> list[tuple[str, float]]:
        if not self._ids or k < 1:
            return []
        scores = _products(self._vectors, vector)
        k = min(k, len(scores))
        best = np.argpartition(-scores, k - 1)[:k]
        best = best[np.argsort(-scores[best], kind="stable")]
        return [(self._ids[index], float(scores[index])) for index in best]


def _products(vectors: Vectors, vector: Vectors) -> Vectors:
    """The cosines. Waking the threads of BLAS takes up to 15 ms on a busy machine, and few vectors
    take .5 ms without them."""
    few = len(vectors) <= _FEW
    return np.einsum("ij,j->i", vectors, vector) if few else vectors @ vector
