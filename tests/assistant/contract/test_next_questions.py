"""Questions that one might ask next, as candidates."""

from assistant.answering.suggestions import follow_ups

HEADINGS = {"Handbook.pdf": ["Booking a trip", "Annual leave of employees", "Asking for leave"]}


def about(said: str, asked: list[str]) -> list[str]:
    found = follow_ups(said, asked, HEADINGS)
    return [question.rpartition(" about ")[2] for question in found]


def test_what_shares_words_with_the_answer_comes_first() -> None:
    assert about("How long is leave? Employees have 25 days of annual leave.", []) == [
        "annual leave of employees?", "asking for leave?", "booking a trip?",
    ]  # fmt: skip


def test_what_was_asked_in_the_conversation_is_not_asked_again() -> None:
    asked = ["How do I ask for leave?", "Who pays for lunch?"]
    assert "asking for leave?" not in about("lunch", asked)
    assert "booking a trip?" in about("lunch", asked)
