"""Hits: passages that a search found."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from vectorstore.catalog.stored import StoredChunk
from vectorstore.retrieval.fusion import Candidate, Ranked, ScoreParts

# -- Legs: how each leg of a search found a hit, and what it added to the hit's score

_DIGITS = 4


class Legs(NamedTuple):
    """Ranks count from 1 among all candidates; they are 0 for words when none was found. Scores
    have four digits: they are for people."""

    vectors_rank: int
    cosine: float
    words_rank: int
    bm25: float
    shares: ScoreParts  # what each part adds to the fused score
    candidates: int  # that were compared


def legs(ranked: Sequence[Ranked], first: int) -> list[Legs]:
    """Of the first ones of a whole ranking; half a millisecond for 400."""
    dense = _ranks(ranked, lambda candidate: candidate.dense)
    words = _ranks(ranked, lambda candidate: candidate.bm25)
    return [
        Legs(
            dense[r.candidate.id], round(r.candidate.dense, _DIGITS),
            words[r.candidate.id] if r.candidate.bm25 else 0, round(r.candidate.bm25, _DIGITS),
            ScoreParts(*(round(share, _DIGITS) for share in r.shares)), len(ranked),
        )
        for r in ranked[:first]
    ]  # fmt: skip


def _ranks(ranked: Sequence[Ranked], score: Callable[[Candidate], float]) -> dict[str, int]:
    best = sorted((r.candidate for r in ranked), key=lambda one: (-score(one), one.id))
    return {candidate.id: rank for rank, candidate in enumerate(best, start=1)}


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
