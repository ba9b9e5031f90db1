"""Embeds the passages of one run, by the model that the library has at that moment.

Vectors that came with a file from the worker that read it are taken, where the same model made
them.
"""

from collections.abc import Callable, Sequence

import numpy as np

from vectorstore.embedding.embedder import Embedder
from vectorstore.errors import EmbedderMismatch
from vectorstore.store import Vectors

_MOST = 50_000  # vectors that came: 75 MB


class Embedding:
    """Knows which model has embedded last."""

    def __init__(
        self, library: str, embedder: Callable[[], Embedder],
        begin: Callable[[Sequence[str]], None],
    ) -> None:  # fmt: skip
        """`begin` is told the passages of each document before `embedder` is asked."""
        self._library = library
        self._embedder = embedder
        self._begin = begin
        self._used: Embedder | None = None
        self._came: dict[tuple[str, str], Vectors] = {}  # by identity and text, until it is used

    def came(self, identity: str, texts: Sequence[str], vectors: Vectors) -> None:
        """Some vectors came with a file."""
        if len(self._came) > _MOST:  # of files that failed later: they are not asked for again
            self._came.clear()
        self._came |= {
            (identity, text): vector for text, vector in zip(texts, vectors, strict=True)
        }

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimensions)."""
        self._begin(texts)
        self._used = self._embedder()
        known = {text: self._came.pop((self._used.identity, text), None) for text in set(texts)}
        missing = [text for text in texts if known[text] is None]
        if len(missing) == len(texts):
            return self._used.passages(texts)
        known |= dict(zip(missing, self._used.passages(missing), strict=True)) if missing else {}
        return np.stack([vector for text in texts if (vector := known[text]) is not None])

    def check(self) -> None:
        """Raises EmbedderMismatch when a rebuild has changed the model since the embedding."""
        if self._used is not None and self._embedder().identity != self._used.identity:
            raise EmbedderMismatch(
                f"The library {self._library!r} was rebuilt with another model meanwhile. "
                "Add the files again."
            )
