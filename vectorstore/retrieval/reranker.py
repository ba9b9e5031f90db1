"""A second look at the best hits: a reranker reads question and passage together."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from ingest.platform.extras import require
from ingest.platform.openmp import wait_calmly
from vectorstore.errors import LibraryError
from vectorstore.retrieval.hybrid_search import Hit

LOOKED_AT = 8  # hits to rerank; each costs time


class Reranker(Protocol):
    """Scores how well each passage answers a question."""

    def scores(self, question: str, hits: Sequence[Hit]) -> list[float]:
        """One for each hit; higher is better, on any scale."""
        ...


class CrossEncoderReranker:
    """Any cross-encoder that sentence-transformers loads."""

    def __init__(self, model: str) -> None:
        """A folder, or the name of a model that is in the cache of the hub already.

        Raises LibraryError. Nothing is downloaded: a search makes no connection.
        """
        # Imported here: torch takes seconds to load, and the default is no reranker.
        require("embedders", "sentence_transformers", to="use a cross-encoder", error=LibraryError)
        wait_calmly()
        from sentence_transformers import CrossEncoder

        try:
            self._model: Any = CrossEncoder(model, local_files_only=True)
        except (OSError, ValueError) as error:
            raise LibraryError(
                f"No cross-encoder could be loaded from {model!r}: {error}. "
                "Name a folder that holds one, or unset PINCITE_RERANKER."
            ) from error

    def scores(self, question: str, hits: Sequence[Hit]) -> list[float]:
        pairs = [(question, f"{hit.document}\n{hit.text}") for hit in hits]
        return [float(score) for score in self._model.predict(pairs)] if pairs else []


def reranked(reranker: Reranker | None, question: str, hits: Sequence[Hit]) -> list[Hit]:
    """The first hits in the reranker's order, then the rest; scores stay those of their ranks."""
    if reranker is None:
        return list(hits)
    looked_at = hits[:LOOKED_AT]
    return [*reordered(looked_at, reranker.scores(question, looked_at)), *hits[LOOKED_AT:]]


def reordered(hits: Sequence[Hit], scores: Sequence[float]) -> list[Hit]:
    """The hits by these scores, best first; each takes the search's score of its new rank."""
    order = sorted(range(len(hits)), key=lambda n: -scores[n])
    return [replace(hits[n], score=hits[rank].score) for rank, n in enumerate(order)]
