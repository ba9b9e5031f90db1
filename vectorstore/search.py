"""A question becomes the passages that fit it best, of documents that nothing newer replaces."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vectorstore import ranking
from vectorstore.catalog import Catalog, StoredChunk
from vectorstore.dense_index import DenseIndex
from vectorstore.embedders import Embedders
from vectorstore.exact_store import ExactStore
from vectorstore.store import Vectors
from vectorstore.versions import superseded

Which = Literal["newest", "all"]  # of the versions of a document
_DEEPER = 20  # times as many are looked at when some of them do not count
_EMBEDDED = 50  # passages for one question, when the library's own vectors cannot be used


@dataclass(frozen=True)
class Hit:
    """A passage that was found. `score` orders hits of one question; `cosine` compares across."""

    chunk: StoredChunk
    score: float
    cosine: float

    @property
    def document(self) -> str:
        return self.chunk.document

    @property
    def page(self) -> int:
        return self.chunk.page

    @property
    def text(self) -> str:
        return self.chunk.text


class Search:
    """Fuses what vectors and words find."""

    def __init__(self, catalog: Catalog, index: DenseIndex, embedders: Embedders) -> None:
        self._catalog = catalog
        self._index = index
        self._embedders = embedders
        self._replaced: tuple[int, frozenset[str]] = (-1, frozenset())

    def passages(
        self,
        query: str,
        k: int,
        documents: Collection[str] | None,
        versions: Which,
        hidden: bool = False,
    ) -> list[Hit]:
        """See Library.passages."""
        if not query.strip() or not self._catalog.generation():
            return []
        old = self._old() if documents is None and versions == "newest" else frozenset()
        candidates = self._compared(query, documents, old, hidden)
        ranked = ranking.rank(candidates, self._catalog.bm25_cards(query))[:k]
        chunks = self._catalog.chunks([r.candidate.id for r in ranked])
        return [
            Hit(chunks[r.candidate.id], r.score, r.candidate.dense)
            for r in ranked
            if r.candidate.id in chunks
        ]

    def _compared(
        self, query: str, documents: Collection[str] | None, old: frozenset[str], hidden: bool
    ) -> list[ranking.Candidate]:
        """Candidates, compared with the query by the model that made them."""
        while True:
            made = self._catalog.made()
            try:
                if embedder := self._embedders.searching():
                    vector = embedder.query(query)
                    found = self._candidates(query, vector, documents, old, hidden)
                else:
                    found = self._by_words(query, documents, old, hidden)
            except Exception:
                if self._catalog.made() == made:
                    raise
            else:
                if self._catalog.made() == made:
                    return found
            # Else all was made anew meanwhile: vectors of two models say nothing of each other.

    def _by_words(
        self, query: str, documents: Collection[str] | None, old: frozenset[str], hidden: bool
    ) -> list[ranking.Candidate]:
        """What words find, embedded anew: the model that made the vectors is not here."""
        bm25, places = self._words(query, documents, old, hidden)
        kept = [id for id in bm25 if id in places][:_EMBEDDED]
        texts = self._catalog.chunks(kept)
        kept = [id for id in kept if id in texts]
        embedder = self._embedders.chosen()
        asked, vectors = embedder.query(query), embedder.passages([texts[id].text for id in kept])
        return [
            ranking.Candidate(id, *places[id], float(np.dot(vector, asked)), bm25[id])
            for id, vector in zip(kept, vectors, strict=True)
        ]

    def _old(self) -> frozenset[str]:
        """What the chunk ids of documents with a newer version begin with."""
        generation = self._catalog.generation()
        if self._replaced[0] != generation:
            old = frozenset(sha256[:16] for sha256 in superseded(self._catalog.database))
            self._replaced = generation, old
        return self._replaced[1]

    def _candidates(
        self,
        query: str,
        vector: Vectors,
        documents: Collection[str] | None,
        old: frozenset[str],
        hidden: bool,
    ) -> list[ranking.Candidate]:
        dense = self._nearest(vector, documents, old)
        if hidden:  # there are few of them, and Chroma has none
            few = ExactStore(*self._catalog.hidden_vectors())
            dense += _current(few.nearest(vector, ranking.CANDIDATES), old)
        bm25, places = self._words(query, documents, old, hidden, [id for id, _ in dense])
        kept = list(places)
        found, matrix = self._catalog.vectors(kept)
        vectors = dict(zip(found, matrix, strict=True))
        return [
            ranking.Candidate(
                id, *places[id], float(np.dot(vectors[id], vector)), bm25.get(id, 0.0)
            )
            for id in kept
            if id in vectors
        ]

    def _words(
        self, query: str, documents: Collection[str] | None, old: frozenset[str], hidden: bool,
        more: Collection[str] = (),
    ) -> tuple[dict[str, float], dict[str, tuple[str, int]]]:  # fmt: skip
        """What words find, with BM25, and where that is and `more`: document and page."""
        everything = documents is None and not old
        deep = ranking.CANDIDATES if everything else _DEEPER * ranking.CANDIDATES
        bm25 = dict(_current(self._catalog.bm25(query, deep, hidden), old))
        # Another process may have removed a chunk since it was found.
        places = self._catalog.chunk_places(list(dict.fromkeys([*more, *bm25])))
        if documents is not None:
            places = {id: place for id, place in places.items() if place[0] in documents}
        return bm25, places

    def _nearest(
        self, vector: Vectors, documents: Collection[str] | None, old: frozenset[str]
    ) -> list[tuple[str, float]]:
        # Chroma's filters cost 60 times a plain query; the vectors of a few documents do not.
        if documents is not None:
            store = ExactStore(*self._catalog.vectors_of(documents))
            return store.nearest(vector, ranking.CANDIDATES)
        wanted = ranking.CANDIDATES
        while True:
            found = self._index.nearest(vector, wanted)
            current = _current(found, old)
            if len(current) >= ranking.CANDIDATES or len(found) < wanted:
                return current[: ranking.CANDIDATES]
            wanted *= 4  # the nearest ones are of old versions


def _current(found: list[tuple[str, float]], old: frozenset[str]) -> list[tuple[str, float]]:
    if not old:
        return found
    return [(id, score) for id, score in found if id.partition(":")[0] not in old]
