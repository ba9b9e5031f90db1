"""What several libraries know together: the names of all documents, and how rare words are.

Both say something only about all that is searched: "Northwind" tells the one report of a library
from others, but not from those of another library, and a word that is common in one library may be
rare among all. Statistics of the whole collection make rankings of its parts comparable (Viles and
French, Dissemination of collection wide information in a distributed information retrieval system,
SIGIR 1995).
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from ingest.language.words import content_words
from vectorstore.federation.names import qualified
from vectorstore.library import Library
from vectorstore.naming.mentions import NameIndex
from vectorstore.words.idf import idf

_WORDS = 4_096  # whose counts are kept


class Statistics:
    """Of some libraries; read again when one of them has changed."""

    def __init__(self, libraries: Mapping[str, Library]) -> None:
        self._libraries = libraries
        self._read_at: tuple[int, ...] = ()
        self._names = NameIndex((), self._stating_in_all)
        self._sizes: dict[str, int] = {}
        self._stating = lru_cache(_WORDS)(self._count)

    def names(self) -> NameIndex:
        """Of all documents, which are called "LIBRARY/DOCUMENT"."""
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

    def _count(self, library: str, word: str) -> int:
        return self._libraries[library].stating(word)
