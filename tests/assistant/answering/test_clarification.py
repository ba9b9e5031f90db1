"""Which questions are asked back, what is asked, and what becomes of the reply."""

from pathlib import Path

import pytest

from assistant.answering.clarification import is_question_back, is_reply
from assistant.contract.evidence import GivenPassages
from assistant.contract.facts import Outcome
from assistant.contract.reply import Reply
from assistant.contract.request import Request, Turn
from assistant.conversation.assistant import completed, turns_from_messages
from assistant.routing.dispatch import Choosing
from assistant.tools.specialists import AskBack
from tests.assistant.fakes import WordEmbedder
from tests.assistant.routing.test_dispatch import Says
from vectorstore.embedding.embedder import load_embedder

PARKS = [
    ("Watkins Glen State Park", "A maximum of two pets are allowed in the park."),
    ("Long Point State Park", "Pets are allowed in the park with proof of rabies vaccination."),
    ("Sampson State Park", "Pets are not permitted in playground areas of the park."),
]
OFFICES = [
    ("Opening hours", "On Mondays the Ghent office opens at eight."),
    ("Reception", "In winter the Porto office opens at nine."),
]
PETS = "Can we take our pets into the park?"


def asked(
    question: str, passages: list[tuple[str, str]], history: tuple[Turn, ...] = ()
) -> Outcome | None:
    request = Request(question, GivenPassages(passages, WordEmbedder()), history, given=True)
    reply = AskBack().offer(request)
    return reply.finish() if reply else None


def test_the_park_is_asked_back_when_several_documents_are_parks() -> None:
    outcome = asked(PETS, PARKS)
    assert outcome is not None
    assert outcome.asked_back
    assert not outcome.refused
    assert set(outcome.choices) == {title for title, _ in PARKS}
    assert outcome.text == (
        f"Which park do you mean: {outcome.choices[0]}, {outcome.choices[1]} or "
        f"{outcome.choices[2]}?"
    )
    assert len(outcome.passages) == 3


@pytest.mark.parametrize(
    "question",
    [
        "Can we take our pets into the park at Watkins Glen?",  # named
        "Can we take our pets into the park of Sampson?",  # described
        "Can we take our pets into the parks?",  # all of them
        "Can we take our pets into a park?",
    ],
)
def test_a_park_that_is_named_or_any_park_is_not_asked_back(question: str) -> None:
    assert asked(question, PARKS) is None


def test_the_park_is_clear_when_one_document_is_a_park() -> None:
    assert asked(PETS, [PARKS[0], ("Pets at home", "Pets are allowed in the kitchen.")]) is None


def test_the_park_is_clear_when_it_was_spoken_of() -> None:
    told = Turn("Where is Watkins Glen State Park?", "In New York.")
    assert asked(PETS, PARKS, (told,)) is None


def test_a_first_question_about_it_is_asked_back_and_a_later_one_is_not() -> None:
    outcome = asked("How long does it last?", OFFICES)
    assert outcome is not None
    assert outcome.text.endswith("What do you mean by “it”?")
    told = Turn("Is there a probation period?", "Yes.")
    assert asked("How long does it last?", OFFICES, (told,)) is None


@pytest.mark.parametrize(
    "question",
    [
        "Is it possible to work from home?",
        "Does it rain?",
        "Who is Ada and what is it?",
        "IT costs?",
        "rules that changed",
        "Is there a bonus this month?",
    ],
)
def test_it_that_stands_for_nothing_or_for_what_was_said_is_clear(question: str) -> None:
    assert asked(question, OFFICES) is None


# -- replies


def said(reply: Reply) -> str:
    return reply.finish().text


class Echo(Says):
    """Says what it is asked."""

    def run(self, request: Request) -> Reply:
        self.name = request.question
        return super().run(request)


def test_the_reply_to_a_question_back_completes_the_question() -> None:
    choosing = Choosing([AskBack()], Echo("answer"))
    evidence = GivenPassages(PARKS, WordEmbedder())
    first = choosing.run(Request(PETS, evidence, given=True))
    turn = Turn(PETS, said(first), asked_back=True)
    second = choosing.run(Request("Sampson State Park", evidence, (turn,), given=True))
    assert said(second) == f"{PETS} Sampson State Park"
    assert second.question == "Sampson State Park"


def test_nobody_is_asked_back_twice() -> None:
    choosing = Choosing([AskBack()], Echo("answer"))
    evidence = GivenPassages([], WordEmbedder())
    turn = Turn(PETS, "Which park do you mean?", asked_back=True)
    assert said(choosing.run(Request("any", evidence, (turn,)))) == f"{PETS} any"


def test_another_question_behind_a_question_back_stands_alone() -> None:
    turn = Turn(PETS, "Which park do you mean: A or B?", asked_back=True)
    request = Request("How long is the notice period?", GivenPassages([], WordEmbedder()), (turn,))
    assert completed(request).question == "How long is the notice period?"
    assert completed(request).history == []


def test_an_earlier_question_is_kept_together_with_its_reply() -> None:
    told = (
        Turn(PETS, "Which park do you mean: A or B?", asked_back=True),
        Turn("A", "Yes, two."),
    )
    request = Request("And cats?", GivenPassages([], WordEmbedder()), told)
    assert completed(request).history == [Turn(f"{PETS} A", "Yes, two.")]


def test_a_choice_that_sounds_like_a_question_is_a_reply() -> None:
    text = "Which guide do you mean: How do I ask for leave? or Unpaid leave?"
    assert is_reply("How do I ask for leave?", text)
    assert not is_reply("How long is the notice period?", text)
    assert not is_reply("Never mind, how long is the notice period?", text)
    assert not is_reply("OK, thanks. Please tell me the notice period.", text)
    assert is_reply("No, the unpaid one", text)


def test_a_history_that_others_kept_is_understood() -> None:
    told = turns_from_messages(
        [("user", PETS), ("assistant", "Which park do you mean: A or B?"), ("user", "A")]
    )
    assert [turn.asked_back for turn in told] == [True, False]
    assert not is_question_back("The park is in Sampson. Would you like to know more?")


# -- real embeddings


@pytest.mark.slow
def test_real_search_tells_the_unclear_question_from_the_clear_one(minilm: Path) -> None:
    evidence = GivenPassages(
        [*PARKS, ("Employee Handbook", "Annual leave is 25 days. Pets stay at home.")],
        load_embedder(minilm),
    )
    unclear = AskBack().offer(Request(PETS, evidence, given=True))
    assert unclear is not None
    assert set(unclear.finish().choices) == {title for title, _ in PARKS}
    clear = "How many days of annual leave does the handbook give?"
    assert AskBack().offer(Request(clear, evidence, given=True)) is None
