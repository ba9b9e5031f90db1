"""Decides from evidence whether the passages answer the question, before a word is written.

A logistic gate over four signals (measured in docs/evaluation.md): the chat model's own odds of
"yes" to the question whether the documents contain the answer, the cosines of the best passage and
of the best sentence, and the share of the question's words that stand in what was read. The model
says yes to most unanswerable questions at even odds, so that what counts as a yes is fitted. The
probability that it would begin with the refusal sentence added nothing beside these.
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


THRESHOLD = 0.35  # of the probability, below which a question is refused

# Fitted by benchmarks/fit_gate.py to questions that no other benchmark asks; the odds are those of
# the default chat model.
WITH_MODEL = Gate(-9.47, 3.70, 7.17, 0.68, 1.26)
WITHOUT_MODEL = Gate(-9.04, 5.00, 7.55, 2.09)


def answerable(signals: Signals) -> float:
    """Probability that the passages answer the question, by the gate that fits the signals."""
    gate = WITHOUT_MODEL if signals.yes_log_odds is None else WITH_MODEL
    return gate.answerable(signals)
