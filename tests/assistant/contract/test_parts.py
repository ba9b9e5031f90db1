"""A question of several parts is taken apart at its question words."""

import pytest

from assistant.contract.request import AskedQuestion


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "What does the parking space cost, and who pays for it?",
            ("What does the parking space cost", "who pays for it?"),
        ),
        (
            "How long is the trial period and what notice applies in it?",
            ("How long is the trial period", "what notice applies in it?"),
        ),
        (
            "Where is the office? And when does it open on Mondays?",
            ("Where is the office", "when does it open on Mondays?"),
        ),
        (
            "In Lund, which floor is the kitchen on, and is there a lift to it?",
            ("In Lund, which floor is the kitchen on", "is there a lift to it?"),
        ),
    ],
)
def test_each_question_is_a_part(question: str, expected: tuple[str, ...]) -> None:
    assert AskedQuestion(question).parts == expected


@pytest.mark.parametrize(
    "question",
    [
        "How many days of leave do employees get?",
        "Who knows what and when?",
        "What is the difference between rent and purchase?",
        "If the lease ends, what happens to the deposit?",
        "Bread and what else is sold here?",
        "",
    ],
)
def test_one_question_is_left_whole(question: str) -> None:
    assert AskedQuestion(question).parts == (question,)
