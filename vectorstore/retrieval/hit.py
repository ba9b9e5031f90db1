"""Hits: passages that a search found."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from vectorstore.catalog.catalog import StoredChunk
from vectorstore.retrieval.legs import Legs

_PER_PAGE = 4  # hits that are read for each page that is wanted, at first


@dataclass(frozen=True)
class Hit:
    """A found passage. `score` orders the hits of one question; `cosine` compares across."""

    chunk: StoredChunk
    score: float
    cosine: float
    legs: Legs | None = field(default=None, compare=False)  # how a search found it

    @property
    def document(self) -> str:
        return self.chunk.document

    @property
    def page(self) -> int:
        return self.chunk.page

    @property
    def text(self) -> str:
        return self.chunk.text


def best_of_pages(read: Callable[[int], Iterable[Hit]], most: int, k: int) -> list[Hit]:
    """The first of each of the first k pages. Hidden text is as a page of its own.

    `read(n)` gives the first n hits. No more are read than needed, and at the most `most`: to read
    the passages of all 200 cost 2 of 13 ms of a search.
    """
    depth = _PER_PAGE * max(k, 0)
    while True:
        best: dict[tuple[str, int, bool], Hit] = {}
        for hit in read(min(depth, most)):
            best.setdefault((hit.document, hit.page, hit.chunk.hidden), hit)
        if len(best) >= k or depth >= most:
            return list(best.values())[: max(k, 0)]
        depth *= _PER_PAGE
