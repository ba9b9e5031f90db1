"""What a refusal misses."""

import pytest

from assistant.answering.passages.context_builder import Context
from assistant.answering.verification import refusal_notices
from tests.assistant.fakes import found, window_of


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("How long is parental leave?", ("The closest passages do not mention “parental”.",)),
        ("How long is annual leave?", ()),
        ("How many weeks is annual leave?", ("The closest passages do not mention “weeks”.",)),
        ("Who won the cup?", ()),
        (
            "Is leave for weddings in the handbook?",
            ("The closest passages do not mention “weddings”.",),
        ),
    ],
)
def test_words_that_no_passage_has_are_told(question: str, told: tuple[str, ...]) -> None:
    window = window_of("The annual leave is 25 days long.", document="Handbook.pdf")
    assert refusal_notices.noted(Context(found(question), (window,))) == told
