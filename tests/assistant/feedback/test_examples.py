"""Which questions and pages are learned from, and how much each counts."""

from pathlib import Path

import pytest

from assistant.evaluation.metrics import EvidencePage, Question
from assistant.evaluation.sets import OwnQuestions
from assistant.feedback import ratings as module
from assistant.feedback.ratings import Feedback, examples
from tests.assistant.feedback.made import answer

BOOK, PLAN = ("Book.pdf", 3), ("Plan.pdf", 1)
HOLDS = {"Book.pdf", "Plan.pdf"}


@pytest.fixture
def kept(tmp_path: Path) -> Feedback:
    return Feedback(tmp_path / "feedback.sqlite", OwnQuestions(tmp_path / "questions.jsonl"))


def question(id: str, text: str, *places: EvidencePage, **more: object) -> Question:
    return Question(id, text, ("x",), evidence=places, **more)  # type: ignore[arg-type]


def test_kept_questions_whose_page_is_known_are_examples(kept: Feedback) -> None:
    kept.mine.add(
        [
            question("a", "How long is leave?", EvidencePage(*BOOK), EvidencePage("Gone.pdf", 2)),
            question("b", "What is in the plan?", EvidencePage("Plan.pdf")),
            question("c", "Who is gone now?", EvidencePage("Gone.pdf", 2)),
            question("d", "Is it a draft?", EvidencePage(*BOOK), state="draft"),
            question("e", "Who pays for lunch?", answerable=False),
        ]
    )
    (found,) = examples(kept, HOLDS)
    assert (found.question, found.pages) == ("How long is leave?", {BOOK})


def test_the_same_question_in_other_words_is_of_one_group(kept: Feedback) -> None:
    kept.mine.add(
        [
            question("a", "How long is leave?", EvidencePage(*BOOK)),
            question("b", "How many days may one be away?", EvidencePage(*BOOK)),
            Question("c", "How high is the fee?", ("10",), evidence=(EvidencePage(*BOOK),)),
        ]
    )
    groups = [example.group for example in examples(kept, HOLDS)]
    assert groups[0] == groups[1] != groups[2]


def test_good_answers_are_examples_and_wrong_ones_are_not(kept: Feedback) -> None:
    kept.rate(answer("a1", "How many days of leave are there?", BOOK), True)
    kept.rate(answer("a2", "What does the plan cost in all?", PLAN), False)
    kept.rate(answer("a3", "Who pays for the lunch of visitors?", refused=True), True)
    kept.rate(answer("a4", "And for part-timers?", BOOK), True, alone=False)
    assert [(e.question, e.pages) for e in examples(kept, HOLDS)] == [
        ("How many days of leave are there?", {BOOK})
    ]


def test_the_newest_are_taken_when_there_are_many(
    kept: Feedback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "NEWEST", 2)
    kept.mine.add(
        question(f"q{n}", f"What is rule {n}?", EvidencePage("Book.pdf", n)) for n in (1, 2, 3)
    )
    assert [e.question for e in examples(kept, HOLDS)] == ["What is rule 2?", "What is rule 3?"]
