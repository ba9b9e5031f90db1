"""Chooses the refusal threshold from a user's ratings.

Of each answer the gate's probability is known, and whether it would have been right to answer: a
good answer and a refusal that was found wrong say yes, a wrong answer and a good refusal say no.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from assistant.answering.gate import answerability
from assistant.evaluation.scoring import scored
from assistant.feedback import fit
from assistant.feedback.measure import compare
from assistant.feedback.ratings import Rating
from assistant.storage.learned_measure import MeasuredChange

LEAST = 10  # answers of each kind
_PARTS, _ROUNDS = 5, 3
_LABELS = ("correct", "wrong", "refused", "answered")


@dataclass(frozen=True)
class Judged:
    """The gate's probability for a question, and the right decision."""

    question: str
    answerable: float
    answers: bool  # it should be answered
    model: str  # whose odds the gate has read


def judged(ratings: Iterable[Rating], rows: Iterable[dict[str, Any]]) -> list[Judged]:
    """Of thumbs, and of the rows of a run over the person's own questions; each question once, as
    it was judged last. Only of the model that is judged last, and of the gate of this version: of
    others the probabilities differ."""
    found = [*_of_run(rows), *_of_thumbs(ratings)]
    once = {one.question: one for one in found}
    return [one for one in once.values() if one.model == found[-1].model]


def _of_thumbs(ratings: Iterable[Rating]) -> Iterator[Judged]:
    for r in ratings:
        if r.answerable is not None and r.gate == answerability.identity():
            yield Judged(r.question, r.answerable, r.good != r.refused, r.model)


def _of_run(rows: Iterable[dict[str, Any]]) -> Iterator[Judged]:
    for row in rows:
        answer = row.get("answer") or {}
        one = scored(row)
        if "answerable" not in answer or one.label not in _LABELS:
            continue
        right = one.question.wanted == "answer" and one.label != "wrong"
        yield Judged(one.question.question, answer["answerable"], right, answer["model"])


def missing(should: tuple[int, int]) -> tuple[int, int]:
    """How many more examples of each kind are needed: to answer, to refuse."""
    answer, refuse = should
    return max(LEAST - answer, 0), max(LEAST - refuse, 0)


def choose(found: Sequence[Judged], default: float) -> float:
    """The threshold with the most right decisions; among equals the one nearest to the default."""
    seen = sorted({one.answerable for one in found})
    between = [round((a + b) / 2, 4) for a, b in pairwise(seen)]
    possible = [default, *between]
    return max(possible, key=lambda t: (sum(_right(one, t) for one in found), -abs(t - default)))


def measure(found: Sequence[Judged], default: float) -> MeasuredChange:
    """The share of right decisions, with the default and with a threshold that was chosen on other
    questions."""
    before = [float(_right(one, default)) for one in found]
    after = [0.0] * len(found)
    for seed in range(_ROUNDS):
        for kept, out in fit.folds([one.question for one in found], _PARTS, seed):
            threshold = choose([found[at] for at in kept], default)
            for at in out:
                after[at] += _right(found[at], threshold) / _ROUNDS
    return compare(before, after)


def _right(one: Judged, threshold: float) -> bool:
    return (one.answerable >= threshold) == one.answers
