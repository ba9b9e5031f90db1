"""What a refusal misses."""

import pytest

from assistant import missing
from assistant.reading import Reading
from tests.assistant.fakes import window_of


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
    assert missing.noted(Reading(question, (window,))) == told
