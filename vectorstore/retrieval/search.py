"""Finds the passages that fit a question best, in documents without a newer version."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ingest.language.words import telling_words
from vectorstore.catalog import rows
from vectorstore.catalog.catalog import Catalog
from vectorstore.dense import DenseIndex, nearest_of
from vectorstore.embedding.embedder import is_multilingual, nearness
from vectorstore.embedding.library_embedder import Embedders
from vectorstore.retrieval import fusion
from vectorstore.retrieval.fusion import Hit, hits_of
from vectorstore.retrieval.learned_ranker import LOOKED_AT, Considered, Considering, Learned
from vectorstore.retrieval.search_query import Pointing, SearchQuery
from vectorstore.store import Vectors

_DEEPER = 20  # factor for the candidates when some of them do not count
_OF_NAMED = 50  # candidates of the documents that a question names, of each leg
_BESIDE_NAMED = 50  # candidates of all documents then: they come after those
_APART = 5_000  # passages of named documents that are searched apart, 10 ms
_EMBEDDED = 50  # passages for one question when the library's vectors cannot be used


@dataclass(frozen=True)
class Sought:
    """One query: the text and words to look for, and the documents to look in."""

    query: str
    words: str  # of it, those to look for
    documents: frozenset[str] | None  # these alone; None: all
    hidden: bool  # also hidden text
    old: frozenset[str]  # prefixes of chunk ids of replaced documents
    named: frozenset[str] = frozenset()  # documents whose best passage is a candidate
    chunks: tuple[str, ...] = ()  # these are among them, too

    @property
    def anywhere(self) -> int:
        """Candidates of each leg, wherever they are: fewer where named documents have their own."""
        return _BESIDE_NAMED if self.named else fusion.CANDIDATES


class Search:
    """Searches one library: fuses dense and word search, and reads the passages found."""

    def __init__(
        self, catalog: Catalog, index: DenseIndex, embedders: Embedders,
        learned: Callable[[], Learned | None],
    ) -> None:  # fmt: skip
        self._catalog = catalog
        self._index = index
        self._embedders = embedders
        self._learned = learned
        self._pointing = Pointing(catalog)
        self._considering = Considering(catalog)
        self._replaced: tuple[int, frozenset[str]] = (-1, frozenset())

    def ranking(
        self, query: SearchQuery, documents: Collection[str] | None, hidden: bool
    ) -> Callable[[int], list[Hit]]:
        """See `Library.ranking`."""
        ranked = self._again(query.text, self.gathered(query, documents, hidden).ranked)
        return lambda k: self._hits(ranked, k)

    def about(self, text: str) -> frozenset[str]:
        """See `Library.about`."""
        return self._pointing.named(SearchQuery(text), None).documents

    def considered(self, query: str) -> list[Considered]:
        """See `Library.considered`."""
        ranked = self.gathered(SearchQuery(query), None, False).ranked
        return self._considering.of(query, ranked[:LOOKED_AT])

    def gathered(
        self, query: SearchQuery, documents: Collection[str] | None, hidden: bool,
        mixed: bool = False, known: fusion.Named | None = None,
    ) -> fusion.Gathered:  # fmt: skip
        """See `Library.gathered`."""
        if not query.text.strip() or not self._catalog.generation():
            return fusion.Gathered()
        mixed = mixed or is_multilingual(self._embedders.current())
        said = telling_words(query.text) if mixed else query.text
        cards = self._catalog.passages.bm25_cards(said)
        only = None if documents is None else frozenset(documents)
        newest = documents is None
        named = known or self._pointing.named(query, only)
        replaced = self._pointing.left_out(query, named.documents) if newest else frozenset()
        named = named.without(replaced)
        kept = named.documents | self._pointing.of_that_year(query) if newest else frozenset()
        old = self._old(kept, replaced) if newest else frozenset()
        pointed = self._pointing.at(query, named, documents, cards)
        chunks = _current(self._pointing.chunks(pointed), old)
        searched = self._few(named.documents)
        sought = Sought(query.text, said, only, hidden, old, searched, tuple(chunks))
        candidates = self._compared(sought)
        weight = self._weight_of_words(said, candidates) if mixed else 1.0
        return fusion.Gathered(candidates, cards, pointed, weight)

    def _weight_of_words(self, said: str, candidates: Sequence[fusion.Candidate]) -> float:
        """Of questions in another language than the passages, perhaps."""
        if not candidates:
            return 1.0
        best = max(candidates, key=lambda candidate: candidate.bm25)
        return fusion.weight_of_words(self._catalog.passages.share_of_words(said, best.id))

    def _few(self, named: frozenset[str]) -> frozenset[str]:
        """The named documents, if they are few enough to be searched apart; passages of many are
        among the candidates anyway."""
        (count,) = self._catalog.database.all(
            f"SELECT coalesce(sum(chunks), 0) FROM document WHERE name {rows.AMONG}",
            rows.listed(named),
        )[0]
        return named if count <= _APART else frozenset()

    def _again(self, query: str, ranked: list[fusion.Ranked]) -> list[fusion.Ranked]:
        """The ranking in its learned order, if something was learned with this embedder."""
        learned = self._learned()
        if learned is None or not ranked:
            return ranked
        if learned.embedder != (self._catalog.meta("made_by") or "").rpartition("/")[0]:
            return ranked
        first, rest = ranked[:LOOKED_AT], ranked[LOOKED_AT:]
        return learned.again(self._considering.of(query, first)) + rest

    def _hits(self, ranked: Sequence[fusion.Ranked], k: int) -> list[Hit]:
        chunks = self._catalog.passages.chunks([r.candidate.id for r in ranked[:k]])
        return hits_of(ranked, k, chunks, partial(nearness, self._embedders.current()))

    def _compared(self, sought: Sought) -> list[fusion.Candidate]:
        """Candidates, compared with the query by the model that made their vectors."""
        while True:
            made = self._catalog.made()
            try:
                if embedder := self._embedders.searching():
                    found = self._candidates(sought, embedder.query(sought.query))
                else:
                    found = self._by_words(sought)
            except Exception:
                if self._catalog.made() == made:
                    raise
            else:
                if self._catalog.made() == made:
                    return found
            # Otherwise everything was rebuilt meanwhile: vectors of two models cannot be compared.

    def _by_words(self, sought: Sought) -> list[fusion.Candidate]:
        """The results of word search, embedded again: the model of the vectors is not installed."""
        bm25 = self._words(sought)
        places = self._places(sought, list(bm25))
        kept = [id for id in bm25 if id in places][:_EMBEDDED]
        texts = self._catalog.passages.chunks(kept)
        kept = [id for id in kept if id in texts]
        embedder = self._embedders.chosen()
        asked = embedder.query(sought.query)
        vectors = embedder.passages([texts[id].text for id in kept])
        return [
            fusion.Candidate(id, *places[id], float(np.dot(vector, asked)), bm25[id])
            for id, vector in zip(kept, vectors, strict=True)
        ]

    def _old(self, asked: Collection[str], left_out: Collection[str]) -> frozenset[str]:
        """Prefixes of the chunk ids of documents with a newer version, except those that the
        question asks for; their newer versions may be `left_out`."""
        generation = self._catalog.generation()
        if self._replaced[0] != generation:
            old = frozenset(sha256[:16] for sha256 in self._catalog.superseded())
            self._replaced = generation, old
        if not self._replaced[1] or not asked:
            return self._replaced[1]
        return (self._replaced[1] - self._prefixes(asked)) | self._prefixes(left_out)

    def _prefixes(self, named: Collection[str]) -> frozenset[str]:
        """Of the chunk ids of documents, which another process may have removed meanwhile."""
        found = self._catalog.database.all(
            f"SELECT sha256 FROM document WHERE name {rows.AMONG}", rows.listed(named)
        )
        return frozenset(sha256[:16] for (sha256,) in found)

    def _candidates(self, sought: Sought, vector: Vectors) -> list[fusion.Candidate]:
        near = self._nearest(sought, vector)
        bm25 = self._words(sought)
        places = self._places(sought, [*near, *bm25, *sought.chunks])
        found, matrix = self._catalog.passages.vectors(list(places))
        vectors = dict(zip(found, matrix, strict=True))
        return [
            fusion.Candidate(id, *place, float(np.dot(vectors[id], vector)), bm25.get(id, 0.0))
            for id, place in places.items()
            if id in vectors
        ]

    def _words(self, sought: Sought) -> dict[str, float]:
        """The results of BM25, also in the named documents."""
        query, hidden = sought.words, sought.hidden
        deep = sought.anywhere * (_DEEPER if sought.old else 1)
        found = self._catalog.passages.bm25(query, deep, hidden, sought.documents)
        kept = _current([id for id, _ in found], sought.old)
        more = (
            self._catalog.passages.bm25(query, _OF_NAMED, hidden, sought.named)
            if sought.named
            else []
        )
        scores = dict(found)
        return {id: scores[id] for id in kept} | dict(more)

    def _places(self, sought: Sought, ids: Sequence[str]) -> dict[str, fusion.Place]:
        """The places of chunks; another process may have removed some since they were found."""
        places = self._catalog.passages.places(list(dict.fromkeys(ids)))
        if sought.documents is None:
            return places
        return {id: place for id, place in places.items() if place[0] in sought.documents}

    def _nearest(self, sought: Sought, vector: Vectors) -> list[str]:
        """The nearest chunks, also in the named documents."""
        # Chroma's filters cost 60 times a plain query; the vectors of a few documents do not.
        if sought.documents is not None:
            near = self._near(self._catalog.passages.vectors_of(sought.documents), vector)
        else:
            near = self._near_anywhere(sought.old, vector, sought.anywhere)
        if sought.named:
            near += self._near(self._catalog.passages.vectors_of(sought.named), vector, _OF_NAMED)
        if sought.hidden:  # there are few of them, and Chroma does not hold them
            near += _current(
                self._near(self._catalog.passages.hidden_vectors(), vector), sought.old
            )
        return near

    def _near(
        self, stored: tuple[list[str], Vectors], vector: Vectors, k: int = fusion.CANDIDATES
    ) -> list[str]:
        return [id for id, _ in nearest_of(*stored, vector, k)]

    def _near_anywhere(self, old: frozenset[str], vector: Vectors, k: int) -> list[str]:
        wanted = k
        while True:
            found = [id for id, _ in self._index.nearest(vector, wanted)]
            current = _current(found, old)
            if len(current) >= k or len(found) < wanted:
                return current[:k]
            wanted *= 4  # the nearest chunks belong to old versions


def _current(ids: list[str], old: frozenset[str]) -> list[str]:
    """Without chunks of documents that a newer version replaces."""
    return [id for id in ids if id.partition(":")[0] not in old] if old else ids
