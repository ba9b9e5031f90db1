"""Learns a ranking from examples, and measures it on left-out ones."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from assistant.feedback import fit
from assistant.feedback.examples import Example
from assistant.feedback.fit import Matrix
from assistant.feedback.measure import compare
from assistant.storage.learned_measure import MeasuredChange
from vectorstore.retrieval.fusion import Place
from vectorstore.retrieval.learned_ranker import EARLIER, FEATURES, Considered, Known, Learned

LEAST = 30  # questions whose page is known: with fewer an interval says little
STRENGTHS = (0.01, 0.1, 1.0, 10.0, 100.0)
HIT = 5  # pages
_PARTS, _INNER = 5, 3  # folds for measuring and for choosing
_ROUNDS = 3  # repetitions with other folds; a question's value is the mean
_AGAINST = 50  # of the best passages that do not answer
_UNTOUCHED: Matrix = np.eye(len(FEATURES) + 1)[0]


@dataclass(frozen=True)
class Case:
    """An example and the candidates of its question, best first."""

    example: Example
    considered: Sequence[Considered]

    @property
    def sections(self) -> frozenset[str]:
        """Words of the headings under which the answer stands, as far as it was considered."""
        right = (c.sections for c in self.considered if c.page in self.example.pages)
        return frozenset().union(*right)

    def rows(self, known: Known) -> Matrix:
        """Of each candidate the score, and its features in the order of FEATURES."""
        earlier = np.array([c.earlier(known) for c in self.considered]).reshape(-1, EARLIER)
        return np.hstack([self._fixed, earlier])

    @cached_property
    def _fixed(self) -> Matrix:
        rows = [(c.ranked.score, *c.fixed) for c in self.considered]
        return np.array(rows).reshape(len(rows), len(FEATURES) + 1 - EARLIER)

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        """Which candidates are on a right page."""
        return np.array([c.page in self.example.pages for c in self.considered], bool)


@dataclass(frozen=True)
class Measured:
    """By cross-validation. `rank` is the reciprocal rank of the first right page."""

    questions: int
    rank: MeasuredChange
    hit: MeasuredChange  # right page among the first five

    @property
    def gains(self) -> bool:
        """Whether the whole interval of the change is a gain, and no hits are lost."""
        return self.rank.low > 0 and self.hit.change >= 0


class Earlier:
    """Counts the places of earlier answers, with the option to leave one group out."""

    def __init__(self, cases: Iterable[Case]) -> None:
        self._all = _Counts()
        self._of: dict[str, _Counts] = {}
        for case in cases:
            self._all.add(case)
            self._of.setdefault(case.example.group, _Counts()).add(case)

    def known(self, without: str = "") -> Known:
        """The counts without a group: an example must not reveal its own place."""
        left_out = self._of.get(without, _Counts())
        total = max(self._all.answers - left_out.answers, 1e-9)
        documents = self._all.documents - left_out.documents
        pages = self._all.pages - left_out.pages
        sections = self._all.sections - left_out.sections
        return Known(
            {name: n / total for name, n in documents.items()},
            {page: n / (n + 1) for page, n in pages.items()},
            {word: n / total for word, n in sections.items()},
        )


@dataclass
class _Counts:
    """Each by the weights of its examples."""

    answers: float = 0.0
    documents: Counter[str] = field(default_factory=Counter)
    pages: Counter[Place] = field(default_factory=Counter)
    sections: Counter[str] = field(default_factory=Counter)

    def add(self, case: Case) -> None:
        weight = case.example.weight
        self.answers += weight
        for target, values in (
            (self.documents, {name for name, _page in case.example.pages}),
            (self.pages, case.example.pages),
            (self.sections, case.sections),
        ):
            for value in values:
                target[value] += weight  # type: ignore[index, assignment]


def learn(cases: Sequence[Case], embedder: str) -> Learned:
    """Learn from all examples, with the regularisation that was best in cross-validation."""
    known, weights = _fitted(cases, 0)
    return Learned(tuple(float(w) for w in weights[1:]), known, embedder)


def measure(
    cases: Sequence[Case], step: Callable[[int, int], None] = lambda done, total: None
) -> Measured:
    """What learning does to questions that it did not see. `step` hears how much is done, as 500
    examples take a minute; what it raises ends it."""
    sure = [at for at, case in enumerate(cases) if case.example.sure]
    before = [worth(cases[at], cases[at].rows(Known()), _UNTOUCHED) for at in sure]
    after = {at: np.zeros(2) for at in sure}
    for seed in range(_ROUNDS):
        parts = fit.folds([case.example.group for case in cases], _PARTS, seed)
        for part, (kept, out) in enumerate(parts):
            step(seed * _PARTS + part, _ROUNDS * _PARTS)
            known, weights = _fitted([cases[at] for at in kept], seed)
            for at in out:
                if cases[at].example.sure:
                    value = worth(cases[at], cases[at].rows(known), weights)
                    after[at] += np.array(value) / _ROUNDS
    rank, hit = (compare([b[n] for b in before], [after[at][n] for at in sure]) for n in (0, 1))
    return Measured(len(sure), rank, hit)


def _fitted(cases: Sequence[Case], seed: int) -> tuple[Known, Matrix]:
    """Weights of the score, which is 1, and of the features; and what they are to be used with."""
    strength, earlier = _strength(cases, seed), Earlier(cases)
    return earlier.known(), _weights(_pairs(cases, earlier), strength)


def _strength(cases: Sequence[Case], seed: int) -> float:
    """The regularisation with the best ranks in cross-validation; among equals the strongest."""
    groups = [case.example.group for case in cases]
    if len(set(groups)) < _INNER:
        return STRENGTHS[0]
    ranks = dict.fromkeys(STRENGTHS, 0.0)
    for kept, out in fit.folds(groups, _INNER, seed):
        earlier = Earlier([cases[at] for at in kept])
        pairs, known = _pairs([cases[at] for at in kept], earlier), earlier.known()
        rows = [(cases[at], cases[at].rows(known)) for at in out]
        for strength in STRENGTHS:
            weights = _weights(pairs, strength)
            ranks[strength] += sum(c.example.weight * worth(c, r, weights)[0] for c, r in rows)
    return max(STRENGTHS, key=lambda strength: round(ranks[strength], 9))


def _weights(pairs: Matrix, strength: float) -> Matrix:
    """Earlier answers never speak against a place: an example does not know its own page, and would
    learn that the right page is one that is not known."""
    if not len(pairs):
        return _UNTOUCHED
    return fit.weights(pairs[:, :-1], pairs[:, -1], strength, gains=EARLIER)


def _pairs(cases: Sequence[Case], earlier: Earlier) -> Matrix:
    """Score and features of each passage that answers minus those of one that does not; the last
    column is the importance of the pair, of all pairs of an example its weight."""
    found = [np.zeros((0, len(FEATURES) + 2))]
    for case in cases:
        rows = case.rows(earlier.known(without=case.example.group))
        good, bad = rows[case.right], rows[~case.right][:_AGAINST]
        differences = (good[:, None, :] - bad[None, :, :]).reshape(-1, rows.shape[1])
        # The first wrong ones matter most: what stands behind them is read by nobody.
        importance = np.tile(1 / np.arange(1.0, len(bad) + 1), len(good))
        importance *= case.example.weight / max(importance.sum(), 1e-9)
        found.append(np.hstack([differences, importance[:, None]]))
    return np.vstack(found)


def worth(case: Case, rows: Matrix, weights: Matrix) -> tuple[float, float]:
    """Reciprocal rank of the first right page, and whether it is among the first five."""
    order = np.argsort(-(rows @ weights), kind="stable")
    pages = list(dict.fromkeys(case.considered[at].page for at in order))
    rank = next((n for n, page in enumerate(pages, 1) if page in case.example.pages), 0)
    return (1 / rank if rank else 0.0), float(0 < rank <= HIT)
