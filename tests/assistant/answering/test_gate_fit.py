"""The weight of a model's odds, fitted to questions whose right decision is known."""

import random

import pytest

from assistant.answering import gate
from assistant.answering.gate import (
    Example,
    Signals,
    Weights,
    answerable,
    fit_weights,
    left_out,
    refusal_curve,
)


def examples(telling: float, shift: float = 0.0, count: int = 120) -> list[Example]:
    """Odds that differ by so much between the two kinds, and a reader that knows a little."""
    drawn = random.Random(0)
    made = []
    for number in range(count):
        yes = number % 2 == 0
        odds = shift + drawn.gauss(telling if yes else -telling, 1.0)
        reader = drawn.gauss(0.5 if yes else -0.5, 1.5)
        signals = Signals(drawn.gauss(0.6, 0.1), drawn.random(), odds, reader)
        made.append(Example(f"q{number}", yes, signals))
    return made


def right(weights: Weights | None, of: list[Example]) -> float:
    """The share of decisions at even odds that are right."""
    return sum((answerable(e.signals, weights) > 0.5) == e.answerable for e in of) / len(of)


def test_odds_that_tell_are_used() -> None:
    made = examples(telling=2.0)
    assert right(fit_weights(made), made) > 0.95 > right(None, made)


def test_what_counts_as_a_yes_is_the_models_own() -> None:
    made = examples(telling=2.0, shift=9.0)  # it says yes to everything
    assert right(fit_weights(made), made) > 0.95
    assert right(gate.DEFAULT_WEIGHTS, made) == 0.5  # as judged by the weights of another model


def test_odds_that_say_nothing_hardly_count() -> None:
    made = examples(telling=0.0)
    assert 0 <= fit_weights(made).with_reader.yes_log_odds < 0.15


def test_odds_that_say_the_contrary_do_not_count() -> None:
    fitted = fit_weights(examples(telling=-2.0))
    assert fitted.with_reader.yes_log_odds == fitted.without_reader.yes_log_odds == 0


def test_the_evidence_keeps_its_weights() -> None:
    fitted, base = fit_weights(examples(2.0)), gate.WITH_READER_ALONE
    assert fitted.with_reader.reader_odds == base.reader_odds
    assert fitted.without_reader.covered == gate.WITHOUT_MODEL.covered


def test_the_curve_is_of_questions_that_were_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    made = examples(telling=1.0)
    sizes: list[int] = []
    whole = gate.fit_weights
    monkeypatch.setattr(gate, "fit_weights", lambda of: sizes.append(len(of)) or whole(of))
    points = refusal_curve(made)
    assert sizes == [96] * 5
    assert points["strict"].unanswerable >= points["helpful"].unanswerable
    assert 0 < points["balanced"].answerable < points["balanced"].unanswerable < 1


def test_a_near_miss_is_left_out_with_its_question() -> None:
    """Two examples of one group, of which the one would tell the other."""
    made = [Example("same", True, Signals(0.6, 0.5, 9.0, 0.0)),
            Example("same", False, Signals(0.6, 0.5, -9.0, 0.0)), *examples(0.0)]  # fmt: skip
    alone = [Example(f"{at}", e.answerable, e.signals) for at, e in enumerate(made)]
    assert left_out(made)[0] != left_out(alone)[0]
