"""Which questions need the conversation, and what they search for."""

import pytest

from assistant.contract.request import AskedQuestion, needs_history


@pytest.mark.parametrize(
    "question",
    [
        "and for part-timers?",
        "What about sick leave?",
        "Why?",
        "Who approves it?",
        "Is that paid?",
        "In Ghent?",
        "How long do they take?",
        "I meant the one in Ghent, with the lifts and the harbour",
        "Do they pay for the training of new colleagues in the factory?",
        "No, the first version of the security policy from 2024",
        "Which one has the highest revenue in Iberia this quarter?",
        "Besides Ghent, where are the company's offices?",
    ],
)
def test_continuations_need_the_conversation(question: str) -> None:
    assert needs_history(question)


@pytest.mark.parametrize(
    "question",
    [
        "How many days of annual leave do full-time employees get?",
        "notice period after five years",
        "When did Tarnmere receive its ISO 27001 certificate?",
        "Is there a probation period in Ghent?",
        "Who is head of IT security?",  # no pronoun
        "Which region had the highest revenue in 2026?",
        "Why did revenue in Iberia fall in the first quarter?",
        "Is it allowed to plug a memory stick into a work computer?",
        "How do part-time employees get their annual leave?",
        "No parking spaces are left in Bremen?",
    ],
)
def test_full_questions_stand_alone(question: str) -> None:
    assert not needs_history(question)


def test_a_chain_of_follow_ups_is_searched_from_its_full_question_on() -> None:
    earlier = ["What is the revenue?", "How long is annual leave?", "and for part-timers?"]
    query = AskedQuestion("and in the first year?", tuple(earlier))
    assert query.standalone == (
        "How long is annual leave? and for part-timers? and in the first year?"
    )
