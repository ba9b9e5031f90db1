"""The threshold is chosen on judged answers, and measured on those that were left out."""

import random

import pytest

from assistant.answering.verifier import identity
from assistant.evaluation.metrics import EvidencePage, Question, to_row
from assistant.feedback import learning
from assistant.feedback.learning import Judged
from assistant.feedback.ratings import Rating


def rating(
    question: str,
    good: bool,
    refused: bool,
    probability: float | None = 0.5,
    verifier: str = identity(),
) -> Rating:
    return Rating(question, "", good, question, True, "", refused, (), probability, "m", verifier)


def row(id: str, said: str, refused: bool, answerable: bool, model: str = "m") -> dict:  # type: ignore[type-arg]
    question = Question(
        id, id, ("30 days",) if answerable else (), answerable, (EvidencePage("B", 1),)
    )
    answer = {"answer": said, "refused": refused, "citations": [], "sentences": [],
              "answerable": 0.7, "model": model}  # fmt: skip
    return {"id": id, "question": to_row(question), "answer": answer, "error": ""}


def people(*groups: tuple[int, float, bool], seed: int = 0) -> list[Judged]:
    """So many around a probability, which should be answered or not."""
    pick = random.Random(seed)
    found = [
        Judged(f"{at}-{n}", min(max(pick.gauss(center, 0.08), 0), 1), answers, "m")
        for at, (number, center, answers) in enumerate(groups)
        for n in range(number)
    ]
    return found


def test_a_thumb_says_whether_answering_was_right() -> None:
    ratings = [
        rating("answered well", True, False), rating("answered wrongly", False, False),
        rating("refused well", True, True), rating("refused wrongly", False, True),
        rating("not verified", True, False, None), rating("otherwise", True, False, 0.5, "other"),
    ]  # fmt: skip
    assert {one.question: one.answers for one in learning.judged(ratings, [])} == {
        "answered well": True, "answered wrongly": False,
        "refused well": False,
    }  # fmt: skip


def test_a_run_of_ones_own_questions_says_so_too_and_thumbs_come_first() -> None:
    rows = [
        row("right", "It is 30 days.", False, True), row("wrong", "It is 20 days.", False, True),
        row("cautious", "", True, True), row("made up", "It is 5.", False, False),
        {**row("old", "It is 30 days.", False, True), "answer": None},
    ]  # fmt: skip
    found = learning.judged([rating("right", False, False)], rows)
    assert {one.question: one.answers for one in found} == {
        "right": False, "wrong": False, "made up": False,
    }  # fmt: skip


def test_odds_of_another_model_are_left_out() -> None:
    rows = [row("before", "It is 30 days.", False, True, model="another")]
    assert [one.question for one in learning.judged([rating("now", True, False)], rows)] == ["now"]
    assert learning.judged([], []) == []


def test_the_threshold_with_most_right_decisions_is_taken() -> None:
    found = [Judged(str(p), p, p > 0.62, "m") for p in (0.3, 0.45, 0.55, 0.6, 0.7, 0.9)]
    assert learning.choose(found, 0.4) == pytest.approx(0.65)
    fine = [Judged(str(p), p, p > 0.38, "m") for p in (0.1, 0.3, 0.5, 0.9)]
    assert learning.choose(fine, 0.42) == 0.42  # as good as others, and it is the default


def test_a_person_whose_wrong_answers_lie_above_the_default_gains() -> None:
    found = people((30, 0.9, True), (30, 0.55, False))
    figure = learning.measure(found, 0.4)
    assert figure.before == pytest.approx(0.5, abs=0.05) and figure.after > 0.9
    assert figure.low > 0
    assert 0.6 < learning.choose(found, 0.4) < 0.85


@pytest.mark.parametrize("seed", range(5))
def test_where_the_default_is_right_nothing_is_gained(seed: int) -> None:
    found = people((30, 0.55, True), (30, 0.25, False), seed=seed)
    assert learning.measure(found, 0.4).low <= 0


@pytest.mark.parametrize("seed", range(5))
def test_where_nothing_tells_nothing_is_gained(seed: int) -> None:
    pick = random.Random(seed)
    found = [Judged(str(n), pick.random(), n % 2 == 0, "m") for n in range(60)]
    assert learning.measure(found, 0.5).low <= 0


def test_what_is_missing_is_counted_for_each_kind() -> None:
    assert learning.missing((3, 12)) == (7, 0)
