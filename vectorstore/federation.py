"""Federated: several libraries, searched and read as one.

The candidates of all libraries are ranked together by their raw scores, as if they lay in one
library: nothing has to be guessed about how good each library is, as where rankings are merged
(benchmarks/results/federation.md compares). Cosines of two models cannot be
compared, so the best candidates of a library with another model are embedded again.
"""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial

import numpy as np

from ingest.language.words import content_words
from vectorstore.catalog.rows import DocumentInfo, StoredChunk
from vectorstore.embedding.embedder import Embedder, is_multilingual, nearness
from vectorstore.errors import UnknownDocument
from vectorstore.library import Library, Shelf
from vectorstore.naming.mentions import NameIndex
from vectorstore.retrieval import fusion
from vectorstore.retrieval.fusion import Candidate, Gathered, Hit, Named, Place, Pointed, Ranked
from vectorstore.retrieval.search_query import SearchQuery, named
from vectorstore.store import Vectors

# -- The names of several libraries that are searched at once, and of documents in them
# Names of libraries have letters, digits, hyphens and underscores, so that "hr,sales" names two,
# and "hr/Handbook.pdf" a document of one.

_BETWEEN, _BEFORE = ",", "/"


def joined(libraries: Sequence[str]) -> str:
    """One name for several libraries, whatever their order: "hr,sales". Of several of which one is
    left: "hr,"."""
    names = sorted(set(libraries))
    return _BETWEEN.join(names) if len(names) > 1 else f"{names[0]}{_BETWEEN}"


def parts(name: str) -> list[str]:
    """The libraries of a name: none of an empty one, one of the name of a library."""
    return list(dict.fromkeys(part for one in name.split(_BETWEEN) if (part := one.strip())))


def is_joined(name: str) -> bool:
    """Whether it is the name of several libraries, be all but one of them gone."""
    return _BETWEEN in name


def shown(name: str) -> str:
    """The name for people: "hr, sales" for "hr,sales"."""
    return ", ".join(parts(name))


def renamed(name: str, old: str, new: str) -> str:
    """The name of the libraries after one of them was renamed from `old` to `new`."""
    new_parts = [new if part == old else part for part in parts(name)]
    return joined(new_parts) if is_joined(name) else "".join(new_parts)


def qualified(library: str, document: str) -> str:
    """The name of a document among those of several libraries; of one alone its own name."""
    return f"{library}{_BEFORE}{document}" if library else document


def apart(name: str) -> tuple[str, str]:
    """The library and the document of a qualified name."""
    library, _, document = name.partition(_BEFORE)
    return library, document


# -- What several libraries know together: the names of all documents, and how rare words are
# Both say something only about all that is searched: "Northwind" tells the one report of a library
# from others, but not from those of another library, and a word that is common in one library may
# be rare among all. Statistics of the whole collection make rankings of its parts comparable (Viles
# and French, Dissemination of collection wide information in a distributed information retrieval
# system, SIGIR 1995).

_WORDS = 4_096  # whose counts are kept
_LEAST = 1e-6  # the weight of a word that most passages have


def idf(having: int, passages: int) -> float:
    """The inverse document frequency of a word that stands in `having` of the passages, as FTS5
    weighs it: https://sqlite.org/fts5.html#the_bm25_function"""
    without = max(passages - having, 0)  # others may add between the two counts
    return max(math.log((without + 0.5) / (having + 0.5)), _LEAST)


class Statistics:
    """The statistics of some libraries; read again when one of them has changed."""

    def __init__(self, libraries: Mapping[str, Library]) -> None:
        self._libraries = libraries
        self._read_at: tuple[int, ...] = ()
        self._names = NameIndex((), self._stating_in_all)
        self._sizes: dict[str, int] = {}
        self._stating = lru_cache(_WORDS)(lambda library, word: libraries[library].stating(word))

    def names(self) -> NameIndex:
        """The names of all documents, which are called "LIBRARY/DOCUMENT"."""
        self._read_if_changed()
        return self._names

    def weights_of_words(self, query: str) -> dict[str, float]:
        """By library: how much more its words of a query weigh among all libraries than in it. A
        score of BM25, a sum over words, is multiplied by it."""
        self._read_if_changed()
        asked = content_words(query)
        everywhere = {word: self._stating_in_all(word) for word in asked}
        total = sum(self._sizes.values())
        found = {}
        for name, size in self._sizes.items():
            counts = {word: self._stating(name, word) for word in asked}
            own = sum(idf(count, size) for count in counts.values() if count)
            of_all = sum(idf(everywhere[word], total) for word in asked if counts[word])
            found[name] = of_all / own if own else 1.0
        return found

    def _read_if_changed(self) -> None:
        now = tuple(library.generation() for library in self._libraries.values())
        if self._read_at != now:
            self._stating.cache_clear()
            self._sizes = {name: one.passage_count() for name, one in self._libraries.items()}
            every = [
                replace(
                    one,
                    document=qualified(name, one.document),
                    newer=one.newer and qualified(name, one.newer),
                )
                for name, library in self._libraries.items()
                for one in library.names()
            ]
            self._names, self._read_at = NameIndex(every, self._stating_in_all), now

    def _stating_in_all(self, word: str) -> int:
        return sum(self._stating(name, word) for name in self._libraries)


_EMBEDDED = 50  # candidates of a library with another model, that are embedded for one question
_KEPT = 4_000  # passages whose vectors are kept: 6 MB


class Federated(Shelf):
    """Reads like a `Library`, and changes nothing. Documents are called "LIBRARY/DOCUMENT".

    What was learned for one library counts only where it is searched alone.
    """

    def __init__(self, libraries: Sequence[Library]) -> None:
        """`libraries` stay open as long as their owner wants; one may be all that is left."""
        self.libraries: Mapping[str, Library] = {one.name: one for one in libraries}
        self.name = joined(list(self.libraries))
        self._again, self._all = _Again(), Statistics(self.libraries)

    # -- looking

    def generation(self) -> int:
        """Grows with every change of one of them."""
        return sum(library.generation() for library in self.libraries.values())

    def size(self) -> tuple[int, int]:
        """The number of documents, and of their pages."""
        sizes = [library.size() for library in self.libraries.values()]
        return sum(documents for documents, _ in sizes), sum(pages for _, pages in sizes)

    def documents(self) -> list[DocumentInfo]:
        """All documents, library by library, by name."""
        return [
            replace(
                info,
                document=qualified(name, info.document),
                superseded_by=info.superseded_by and qualified(name, info.superseded_by),
            )
            for name, library in self.libraries.items()
            for info in library.documents()
        ]

    def part(self, document: str) -> tuple[Library, str]:
        """The library of a document, and its name there. Raises UnknownDocument."""
        name, inside = apart(document)
        if name not in self.libraries:
            raise UnknownDocument(
                f"{inside} is in the library {name!r}, which is gone or is not asked here."
            )
        return self.libraries[name], inside

    # -- finding

    def ranking(
        self, query: SearchQuery, documents: Collection[str] | None, hidden: bool
    ) -> Callable[[int], list[Hit]]:
        """See `Shelf`."""
        embedder, found = self.embedder(), dict[str, Gathered]()
        mixed, weights = is_multilingual(embedder), self._all.weights_of_words(query.text)
        scope = None if documents is None else frozenset(documents)
        every = named(query, self._all.names(), scope)
        for name, library, inside in self._searched(documents):
            known = _of_library(every, name)
            gathered = library.gathered(query, inside, hidden, mixed, known)
            if library.embedder().identity != embedder.identity:
                gathered = self._again.compared(gathered, library, embedder, query.text)
            found[name] = _weighted(gathered, weights[name])
        where = _first_of_each(found)
        ranked = _ranked(found, where, every)
        return lambda k: self._hits(ranked, where, k, embedder)

    def about(self, text: str) -> frozenset[str]:
        """The documents about what a text names."""
        return named(SearchQuery(text), self._all.names(), None).documents

    def embedder(self) -> Embedder:
        """The one that all of them are compared by: where they have several, one for several
        languages, else that of the library with most pages. Raises LibraryError."""
        full = [one for one in self.libraries.values() if one.size()[0]]
        models = [(one.embedder(), one.size()[1]) for one in full or self.libraries.values()]
        return max(models, key=lambda made: (is_multilingual(made[0]), made[1]))[0]

    def _searched(
        self, documents: Collection[str] | None
    ) -> Iterator[tuple[str, Library, Collection[str] | None]]:
        """The libraries to search, each with its documents that are searched (None: all)."""
        for name, library in self.libraries.items():
            if documents is None:
                yield name, library, None
            elif inside := {inside for of, inside in map(apart, documents) if of == name}:
                yield name, library, inside

    def _hits(
        self, ranked: Sequence[Ranked], where: Mapping[str, str], k: int, embedder: Embedder
    ) -> list[Hit]:
        first = ranked[:k]
        chunks: dict[str, StoredChunk] = {}
        for name, library in self.libraries.items():
            ids = [r.candidate.id for r in first if where[r.candidate.id] == name]
            chunks |= {
                id: replace(chunk, document=qualified(name, chunk.document))
                for id, chunk in library.chunks(ids).items()
            }
        return fusion.hits_of(ranked, k, chunks, partial(nearness, embedder))


AnyLibrary = Library | Federated  # to be read


class _Again:
    """Embeds candidates again, and keeps their vectors."""

    def __init__(self) -> None:
        self._vectors: dict[tuple[str, str], Vectors] = {}  # the oldest first

    def compared(
        self, gathered: Gathered, library: Library, embedder: Embedder, question: str
    ) -> Gathered:
        """The best candidates, with cosines of another model than the library's own."""
        best = {r.candidate.id: r.candidate for r in gathered.ranked[:_EMBEDDED]}
        vectors = self._of(list(best), library, embedder)
        asked = embedder.query(question)
        compared = [
            replace(best[id], dense=float(np.dot(vector, asked))) for id, vector in vectors.items()
        ]
        return replace(gathered, candidates=compared)

    def _of(self, ids: Sequence[str], library: Library, embedder: Embedder) -> dict[str, Vectors]:
        known = {id: self._vectors.get((embedder.identity, id)) for id in ids}
        chunks = library.chunks([id for id, vector in known.items() if vector is None])
        texts = [chunk.text for chunk in chunks.values()]
        made: Sequence[Vectors] = list(embedder.passages(texts)) if texts else []
        new = dict(zip(chunks, made, strict=True))
        kept = self._vectors | {(embedder.identity, id): vector for id, vector in new.items()}
        self._vectors = dict(list(kept.items())[-_KEPT:])
        return {id: v for id in ids if (v := new.get(id, known[id])) is not None}


def _first_of_each(found: Mapping[str, Gathered]) -> dict[str, str]:
    """Passage -> the first library that has it: ids tell files apart, not libraries."""
    where: dict[str, str] = {}
    for name, gathered in found.items():
        for candidate in gathered.candidates:
            where.setdefault(candidate.id, name)
    return where


def _weighted(gathered: Gathered, weight: float) -> Gathered:
    """With scores of BM25 as they would be among all libraries."""
    weighed = [replace(c, bm25=weight * c.bm25) for c in gathered.candidates]
    return replace(gathered, candidates=weighed)


def _ranked(
    found: Mapping[str, Gathered], where: Mapping[str, str], every: Named
) -> list[Ranked]:  # fmt: skip
    candidates: list[Candidate] = []
    cards: dict[str, float] = {}
    words: dict[str, float] = {}
    pages: set[Place] = set()
    statements: set[Place] = set()
    for name, gathered in found.items():
        own = [c for c in gathered.candidates if where[c.id] == name]
        candidates += [replace(c, document=qualified(name, c.document)) for c in own]
        cards |= {qualified(name, one): score for one, score in gathered.cards.items()}
        words |= {qualified(name, c.document): gathered.words for c in own}
        pages |= {(qualified(name, one), page) for one, page in gathered.pointed.pages}
        statements |= {(qualified(name, one), page) for one, page in gathered.pointed.statements}
    pointed = Pointed(every, frozenset(pages), frozenset(statements))
    return fusion.rank(candidates, cards, pointed, words)


def _of_library(every: Named, library: str) -> Named:
    """The named documents of one library, by their names in it."""

    def own(names: Iterable[str]) -> frozenset[str]:
        return frozenset(inside for of, inside in map(apart, names) if of == library)

    groups = (own(group) for group in every.groups)
    return Named(tuple(group for group in groups if group), own(every.of_period))
