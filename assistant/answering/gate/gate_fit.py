"""Fits how much a model's odds count in the gate, from questions whose right decision is known.

What the evidence alone says keeps its weights: they were fitted to five sets of questions, and a
small set of one company would overrate them. Only two numbers are fitted: the weight of the model's
odds, and the bias. The odds never count against an answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.answering.gate import answerability
from assistant.answering.gate.answerability import Gate, OperatingPoint, Signals, Weights

FOLDS = 5
_STEPS = 25  # of Newton's method; 6 are enough
_HELD = 0.5  # how strongly the weight is held towards 0, in odds of one standard deviation

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """A question with the odds of a model, and whether its passages answer it."""

    group: str  # examples of one group are about the same question
    answerable: bool
    signals: Signals


def fit(examples: Sequence[Example]) -> Weights:
    """The gates for the model that gave the odds. Both kinds of examples are needed."""
    return Weights(
        _fit(examples, answerability.WITH_READER_ALONE), _fit(examples, answerability.WITHOUT_MODEL)
    )


def curve(examples: Sequence[Example]) -> dict[str, OperatingPoint]:
    """What the gate refuses at each setting, on questions that it was not fitted to."""
    chances = left_out(examples)
    truth = np.array([example.answerable for example in examples])
    points = answerability.POINTS.items()
    return {name: _point(point.threshold, chances, truth) for name, point in points}


def left_out(examples: Sequence[Example]) -> Floats:
    """The probability of each example, by a gate that was fitted without its fold."""
    groups = list(dict.fromkeys(example.group for example in examples))
    fold = {group: number % FOLDS for number, group in enumerate(groups)}
    found = np.zeros(len(examples))
    for number in range(FOLDS):
        weights = fit([one for one in examples if fold[one.group] != number])
        for at, one in enumerate(examples):
            if fold[one.group] == number:
                found[at] = answerability.answerable(one.signals, weights)
    return found


def _point(threshold: float, chances: Floats, truth: NDArray[np.bool_]) -> OperatingPoint:
    refused = chances < threshold
    shares = (float(refused[~truth].mean()), float(refused[truth].mean()))
    return OperatingPoint(threshold, round(shares[0], 3), round(shares[1], 3))


def _fit(examples: Sequence[Example], base: Gate) -> Gate:
    odds = np.array([example.signals.yes_log_odds or 0.0 for example in examples])
    truth = np.array([example.answerable for example in examples])
    known = np.array([base.total(example.signals) for example in examples])
    scale = float(odds.std()) or 1.0
    weight, bias = _regression(known, (odds - odds.mean()) / scale, truth)
    weight /= scale
    return Gate(
        base.bias + bias - weight * float(odds.mean()), base.sentence_cosine, base.covered,
        weight, base.reader_odds,
    )  # fmt: skip


def _regression(known: Floats, odds: Floats, truth: NDArray[np.bool_]) -> tuple[float, float]:
    """Weight and bias of a logistic regression beside what is known, both kinds counted alike.

    By Newton's method; scikit-learn's has no terms that are known beforehand.
    """
    counts = np.where(truth, 0.5 / truth.sum(), 0.5 / (~truth).sum()) * len(truth)
    found, columns = np.zeros(2), np.column_stack([odds, np.ones(len(odds))])
    held = np.diag([_HELD, _HELD / 10])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(known + columns @ found, -30, 30)))
        slope = columns.T @ (counts * (truth - chance)) - held @ found
        bend = (columns.T * (counts * chance * (1 - chance))) @ columns + held
        found = found + np.linalg.solve(bend, slope)
    if found[0] < 0 and odds.any():  # then only the bias
        return _regression(known, np.zeros(len(odds)), truth)
    return float(found[0]), float(found[1])
