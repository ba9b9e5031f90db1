"""Fuses dense and BM25 scores into one ranking, with a prior from each document's card; its first
passages are hits.

The fusion is the average of min-max-normalised scores, which beat reciprocal ranks on most BEIR
sets (pyserini's fusion experiments) and here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import zip_longest
from typing import NamedTuple

from vectorstore.catalog.rows import StoredChunk

CANDIDATES = 200  # of each leg: fusing only the top 50 loses
_ALL_WORDS = 2 / 3  # share of a question's words in one passage, from which words count fully
_DENSE = 0.6  # of the two legs; .5 to .65 are alike on reports, .6 is best on abstracts
_CARD = 0.2  # found the right quarterly report in .97 of questions instead of .75
_NEIGHBOUR = 0.15
_NAMED = 1.0  # a document that the question names: others come first where it holds nothing
_PERIOD = 0.3  # one of several documents that the question names, of the period that it names
_STATEMENT = 0.5  # a financial statement, when the question asks for a figure of one
_PAGE = 0.7  # a page that is asked for by number, in a known document

Place = tuple[str, int]  # document and page


@dataclass(frozen=True)
class Candidate:
    """A chunk that one of the legs found, with the raw score of each."""

    id: str
    document: str
    page: int
    dense: float  # cosine
    bm25: float  # 0 when no word was found


class ScoreParts(NamedTuple):
    """The parts of a score before weighting; 0 to 1, a boost may be more."""

    dense: float  # min-max-normalised among the candidates, as the next one
    words: float
    card: float  # how likely the question means the document
    beside: float  # the best score on the page before or after
    pointed: float  # the boost of what the question points at


@dataclass(frozen=True)
class Ranked:
    """A candidate and its fused score."""

    candidate: Candidate
    score: float
    parts: ScoreParts
    said: float = 1.0  # how much words counted, 0 to 1

    @property
    def shares(self) -> ScoreParts:
        """What each part adds to the fused score."""
        words, (dense, said, card, beside, pointed) = (1 - _DENSE) * self.said, self.parts
        return ScoreParts(
            (1 - words) * dense, words * said, _CARD * self.said * card, _NEIGHBOUR * beside,
            pointed,
        )  # fmt: skip


@dataclass(frozen=True)
class Named:
    """The documents that a question names; those of the period that it names, if it tells some of
    them apart."""

    groups: tuple[frozenset[str], ...] = ()  # the documents about each thing that it names
    of_period: frozenset[str] = frozenset()

    @cached_property
    def documents(self) -> frozenset[str]:
        return frozenset[str]().union(*self.groups)

    def without(self, left_out: frozenset[str]) -> "Named":
        """The same without some documents; groups that become empty are dropped."""
        left = (group - left_out for group in self.groups)
        return Named(tuple(group for group in left if group), self.of_period - left_out)


@dataclass(frozen=True)
class Pointed:
    """What a question points at: documents that it names, their pages, financial statements."""

    named: Named = Named()
    pages: frozenset[Place] = frozenset()
    statements: frozenset[Place] = frozenset()


NOTHING = Pointed()


@dataclass(frozen=True)
class Gathered:
    """What a search has found, before it is ranked."""

    candidates: Sequence[Candidate] = ()
    cards: Mapping[str, float] = field(default_factory=dict)  # document -> BM25 score of its card
    pointed: Pointed = NOTHING
    words: float = 1.0  # how much the words count, 0 to 1, see `weight_of_words`

    @property
    def ranked(self) -> list[Ranked]:
        """All candidates with their fused scores, the best first."""
        return rank(self.candidates, self.cards, self.pointed, self.words)


def rank(
    candidates: Sequence[Candidate], cards: Mapping[str, float], pointed: Pointed = NOTHING,
    words: float | Mapping[str, float] = 1.0,
) -> list[Ranked]:  # fmt: skip
    """Best first. `cards` holds the BM25 score of each document's card. `words`: how much the words
    count, 0 to 1, see `weight_of_words`; by document where they count differently."""
    if not candidates:
        return []
    dense = _normalised([c.dense for c in candidates])
    bm25 = _normalised([c.bm25 for c in candidates])
    count = [words[c.document] if isinstance(words, Mapping) else words for c in candidates]
    shares = [(1 - _DENSE) * weight for weight in count]
    base = [(1 - s) * d + s * b for s, d, b in zip(shares, dense, bm25, strict=True)]
    likely = _likely({c.document for c in candidates}, cards)
    near = _neighbours(candidates, base)
    ranked = []
    each = zip(candidates, base, count, dense, bm25, near, strict=True)
    for candidate, fused, weight, meaning, said, beside in each:
        card = likely[candidate.document]
        parts = ScoreParts(meaning, said, card, beside, _lift(candidate, pointed, card))
        score = fused + _CARD * weight * card + _NEIGHBOUR * beside + parts.pointed
        ranked.append(Ranked(candidate, score, parts, weight))
    best = sorted(ranked, key=lambda r: (-r.score, r.candidate.id))
    return _in_turn(best, pointed.named.groups) if len(pointed.named.groups) > 1 else best


def _in_turn(ranked: list[Ranked], groups: Sequence[frozenset[str]]) -> list[Ranked]:
    """The best of each thing that a question names, then the second of each, so that a comparison
    finds both. Scores stay those of their ranks."""
    rows = [[r for r in ranked if r.candidate.document in group] for group in groups]
    turns = [r for row in zip_longest(*rows) for r in row if r]
    named = frozenset[str]().union(*groups)
    order = turns + [r for r in ranked if r.candidate.document not in named]
    return [replace(r, score=at.score) for r, at in zip(order, ranked, strict=True)]


def weight_of_words(share: float) -> float:
    """How much words count where questions and passages may be in different languages: then a
    passage with all words that two languages share by chance would come first. `share` of the
    question's words are in the passage that BM25 finds first."""
    return min(share / _ALL_WORDS, 1.0)


def _lift(candidate: Candidate, pointed: Pointed, likely: float) -> float:
    place = candidate.document, candidate.page
    named = candidate.document in pointed.named.documents
    statement = _STATEMENT * (1.0 if named else likely) if place in pointed.statements else 0.0
    period = _PERIOD * (candidate.document in pointed.named.of_period)
    return _NAMED * named + period + statement + _PAGE * (place in pointed.pages)


def _normalised(scores: Sequence[float]) -> list[float]:
    low, high = min(scores), max(scores)
    width = high - low
    return [(score - low) / width if width else 0.0 for score in scores]


def _likely(documents: set[str], cards: Mapping[str, float]) -> dict[str, float]:
    """How likely, 0 to 1, the question means each document. Soft: no document is excluded."""
    highest = max(cards.values(), default=0.0)
    return {name: cards.get(name, 0.0) / highest if highest else 0.0 for name in documents}


def _neighbours(candidates: Sequence[Candidate], scores: Sequence[float]) -> list[float]:
    """The best score on the page before or after: answers run over page ends."""
    best: dict[Place, float] = {}
    for c, score in zip(candidates, scores, strict=True):
        key = c.document, c.page
        best[key] = max(best.get(key, 0.0), score)
    return [max(best.get((c.document, c.page + step), 0.0) for step in (-1, 1)) for c in candidates]


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


# -- Hits: passages that a search found

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


def hits_of(
    ranked: Sequence[Ranked], first: int, chunks: Mapping[str, StoredChunk],
    nearness: Callable[[float], float],
) -> list[Hit]:  # fmt: skip
    """The first of a whole ranking, without those that another process has removed: `chunks` are by
    id. `nearness` brings a cosine to the scale that is the same for all models."""
    return [
        Hit(chunks[r.candidate.id], r.score, nearness(r.candidate.dense), how)
        for r, how in zip(ranked[:first], legs(ranked, first), strict=True)
        if r.candidate.id in chunks
    ]


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
