"""Which questions are asked back, what is asked, and what becomes of the reply."""

from dataclasses import replace
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


def test_this_office_is_asked_back_with_the_names_of_offices() -> None:
    outcome = asked("When does this office open?", OFFICES)
    assert outcome is not None
    one, other = outcome.choices
    assert {one, other} == {"Ghent office", "Porto office"}
    assert outcome.text == f"Which office do you mean: {one} or {other}?"


def test_without_names_the_closest_documents_are_told() -> None:
    outcome = asked("Why is this burger so famous?", [("Big Boy", "Big Boy sells hamburgers.")])
    assert outcome is not None
    assert outcome.text == "The closest passages are in “Big Boy”. Which burger do you mean?"
    assert outcome.choices == ()


def test_what_nobody_named_is_asked_back_also_when_nothing_is_found() -> None:
    outcome = asked("What are the services offered by this state library?", [])
    assert outcome is not None
    assert outcome.text == "Which state library do you mean?"


def test_a_kind_of_thing_is_asked_back_when_the_talk_was_of_something_else() -> None:
    stadium = [("Wembley Stadium", "The stadium hosts the finals of the cup.")]
    question = "Which events are in the country's stadium?"
    outcome = asked(question, stadium, (Turn("What is a web service?", "A program."),))
    assert outcome is not None
    assert outcome.text == (
        "The closest passages are in “Wembley Stadium”. Which country do you mean?"
    )
    assert asked(question, stadium) is None
    spoken = Turn("Which country has the largest stadium?", "England.")
    assert asked(question, stadium, (spoken,)) is None
    assert asked("Which events are in the country's Wembley stadium?", stadium) is None


def test_the_office_is_asked_back_as_a_first_question_when_several_have_names() -> None:
    outcome = asked("When does the office open?", OFFICES)
    assert outcome is not None
    assert set(outcome.choices) == {"Ghent office", "Porto office"}
    assert asked("When does the office open?", OFFICES[:1]) is None


def test_in_a_library_the_building_needs_no_name() -> None:
    passages = [("Letter", "The lifts of the building are replaced."), ("Fire", "Leave at once.")]
    told = (Turn("How many days of leave are there?", "25."),)
    request = Request("Who owns the building?", GivenPassages(passages, WordEmbedder()), told)
    assert AskBack().offer(request) is None
    assert AskBack().offer(replace(request, given=True)) is not None


@pytest.mark.parametrize(
    "question",
    [
        "What does this report say about offices?",  # what is read
        "How many offices opened this year?",
        "The Ghent office is large; when does this office open?",  # said before
        "Is it true that this is an office?",  # points at nothing
        "When does the office that is in Ghent open?",
    ],
)
def test_a_pointer_with_something_to_point_to_is_clear(question: str) -> None:
    assert asked(question, OFFICES) is None


def test_this_office_is_clear_behind_an_office() -> None:
    told = Turn("Where is the Ghent office?", "By the harbour.")
    assert asked("When does this office open?", OFFICES, (told,)) is None


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


def test_a_verb_or_an_adjective_behind_this_is_no_name_of_it() -> None:
    told = Turn("Is there a probation period?", "Yes.")
    for question in ("Does this apply to Ghent?", "Is this allowed on Mondays?"):
        assert asked(question, OFFICES, (told,)) is None
    outcome = asked("What does this mean for staff?", OFFICES)
    assert outcome is not None
    assert outcome.text.endswith("What do you mean by “this”?")


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
    turn = Turn("When does this office open?", "Which office do you mean?", asked_back=True)
    assert (
        said(choosing.run(Request("any", evidence, (turn,)))) == "When does this office open? any"
    )


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
    text = "What would you like to know about “leave”: How to ask for leave or Unpaid leave?"
    assert is_reply("How to ask for leave", text)
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
