"""Decides whether the passages answer the question, before a word is written.

A logistic gate (measured in docs/answers.md) over the evidence, which is the learned reader's odds
that the best passage answers it, and over the chat model's own odds of "yes" to the question
whether what it read contains the answer. Without the reader, the cosine of the best sentence and
the share of the question's words that stand in what was read take its place. A model says yes to
most unanswerable questions at even odds, so that what counts as a yes is fitted, to each model for
itself: the odds of one without weights of its own do not count.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Languages = Literal["", "one", "two"]
"""Of an embedding model for several: whether question and passages are in one; else empty."""


@dataclass(frozen=True)
class Signals:
    """The signals of the gate. Odds are None where no model gave them."""

    sentence_cosine: float
    covered: float  # share of the question's words in the passages
    yes_log_odds: float | None = None  # natural logarithm
    reader_odds: float | None = None  # log-odds, of the best passage by the reader
    languages: Languages = ""


@dataclass(frozen=True)
class Gate:
    """Weights of a logistic regression; `answerable` gives a probability."""

    bias: float
    sentence_cosine: float
    covered: float
    yes_log_odds: float = 0.0
    reader_odds: float = 0.0

    def answerable(self, signals: Signals) -> float:
        """Probability that the passages answer the question, 0 to 1."""
        return 1 / (1 + math.exp(-self.total(signals)))

    def total(self, signals: Signals) -> float:
        """The log-odds of that probability: the bias and the weighted signals."""
        return sum(self.shares(signals).values())

    def shares(self, signals: Signals) -> dict[str, float]:
        """What the bias and each signal add to the log-odds."""
        return {
            "bias": self.bias,
            "sentence_cosine": self.sentence_cosine * signals.sentence_cosine,
            "covered": self.covered * signals.covered,
            "yes_log_odds": self.yes_log_odds * (signals.yes_log_odds or 0.0),
            "reader_odds": self.reader_odds * (signals.reader_odds or 0.0),
        }


@dataclass(frozen=True)
class Weights:
    """The gates that count a model's odds, fitted to this model."""

    with_reader: Gate
    without_reader: Gate


@dataclass(frozen=True)
class OperatingPoint:
    """A setting between strict and helpful, with its measured effect."""

    threshold: float  # probability below which a question is refused
    unanswerable: float  # share of unanswerable questions that are refused
    answerable: float  # share of answerable ones that are refused as well


# The mean of five sets of questions, each by a gate that was fitted without it
# (benchmarks/results/reader.md), with the default chat model and before anything is read on.
OPERATING_POINTS = {
    "strict": OperatingPoint(0.5, 0.71, 0.18),
    "balanced": OperatingPoint(0.4, 0.65, 0.11),
    "helpful": OperatingPoint(0.3, 0.54, 0.06),
}
# The same without a model's odds (benchmarks/results/gate_by_model.md).
NO_MODEL = {
    "strict": OperatingPoint(0.5, 0.73, 0.29),
    "balanced": OperatingPoint(0.4, 0.65, 0.22),
    "helpful": OperatingPoint(0.3, 0.55, 0.18),
}
BALANCED, HELPFUL = "balanced", "helpful"
DEFAULT_THRESHOLD = OPERATING_POINTS[BALANCED].threshold

# Above it the prompt does not offer a refusal. With the offer, a small model refuses a third of the
# questions whose answer it has read (docs/how-it-answers.md).
SURE = 0.6

# From this probability an answer is shown while it is written. Below, it is held back until enough
# of it is known to be stated; above, nearly every answer is.
SHOWN_AT_ONCE = 0.9

# Fitted by benchmarks/fitting/fit_gate.py to questions that no other benchmark asks; the odds are
# those of the default chat model. The gate with the reader was fitted to 204 questions of five
# sets, and has such a bias that a threshold has the effect that .1 less has in that fit.
WITH_READER = Gate(-1.90, 0.0, 0.0, 1.42, 0.31)
WITH_MODEL = Gate(-7.42, 8.03, 1.22, 1.04)
WITHOUT_MODEL = Gate(-7.38, 9.89, 2.28)
# To 234 questions of the same five sets (benchmarks/results/gate_by_model.md).
WITH_READER_ALONE = Gate(0.05, 0.0, 0.0, reader_odds=0.64)
# To multilingual-e5-small, with questions in five languages to passages in their own, and in four
# to English ones (benchmarks/fitting/gate_by_language.py, benchmarks/results/languages.md).
IN_ONE_LANGUAGE = Gate(-8.43, 14.37, 4.21)
IN_TWO_LANGUAGES = Gate(-2.55, 11.36, 0.50)
_EVIDENCE: dict[Languages, Gate] = {
    "": WITHOUT_MODEL, "one": IN_ONE_LANGUAGE, "two": IN_TWO_LANGUAGES,
}  # fmt: skip

DEFAULT_WEIGHTS = Weights(WITH_READER, WITH_MODEL)  # of the default chat model


def answerable(signals: Signals, weights: Weights | None = DEFAULT_WEIGHTS) -> float:
    """The probability that the passages answer the question, by the gate for these signals.
    `weights`: of the model that gave the odds; without them its odds do not count."""
    return _gate(signals, weights).answerable(signals)


def signal_shares(signals: Signals, weights: Weights | None = DEFAULT_WEIGHTS) -> dict[str, float]:
    """What the bias and each signal that counts add to the log-odds of `answerable`."""
    found = _gate(signals, weights).shares(signals)
    return {name: share for name, share in found.items() if share or name == "bias"}


def _gate(signals: Signals, weights: Weights | None) -> Gate:
    read = signals.reader_odds is not None
    if weights is None or signals.yes_log_odds is None:
        return WITH_READER_ALONE if read else _EVIDENCE[signals.languages]
    return weights.with_reader if read else weights.without_reader


def identity() -> str:
    """The identity of the gate: probabilities of different gates cannot be compared."""
    gates = (
        WITH_READER, WITH_MODEL, WITHOUT_MODEL, WITH_READER_ALONE, IN_ONE_LANGUAGE,
        IN_TWO_LANGUAGES,
    )  # fmt: skip
    return hashlib.sha256(repr(gates).encode()).hexdigest()[:8]


# -- Fits how much a model's odds count in the gate, from questions whose right decision is known
# What the evidence alone says keeps its weights: they were fitted to five sets of questions, and a
# small set of one company would overrate them. Only two numbers are fitted: the weight of the
# model's odds, and the bias. The odds never count against an answer.

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


def fit_weights(examples: Sequence[Example]) -> Weights:
    """The gates for the model that gave the odds. Both kinds of examples are needed."""
    return Weights(_fit(examples, WITH_READER_ALONE), _fit(examples, WITHOUT_MODEL))


def refusal_curve(examples: Sequence[Example]) -> dict[str, OperatingPoint]:
    """What the gate refuses at each setting, on questions that it was not fitted to."""
    chances = left_out(examples)
    truth = np.array([example.answerable for example in examples])
    points = OPERATING_POINTS.items()
    return {name: _point(point.threshold, chances, truth) for name, point in points}


def left_out(examples: Sequence[Example]) -> Floats:
    """The probability of each example, by a gate that was fitted without its fold."""
    groups = list(dict.fromkeys(example.group for example in examples))
    fold = {group: number % FOLDS for number, group in enumerate(groups)}
    found = np.zeros(len(examples))
    for number in range(FOLDS):
        weights = fit_weights([one for one in examples if fold[one.group] != number])
        for at, one in enumerate(examples):
            if fold[one.group] == number:
                found[at] = answerable(one.signals, weights)
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
