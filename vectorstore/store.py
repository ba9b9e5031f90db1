"""The protocol of a vector index; `vectorstore.testing.StoreContract` checks it."""

from collections.abc import Sequence
from typing import Protocol

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
