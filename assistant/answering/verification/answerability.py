"""Decides whether the passages answer the question, before a word is written.

A logistic gate (measured in docs/answers.md) over the chat model's own odds of "yes" to the
question whether what it read contains the answer, and the odds by the learned reader that the best
passage answers it. Without the reader, the cosine of the best sentence and the share of the
question's words that stand in what was read take its place; without a chat model, they decide
alone. The model says yes to most unanswerable questions at even odds, so that what counts as a yes
is fitted.
"""

import hashlib
import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Signals:
    """The signals of the gate. Odds are None where nobody was asked for them."""

    sentence_cosine: float
    covered: float  # share of the question's words in the passages
    yes_log_odds: float | None = None  # natural logarithm
    reader_odds: float | None = None  # log-odds, of the best passage by the reader


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
        total = (
            self.bias
            + self.sentence_cosine * signals.sentence_cosine
            + self.covered * signals.covered
            + self.yes_log_odds * (signals.yes_log_odds or 0.0)
            + self.reader_odds * (signals.reader_odds or 0.0)
        )
        return 1 / (1 + math.exp(-total))


@dataclass(frozen=True)
class OperatingPoint:
    """A setting between strict and helpful, with its measured effect."""

    threshold: float  # probability below which a question is refused
    unanswerable: float  # share of unanswerable questions that are refused
    answerable: float  # share of answerable ones that are refused as well


# The mean of five sets of questions, each by a gate that was fitted without it
# (benchmarks/results/reader.md), with the default chat model and before anything is read on.
POINTS = {
    "strict": OperatingPoint(0.5, 0.71, 0.18),
    "balanced": OperatingPoint(0.4, 0.65, 0.11),
    "helpful": OperatingPoint(0.3, 0.54, 0.06),
}
BALANCED = "balanced"
THRESHOLD = POINTS[BALANCED].threshold

# Above it the prompt does not offer a refusal. With the offer, a small model refuses a third of the
# questions whose answer it has read (docs/how-it-answers.md).
SURE = 0.6

# From this probability an answer is shown while it is written. Below, it is held back until enough
# of it is known to be stated; above, nearly every answer is.
SHOWN_AT_ONCE = 0.9

# Fitted by benchmarks/fit_gate.py to questions that no other benchmark asks; the odds are those of
# the default chat model. The gate with the reader was fitted to 204 questions of five sets, and has
# such a bias that a threshold has the effect that .1 less has in that fit.
WITH_READER = Gate(-1.90, 0.0, 0.0, 1.42, 0.31)
WITH_MODEL = Gate(-7.42, 8.03, 1.22, 1.04)
WITHOUT_MODEL = Gate(-7.38, 9.89, 2.28)


def answerable(signals: Signals) -> float:
    """The probability that the passages answer the question, by the gate for these signals."""
    return _gate(signals).answerable(signals)


def _gate(signals: Signals) -> Gate:
    if signals.yes_log_odds is None:
        return WITHOUT_MODEL
    return WITH_MODEL if signals.reader_odds is None else WITH_READER


def identity() -> str:
    """The identity of the gate: probabilities of different gates cannot be compared."""
    return hashlib.sha256(repr((WITH_READER, WITH_MODEL, WITHOUT_MODEL)).encode()).hexdigest()[:8]
