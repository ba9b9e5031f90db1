"""Metrics as pure functions: hits, recall, ranking quality, intervals."""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.evaluation.sets.question_sets import EvidencePage

PagePair = tuple[str, int]  # document, page
_Z = 1.959964  # standard errors around 95 % of a normal distribution


@dataclass(frozen=True)
class Interval:
    """A mean and its confidence interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def first_distinct(pairs: Iterable[PagePair], limit: int = 5) -> list[PagePair]:
    """The first `limit` different pages of a ranking: chunks of one page count once."""
    return list(dict.fromkeys(pairs))[:limit]


def page_hit(
    pages: Iterable[PagePair], evidence: Iterable[EvidencePage], tolerance: int = 0
) -> bool:
    """Whether any page of the evidence was found, or one at most `tolerance` pages away."""
    found = list(pages)
    return any(_is_found(place, found, tolerance) for place in evidence)


def page_recall(
    pages: Iterable[PagePair], evidence: Collection[EvidencePage], tolerance: int = 0
) -> float:
    """The share of the evidence that was found."""
    found = list(pages)
    places = set(evidence)
    return (
        sum(_is_found(place, found, tolerance) for place in places) / len(places) if places else 0.0
    )


def document_hit(pages: Iterable[PagePair], evidence: Iterable[EvidencePage]) -> bool:
    """Whether any document of the evidence was found, on whatever page."""
    return bool({place.doc for place in evidence} & {document for document, _ in pages})


def _is_found(place: EvidencePage, pages: Sequence[PagePair], tolerance: int) -> bool:
    return place.page is not None and any(
        document == place.doc and abs(page - place.page) <= tolerance for document, page in pages
    )


def recall(ranking: Sequence[str], relevant: Collection[str], k: int) -> float:
    """The share of the relevant ids among the first `k` of a ranking."""
    wanted = set(relevant)
    return len(wanted.intersection(ranking[:k])) / len(wanted) if wanted else 0.0


def ndcg(ranking: Sequence[str], relevant: Collection[str], k: int = 10) -> float:
    """Normalised discounted cumulative gain for judgements that are relevant or not."""
    wanted = set(relevant)
    if not wanted:
        return 0.0
    gain = sum(1 / math.log2(rank + 2) for rank, id in enumerate(ranking[:k]) if id in wanted)
    return gain / sum(1 / math.log2(rank + 2) for rank in range(min(k, len(wanted))))


def mean_interval(values: Sequence[float] | Sequence[bool]) -> Interval:
    """The mean with its 95 % interval: Wilson's where each value is 0 or 1, else a bootstrap."""
    if all(value in (0, 1) for value in values):
        return wilson(sum(map(int, values)), len(values))
    return bootstrap_interval(values)


def wilson(right: int, n: int) -> Interval:
    """The share of `right` among `n`, with its 95 % score interval; of nothing it is 0 to 1.

    Drawn anew, values that are all the same have no spread: a bootstrap would call 3 of 3 sure.
    E. B. Wilson, Probable inference, the law of succession, and statistical inference, Journal of
    the American Statistical Association 22 (1927), 209-212; recommended for few values by Brown,
    Cai and DasGupta, Interval estimation for a binomial proportion, Statistical Science 16 (2001).
    """
    if not n:
        return Interval(math.nan, 0.0, 1.0)
    share, about = right / n, 1 + _Z * _Z / n
    middle = (share + _Z * _Z / (2 * n)) / about
    half = _Z * math.sqrt(share * (1 - share) / n + _Z * _Z / (4 * n * n)) / about
    return Interval(share, max(middle - half, 0.0), min(middle + half, 1.0))


def bootstrap_interval(
    values: Sequence[float] | Sequence[bool],
    level: float = 0.95,
    rounds: int = 10_000,
    seed: int = 0,
) -> Interval:
    """The mean and its percentile bootstrap interval; the same values give the same interval."""
    data = np.asarray(values, dtype=float)
    if not len(data):
        return Interval(math.nan, math.nan, math.nan)
    picks = np.random.default_rng(seed).integers(0, len(data), size=(rounds, len(data)))
    tail = 50 * (1 - level)
    low, high = np.percentile(data[picks].mean(axis=1), [tail, 100 - tail])
    return Interval(float(data.mean()), float(low), float(high))


def ratio_interval(
    parts: Sequence[tuple[float, float]], level: float = 0.95, rounds: int = 10_000, seed: int = 0
) -> Interval:
    """The sum of the first over the sum of the second, as of sentences that several questions have.

    Whole questions are drawn: sentences of one answer are right or wrong together. Where all or
    none are right, nothing drawn differs, and the interval is Wilson's over the questions.
    """
    data = np.asarray(parts, dtype=float).reshape(-1, 2)
    if not data[:, 1].sum():
        return Interval(math.nan, math.nan, math.nan)
    if (share := data[:, 0].sum() / data[:, 1].sum()) in (0, 1):
        asked = int((data[:, 1] > 0).sum())
        return wilson(int(share) * asked, asked)
    picks = np.random.default_rng(seed).integers(0, len(data), size=(rounds, len(data)))
    above, below = data[picks].sum(axis=1).T
    tail = 50 * (1 - level)
    low, high = np.percentile(above[below > 0] / below[below > 0], [tail, 100 - tail])
    return Interval(float(data[:, 0].sum() / data[:, 1].sum()), float(low), float(high))


def paired_difference(ours: Sequence[float], theirs: Sequence[float]) -> Interval:
    """How much better `ours` is on the same questions, in the same order."""
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} and {len(theirs)} values cannot be paired")
    return bootstrap_interval([float(a) - float(b) for a, b in zip(ours, theirs, strict=True)])


def paired_ratio_difference(
    ours: Sequence[tuple[float, float]], theirs: Sequence[tuple[float, float]], rounds: int = 10_000
) -> Interval:
    """How much higher the ratio of `ours` is on the same questions, in the same order."""
    data = np.asarray([ours, theirs], dtype=float).reshape(2, -1, 2)
    totals = data.sum(axis=1)
    if not (totals[:, 1] > 0).all():
        return Interval(math.nan, math.nan, math.nan)
    picks = np.random.default_rng(0).integers(0, data.shape[1], size=(rounds, data.shape[1]))
    drawn = data[:, picks].sum(axis=2)  # system, round, above and below
    whole = drawn[:, (drawn[:, :, 1] > 0).all(axis=0)]
    first, second = whole[:, :, 0] / whole[:, :, 1]
    low, high = np.percentile(first - second, [2.5, 97.5])
    mean = totals[0, 0] / totals[0, 1] - totals[1, 0] / totals[1, 1]
    return Interval(float(mean), float(low), float(high))


def words(text: str) -> list[str]:
    """Lower-case words and numbers; articles dropped, thousands separators removed."""
    joined = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text.lower())
    found = re.findall(r"\d+(?:\.\d+)?|[^\W\d_]+", joined)
    return [word for word in found if word not in {"a", "an", "the"}]


def token_f1(answer: str, gold: str) -> float:
    """The harmonic mean of word precision and word recall."""
    said, wanted = Counter(words(answer)), Counter(words(gold))
    shared = (said & wanted).total()
    return 2 * shared / (said.total() + wanted.total()) if shared else 0.0


def contains(answer: str, gold: str) -> bool:
    """Whether the words of the gold answer stand in the answer, in their order."""
    said, wanted = words(answer), words(gold)
    return bool(wanted) and f" {' '.join(wanted)} " in f" {' '.join(said)} "
