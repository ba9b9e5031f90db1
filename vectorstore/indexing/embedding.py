"""Embeds the passages of one run, by the model that the library has at that moment."""

from collections.abc import Callable, Sequence

from vectorstore.embedding.embedder import Embedder
from vectorstore.errors import EmbedderMismatch
from vectorstore.store import Vectors


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

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimensions)."""
        self._begin(texts)
        self._used = self._embedder()
        return self._used.passages(texts)

    def check(self) -> None:
        """Raises EmbedderMismatch when a rebuild has changed the model since the embedding."""
        if self._used is not None and self._embedder().identity != self._used.identity:
            raise EmbedderMismatch(
                f"The library {self._library!r} was rebuilt with another model meanwhile. "
                "Add the files again."
            )
