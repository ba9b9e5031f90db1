"""Learns from feedback, and switches on what measurably helps on the user's own data."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.evaluation.metrics import paired_difference
from assistant.feedback.ratings import Example, Feedback, examples, feedback
from assistant.i18n.translation import _
from assistant.settings import Settings
from assistant.storage.learned import Lesson, Lessons, MeasuredChange, lessons
from ingest.errors import Stopped
from vectorstore.library import Library
from vectorstore.retrieval.learned_ranker import EARLIER, FEATURES, Considered, Known, Learned

# -- Weights of features by logistic regression over pairs, and groups that are left out in turn
# A pair is a passage that answers and one that does not; how their features differ should tell
# which is which. Gradient-boosted trees (lambdarank) were not taken:
# they need thousands of questions, and a person has tens.

Matrix = NDArray[np.float64]

_FREE = 100.0  # the first column is hardly held towards 0
_STEP = 0.1  # of the score that is there: so much more is e times as likely to be right, ...
_TRUST = 1.0  # ... which counts as much as so many times all examples
_STEPS, _EXACT = 100, 1e-10  # of Newton's method, which takes about ten


def pair_weights(pairs: Matrix, importance: Matrix, strength: float, gains: int) -> Matrix:
    """One for each column of `pairs` (what answers minus what does not), the first of them 1.

    The first column is the score that is there. It is believed beforehand, and the others are held
    towards 0, the more the smaller the strength: without good reasons a ranking stays as it is.
    The last columns, as many as `gains`, get no weight below 0.
    """
    step = np.zeros((2, pairs.shape[1]))
    step[:, 0] = _STEP, -_STEP
    belief = importance.sum() * _TRUST * np.array([np.e, 1.0]) / (np.e + 1)
    rows = np.vstack([pairs, step])
    rows[:, 0] *= _FREE
    last = np.arange(rows.shape[1]) >= rows.shape[1] - gains
    found = _fitted_weights(rows, np.concatenate([importance, belief]), strength)
    while (below := last & (found < 0)).any():
        rows[:, below] = 0.0
        found = _fitted_weights(rows, np.concatenate([importance, belief]), strength)
    found[0] *= _FREE
    if found[0] <= 0:  # all examples against what is believed: nothing is learned from them
        found = np.eye(len(found))[0]
    share: Matrix = found / found[0]
    return share


def _fitted_weights(rows: Matrix, importance: Matrix, strength: float) -> Matrix:
    """Where strength times the loss of the rows, log(1 + exp(-row @ weights)), each by its
    importance, plus half the square of the weights is least: by Newton's method."""

    def loss(weights: Matrix) -> float:
        each = np.logaddexp(0, -rows @ weights)
        return float(strength * importance @ each + weights @ weights / 2)

    found = np.zeros(rows.shape[1])
    for _step in range(_STEPS):
        wrong = np.exp(-np.logaddexp(0, rows @ found))
        slope = found - strength * rows.T @ (importance * wrong)
        curve = strength * (rows.T * (importance * wrong * (1 - wrong))) @ rows
        move = np.linalg.solve(curve + np.eye(len(found)), slope)
        while loss(found - move) > loss(found) and np.abs(move).max() > _EXACT:
            move /= 2  # too far: the loss is not that of its curve
        found = found - move
        if np.abs(move).max() <= _EXACT:
            break
    return found


def folds(groups: Sequence[str], number: int, seed: int) -> Iterator[tuple[list[int], list[int]]]:
    """(kept, left out) by position: what is of one group is on one side."""
    shuffled = np.random.default_rng(seed).permutation(sorted(set(groups)))
    for part in np.array_split(shuffled, min(number, len(shuffled))):
        out = np.isin(groups, part)
        yield np.flatnonzero(~out).tolist(), np.flatnonzero(out).tolist()


# -- A measure of the same questions before and after, as the file of what was learned keeps it


def compare(before: Sequence[float], after: Sequence[float]) -> MeasuredChange:
    """Both means with the 95 % bootstrap interval of the difference; values in the same order."""
    change = paired_difference(after, before)
    mean = sum(before) / len(before)
    return MeasuredChange(mean, mean + change.mean, change.low, change.high)


# -- Learns a ranking from examples, and measures it on left-out ones

LEAST_QUESTIONS = 30  # questions whose page is known: with fewer an interval says little
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


Counted = tuple[str, Any]  # what it is, and its name


class Earlier:
    """Counts the places of earlier answers, with the option to leave one group out."""

    def __init__(self, cases: Iterable[Case]) -> None:
        self._all, self._of = Counter[Counted](), dict[str, Counter[Counted]]()
        for case in cases:
            counted = list(_counted(case))
            self._all.update(counted)
            self._of.setdefault(case.example.group, Counter()).update(counted)

    def known(self, without: str = "") -> Known:
        """The counts without a group: an example must not reveal its own place."""
        left = self._all - self._of.get(without, Counter())
        total = max(left["answer", ""], 1e-9)
        return Known(
            {what: n / total for (kind, what), n in left.items() if kind == "document"},
            {what: n / (n + 1) for (kind, what), n in left.items() if kind == "page"},
            {what: n / total for (kind, what), n in left.items() if kind == "section"},
        )


def _counted(case: Case) -> Iterator[Counted]:
    yield "answer", ""
    yield from {("document", name) for name, _page in case.example.pages}
    yield from (("page", page) for page in case.example.pages)
    yield from (("section", word) for word in case.sections)


def learn_ranking(cases: Sequence[Case], embedder: str) -> Learned:
    """Learn from all examples, with the regularisation that was best in cross-validation."""
    known, weights = _fitted_ranking(cases, 0)
    return Learned(tuple(float(w) for w in weights[1:]), known, embedder)


def measure_ranking(
    cases: Sequence[Case], step: Callable[[int, int], None] = lambda done, total: None
) -> Measured:
    """What learning does to questions that it did not see. `step` hears how much is done, as 500
    examples take a minute; what it raises ends it."""
    before = [worth(case, case.rows(Known()), _UNTOUCHED) for case in cases]
    after = np.zeros((len(cases), 2))
    for seed in range(_ROUNDS):
        parts = folds([case.example.group for case in cases], _PARTS, seed)
        for part, (kept, out) in enumerate(parts):
            step(seed * _PARTS + part, _ROUNDS * _PARTS)
            known, weights = _fitted_ranking([cases[at] for at in kept], seed)
            for at in out:
                value = worth(cases[at], cases[at].rows(known), weights)
                after[at] += np.array(value) / _ROUNDS
    rank, hit = (compare([b[n] for b in before], after[:, n].tolist()) for n in (0, 1))
    return Measured(len(cases), rank, hit)


def _fitted_ranking(cases: Sequence[Case], seed: int) -> tuple[Known, Matrix]:
    """Weights of the score, which is 1, and of the features; and what they are to be used with."""
    strength, earlier = _strength(cases, seed), Earlier(cases)
    return earlier.known(), _weights(_pairs(cases, earlier), strength)


def _strength(cases: Sequence[Case], seed: int) -> float:
    """The regularisation with the best ranks in cross-validation; among equals the strongest."""
    groups = [case.example.group for case in cases]
    if len(set(groups)) < _INNER:
        return STRENGTHS[0]
    ranks = dict.fromkeys(STRENGTHS, 0.0)
    for kept, out in folds(groups, _INNER, seed):
        earlier = Earlier([cases[at] for at in kept])
        pairs, known = _pairs([cases[at] for at in kept], earlier), earlier.known()
        rows = [(cases[at], cases[at].rows(known)) for at in out]
        for strength in STRENGTHS:
            weights = _weights(pairs, strength)
            ranks[strength] += sum(worth(case, row, weights)[0] for case, row in rows)
    return max(STRENGTHS, key=lambda strength: round(ranks[strength], 9))


def _weights(pairs: Matrix, strength: float) -> Matrix:
    """Earlier answers never speak against a place: an example does not know its own page, and would
    learn that the right page is one that is not known."""
    if not len(pairs):
        return _UNTOUCHED
    return pair_weights(pairs[:, :-1], pairs[:, -1], strength, gains=EARLIER)


def _pairs(cases: Sequence[Case], earlier: Earlier) -> Matrix:
    """Score and features of each passage that answers minus those of one that does not; the last
    column is the importance of the pair, of all pairs of an example 1."""
    found = [np.zeros((0, len(FEATURES) + 2))]
    for case in cases:
        rows = case.rows(earlier.known(without=case.example.group))
        good, bad = rows[case.right], rows[~case.right][:_AGAINST]
        differences = (good[:, None, :] - bad[None, :, :]).reshape(-1, rows.shape[1])
        # The first wrong ones matter most: what stands behind them is read by nobody.
        importance = np.tile(1 / np.arange(1.0, len(bad) + 1), len(good))
        importance /= max(importance.sum(), 1e-9)
        found.append(np.hstack([differences, importance[:, None]]))
    return np.vstack(found)


def worth(case: Case, rows: Matrix, weights: Matrix) -> tuple[float, float]:
    """Reciprocal rank of the first right page, and whether it is among the first five."""
    order = np.argsort(-(rows @ weights), kind="stable")
    pages = list(dict.fromkeys(case.considered[at].page for at in order))
    rank = next((n for n, page in enumerate(pages, 1) if page in case.example.pages), 0)
    return (1 / rank if rank else 0.0), float(0 < rank <= HIT)


Show = Callable[[str, int, int], None]  # the step, the number done, the total


@dataclass(frozen=True)
class Learning:
    """Of one library; what the command line and the app call."""

    library: Library
    feedback: Feedback

    @property
    def lessons(self) -> Lessons:
        return lessons(self.library.folder)

    def learn(self, show: Show, cancel: threading.Event) -> bool:
        """Learn, and replace earlier results; False when cancelled.

        Raises PinciteError.
        """

        def step(what: str, done: int, total: int) -> None:
            show(what, done, total)
            if cancel.is_set():
                raise Stopped("Nothing was learned.")

        try:
            self.lessons.keep(self._learned(step))
        except Stopped:
            return False
        return True

    def _learned(self, step: Show) -> Lesson:
        known = self._examples()
        lesson = Lesson(datetime.now(UTC).isoformat(timespec="seconds"), len(known))
        if len(known) < LEAST_QUESTIONS:
            return lesson
        cases = []
        for done, example in enumerate(known):
            step(example.question, done, len(known))
            cases.append(Case(example, self.library.considered(example.question)))
        measured = measure_ranking(cases, lambda done, of: step(_("comparing"), done, of))
        found = learn_ranking(cases, self.library.embedder().identity) if measured.gains else None
        return replace(lesson, rank=measured.rank, hit=measured.hit, ranking=found)

    def _examples(self) -> list[Example]:
        return examples(self.feedback, {info.document for info in self.library.documents()})

    def reset(self) -> None:
        """Back to the untouched ranking; thumbs and questions stay."""
        self.lessons.reset()

    def figures(self) -> list[tuple[str, MeasuredChange, int]]:
        """(what, without and with what was learned, of how many questions), as far as measured."""
        lesson = self.lessons.last()
        measured = [] if lesson is None else [
            ("reciprocal rank of the first right page", lesson.rank, lesson.questions),
            ("right page among the first 5", lesson.hit, lesson.questions),
        ]  # fmt: skip
        return [(name, figure, n) for name, figure, n in measured if figure is not None]

    def summarise(self) -> list[str]:
        """Sentences for people: how much data there is, and what is on."""
        lesson = self.lessons.last()
        if lesson is None:
            known = len(self._examples())
            more = [_ranking(Lesson("", known))] if known < LEAST_QUESTIONS else []
            return [_data(self.feedback), _("Nothing has been learned yet."), *more]
        learned = lesson.ranking
        unused = learned is not None and learned.embedder != self.library.embedder().identity
        return [_data(self.feedback), _ranking(lesson, unused)]


def learning_of(settings: Settings, library: Library, person: str = "") -> Learning:
    """Of a library of the home, from the feedback of the person with that id."""
    return Learning(library, feedback(settings, library.name, person))


# -- for people


def _data(feedback: Feedback) -> str:
    ratings = feedback.ratings()
    up = sum(rating.good for rating in ratings)
    kept = len(feedback.mine.of("kept"))
    return _("Questions of your own: {own}. Thumbs up: {up}, down: {down}.",
             own=kept, up=up, down=len(ratings) - up)  # fmt: skip


def _ranking(lesson: Lesson, unused: bool = False) -> str:
    if lesson.rank is None:
        more = LEAST_QUESTIONS - lesson.questions
        return _("Ranking: {more} more questions with a known page are needed; you have {known}. "
                 "Thumbs up and kept drafts count.", more=more, known=lesson.questions)  # fmt: skip
    if unused:
        return _("Ranking: on; not used, as the embedding model is another one since: learn again.")
    return _("Ranking: on.") if lesson.ranking else _("Ranking: no certain gain, left off.")
