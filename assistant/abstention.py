"""Decides from evidence whether the passages answer the question, before a word is written.

A logistic gate over four signals (measured in docs/evaluation.md): the chat model's own odds of
"yes" to the question whether the best three sentences contain the answer, the cosines of the best
passage and of the best sentence, and the share of the question's words that stand in what was read.
The model says yes to most unanswerable questions at even odds, so that what counts as a yes is
fitted. Asked about all that it will read it tells less well (AUROC .837 instead of .856 on
questions of CLAPNQ that the fit has not seen), and a refusal comes six times as late.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Signals:
    """What is known before answering. The model's signal is None without a chat model."""

    passage_cosine: float
    sentence_cosine: float
    covered: float  # share of the question's words in the passages
    yes_log_odds: float | None = None  # natural logarithm
    follows: bool = False  # a follow-up: the model was asked behind the turns before


@dataclass(frozen=True)
class Gate:
    """Weights of a logistic regression; `answerable` gives a probability."""

    bias: float
    passage_cosine: float
    sentence_cosine: float
    covered: float
    yes_log_odds: float = 0.0

    def answerable(self, signals: Signals) -> float:
        """Probability that the passages answer the question, 0 to 1."""
        total = (
            self.bias
            + self.passage_cosine * signals.passage_cosine
            + self.sentence_cosine * signals.sentence_cosine
            + self.covered * signals.covered
            + self.yes_log_odds * (signals.yes_log_odds or 0.0)
        )
        return 1 / (1 + math.exp(-total))


@dataclass(frozen=True)
class Point:
    """One setting between strict and helpful, and what it was measured to do."""

    threshold: float  # of the probability, below which a question is refused
    unanswerable: float  # share of unanswerable questions that are refused
    answerable: float  # share of answerable ones that are refused as well


# On the questions of CLAPNQ and the samples in benchmarks/fit_gate.py, to which it was fitted.
POINTS = {
    "strict": Point(0.5, 0.74, 0.16),
    "balanced": Point(0.4, 0.69, 0.09),
    "helpful": Point(0.3, 0.54, 0.05),
}
BALANCED = "balanced"
THRESHOLD = POINTS[BALANCED].threshold

# Above it the model is not told that it may refuse. A small model that may does so on a third of
# the questions whose answer it has before it (docs/evaluation.md).
SURE = 0.6

# Fitted by benchmarks/fit_gate.py to questions that no other benchmark asks; the odds are those of
# the default chat model.
WITH_MODEL = Gate(-8.96, 5.65, 4.16, 2.48, 0.93)
FOLLOW_UP = Gate(-9.22, 5.38, 5.08, 1.78, 0.89)
WITHOUT_MODEL = Gate(-9.04, 6.82, 5.50, 2.47)


def answerable(signals: Signals) -> float:
    """Probability that the passages answer the question, by the gate that fits the signals."""
    if signals.yes_log_odds is None:
        return WITHOUT_MODEL.answerable(signals)
    return (FOLLOW_UP if signals.follows else WITH_MODEL).answerable(signals)
