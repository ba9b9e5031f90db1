"""Two rankings become one: dense and BM25 scores fused, with what a document's card says on top.

The fusion is the average of min-max-normalised scores, which beat reciprocal ranks on most BEIR
sets (pyserini's fusion experiments) and here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CANDIDATES = 200  # of each leg: fusing only the top 50 loses
_DENSE = 0.55  # of the two legs; .5 to .65 are alike
_CARD = 0.2  # found the right quarterly report in .97 of questions instead of .75
_NEIGHBOUR = 0.15


@dataclass(frozen=True)
class Candidate:
    """A chunk that one of the legs found, with the raw score of each."""

    id: str
    document: str
    page: int
    dense: float  # cosine
    bm25: float  # 0 when the words were not found


@dataclass(frozen=True)
class Ranked:
    """A candidate and its fused score."""

    candidate: Candidate
    score: float


def rank(candidates: Sequence[Candidate], cards: Mapping[str, float]) -> list[Ranked]:
    """Best first. `cards` holds the BM25 score of each document's card."""
    if not candidates:
        return []
    base = _fused(candidates)
    prior = _priors({c.document for c in candidates}, cards)
    near = _neighbours(candidates, base)
    ranked = [
        Ranked(c, base[c.id] + prior[c.document] + _NEIGHBOUR * near[c.id]) for c in candidates
    ]
    return sorted(ranked, key=lambda r: (-r.score, r.candidate.id))


def _fused(candidates: Sequence[Candidate]) -> dict[str, float]:
    dense = _normalised([c.dense for c in candidates])
    bm25 = _normalised([c.bm25 for c in candidates])
    return {
        c.id: _DENSE * d + (1 - _DENSE) * b for c, d, b in zip(candidates, dense, bm25, strict=True)
    }


def _normalised(scores: Sequence[float]) -> list[float]:
    low, high = min(scores), max(scores)
    width = high - low
    return [(score - low) / width if width else 0.0 for score in scores]


def _priors(documents: set[str], cards: Mapping[str, float]) -> dict[str, float]:
    """What the question says about which document it means. Soft: no document is shut out."""
    highest = max(cards.values(), default=0.0)
    return {name: _CARD * cards.get(name, 0.0) / highest if highest else 0.0 for name in documents}


def _neighbours(candidates: Sequence[Candidate], scores: Mapping[str, float]) -> dict[str, float]:
    """The best score on the page before or after: answers run over page ends."""
    best: dict[tuple[str, int], float] = {}
    for c in candidates:
        key = c.document, c.page
        best[key] = max(best.get(key, 0.0), scores[c.id])
    return {
        c.id: max(best.get((c.document, c.page + step), 0.0) for step in (-1, 1))
        for c in candidates
    }
