"""A second look at the best hits: a reranker reads question and passage together."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from vectorstore.classifiers.pairs import PairClassifier
from vectorstore.errors import LibraryError
from vectorstore.retrieval.hit import Hit

LOOKED_AT = 8  # hits to rerank; each costs time


class Reranker(Protocol):
    """Scores how well each passage answers a question."""

    def scores(self, question: str, hits: Sequence[Hit]) -> list[float]:
        """One for each hit; higher is better, on any scale."""
        ...


class CrossEncoderReranker:
    """The cross-encoder of a folder, in ONNX Runtime."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        """Raises LibraryError where the folder holds none. Nothing is loaded before it is needed,
        and nothing is downloaded: a search makes no connection."""
        self._model = PairClassifier(folder, threads)
        if not self._model.classifier.ranks:
            raise LibraryError(
                f"{folder} holds a classifier with {len(self._model.classifier.labels)} labels, "
                "and a reranker has one. Choose another: `pincite models use reranker FOLDER`."
            )

    def scores(self, question: str, hits: Sequence[Hit]) -> list[float]:
        """Raises LibraryError when the model cannot be loaded."""
        found = self._model.read([(question, f"{hit.document}\n{hit.text}") for hit in hits])
        return [float(logits.values[0]) for logits in found]


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
