"""Before a word is written: refuse, let the model refuse, or do not tell it that it may."""

import threading
from dataclasses import replace

import pytest

from assistant.answering import gate
from assistant.answering.gate import Signals, answerable
from assistant.answering.judge import Judge, retrieval_signals
from assistant.answering.ranked_sentences import rank
from assistant.contract.reply import Trace
from ingest.errors import Stopped
from tests.assistant.answering.test_pipeline import FULL_TIME
from tests.assistant.fakes import ScriptedChat, reading, window_of

FITTING = Signals(sentence_cosine=0.9, covered=1.0, yes_log_odds=3.0)
FAR = Signals(sentence_cosine=0.1, covered=0.0, yes_log_odds=-3.0)


def test_passages_far_from_the_question_are_a_refusal() -> None:
    judgement = Judge(ScriptedChat(), threshold=0.4).judge(FAR)
    assert judgement.verdict == "refuse"
    assert judgement.probability < 0.4


def test_a_model_that_is_sure_is_not_told_that_it_may_refuse() -> None:
    assert Judge(ScriptedChat(), threshold=0.4).judge(FITTING).verdict == "sure"


def test_without_odds_nobody_is_sure() -> None:
    assert Judge(None, threshold=0.4).judge(Signals(0.9, 1.0)).verdict == "unsure"


def test_a_model_without_weights_of_its_own_is_not_asked() -> None:
    """What counts as a yes was fitted to another model's odds."""
    model = ScriptedChat()
    context = reading("annual leave", window_of(FULL_TIME))
    ranked = rank(context)
    judge = Judge(model, 0.4, weights=None)
    signals = judge.signals(context, ranked, Trace(), threading.Event())
    assert signals.yes_log_odds is None
    assert not model.asked
    assert judge.judge(FITTING).probability == answerable(replace(FITTING, yes_log_odds=None))
    assert Judge(model, 0.4).judge(FITTING).probability != judge.judge(FITTING).probability


def test_the_threshold_of_a_request_goes_before_the_settings() -> None:
    judge = Judge(ScriptedChat(), threshold=0.0)
    assert judge.judge(FAR).verdict == "unsure"
    assert judge.judge(FAR, threshold=0.9).verdict == "refuse"


@pytest.mark.parametrize(
    ("probability", "stated", "given"),
    [(0.6, 1.0, True), (0.6, 0.7, False), (0.85, 0.7, True), (0.95, 0.0, True)],
)
def test_what_no_line_states_counts_against_the_gate(
    probability: float, stated: float, given: bool
) -> None:
    assert Judge(ScriptedChat(), threshold=0.4).gives(probability, lambda: stated) == given


def test_the_request_sets_what_an_answer_needs_and_nothing_is_needed_at_zero() -> None:
    judge = Judge(ScriptedChat(), threshold=0.4)
    assert not judge.gives(0.6, lambda: 1.0, threshold=0.7)
    assert judge.gives(0.0, lambda: 0.0, threshold=0.0)


def test_signals_are_the_nearest_sentence_and_the_share_of_words() -> None:
    context = reading("annual leave on Mars", window_of(FULL_TIME))
    ranked = rank(context)
    signals = retrieval_signals(context, ranked)
    assert signals.covered == pytest.approx(2 / 3)
    assert signals.sentence_cosine == pytest.approx(max(q.cosine for q in ranked))


def test_a_stopped_question_is_not_put_to_the_model() -> None:
    cancel, model = threading.Event(), ScriptedChat()
    cancel.set()
    with pytest.raises(Stopped):
        Judge(model, 0.4).signals(reading("?"), [], Trace(), cancel)
    assert not model.asked


@pytest.mark.parametrize(
    "name",
    [
        "WITH_READER",
        "WITH_MODEL",
        "WITHOUT_MODEL",
        "WITH_READER_ALONE",
        "IN_ONE_LANGUAGE",
        "IN_TWO_LANGUAGES",
    ],
)
def test_the_identity_is_that_of_all_gates(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = gate.identity()
    monkeypatch.setattr(gate, name, gate.Gate(1.0, 2.0, 3.0))
    assert gate.identity() != before
