"""What a refusal misses."""

import pytest

from assistant.answering.notices import of_refusal
from tests.assistant.fakes import window_of
from vectorstore.retrieval.search_query import SearchQuery


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("How long is parental leave?", ("The closest passages do not mention “parental”.",)),
        ("How long is annual leave?", ()),
        ("How many weeks is annual leave?", ("The closest passages do not mention “weeks”.",)),
        ("Who won the cup?", ()),
        (
            "Which office has the fewest leave days?",
            ("The closest passages do not mention “office”.",),
        ),
        (
            "Is leave for weddings in the handbook?",
            ("The closest passages do not mention “weddings”.",),
        ),
        (
            "Does Lund pay weddings and leave?",
            ("The closest passages do not mention “Lund”, “pay” or “weddings”.",),
        ),
    ],
)
def test_words_that_no_passage_has_are_told(question: str, told: tuple[str, ...]) -> None:
    window = window_of("The annual leave is 25 days long.", document="Handbook.pdf")
    asked = SearchQuery(question)
    notices = of_refusal(asked, asked, [window])
    assert notices == ("Looked in the closest passage, of Handbook.pdf.", *told)


def test_a_follow_up_says_what_was_looked_for_and_blames_no_word_of_another_question() -> None:
    windows = tuple(window_of("Leave.", document=f"{n}.pdf") for n in range(5))
    asked = SearchQuery("How much money for leave?")
    whole = SearchQuery(f"What does the plan say? {asked}")
    assert of_refusal(asked, whole, windows) == (
        "Looked for “What does the plan say? How much money for leave?” in the 5 closest passages, "
        "of 0.pdf, 1.pdf, 2.pdf and 2 more.",
        "The closest passages do not mention “money”.",
    )
