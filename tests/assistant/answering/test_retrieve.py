"""What is read for a question, and in which order the model sees it."""

from collections.abc import Sequence
from dataclasses import replace

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget, Context
from assistant.contract.evidence import GivenPassages
from assistant.contract.facts import Passage
from assistant.contract.request import Request, Turn
from tests.assistant.answering.test_pipeline import FULL_TIME, PART_TIME, Shelf
from tests.assistant.fakes import WordEmbedder, reading, window_of

CORE_HOURS = "Part-time employees have no core hours on days when they do not work."
CONTENTS = "Annual leave … 10 Sick leave … 11 Parental leave … 12 Unpaid leave … 13"


def read(request: Request) -> Context:
    return AnswerTool(None, Budget()).read(request)


def last_message(reading: Context) -> str:
    return str(reading.messages()[-1].content)


def follow_up(new: Sequence[str], closest: Passage | None) -> Context:
    """Behind a turn that has read about leave."""
    leave = window_of(FULL_TIME, PART_TIME, document="H.pdf")
    turn = Turn("How much annual leave do employees get?", "25 days.", (leave.passage,))
    windows = tuple(window_of(text, document="H.pdf", number=6) for text in new)
    context = reading("meant", leave, *windows)
    return replace(context, before=(turn,), earlier=(leave,), closest=closest)


def test_what_fits_a_follow_up_best_stands_nearest_to_it() -> None:
    known = Passage("H.pdf", 1, 1.0, PART_TIME)
    asked = last_message(follow_up([CORE_HOURS], known))
    assert asked.index(CORE_HOURS) < asked.index(PART_TIME) < asked.index("Question:")


def test_a_new_passage_that_fits_best_is_whole_and_last() -> None:
    new = window_of("Hours", CORE_HOURS, "Overtime", document="H.pdf", number=6)
    follows = follow_up([], Passage("H.pdf", 6, 1.0, CORE_HOURS))
    other = window_of("Another page.", document="H.pdf", number=7)
    asked = last_message(replace(follows, windows=(new, other)))
    assert asked.index("Another page.") < asked.index("Hours") < asked.index("Overtime")
    assert asked.count(CORE_HOURS) == 1


def test_nothing_is_repeated_when_nothing_is_new() -> None:
    asked = last_message(follow_up([], Passage("H.pdf", 1, 1.0, PART_TIME)))
    assert asked.startswith("Question:")


def test_the_closest_passage_fits_the_follow_up_and_what_it_builds_on() -> None:
    shelf = Shelf(FULL_TIME, PART_TIME, CORE_HOURS)
    turn = Turn(
        "How many days of annual leave do employees get?",
        "25 days.",
        (Passage("H.pdf", 1, 1.0, FULL_TIME), Passage("H.pdf", 2, 1.0, PART_TIME)),
    )
    request = Request("and for part-time employees?", shelf, (turn,))
    reading = read(request)
    assert reading.closest is not None
    assert reading.closest.text == PART_TIME


def test_a_table_of_contents_is_read_where_nothing_else_is_found() -> None:
    question = "annual leave sick leave parental leave"
    windows = read(Request(question, Shelf(CONTENTS, FULL_TIME))).windows
    assert [window.page.number for window in windows] == [2]
    assert read(Request(question, Shelf(CONTENTS))).windows


def test_given_passages_that_fit_better_with_the_question_before_are_read_behind_it() -> None:
    texts = [("Leave", FULL_TIME), ("Hours", CORE_HOURS)]
    turn = Turn("How many days of annual leave do full-time employees get?", "25 days.")
    question = "What happens at the sites in Portugal?"
    evidence = GivenPassages(texts, WordEmbedder())
    behind = read(Request(question, evidence, (turn,), given=True))
    assert behind.question == f"{turn.question} {question}"
    assert behind.before == (turn,)
    alone = "Do part-time employees have core hours on days when they do not work?"
    reading = read(Request(alone, evidence, (turn,), given=True))
    assert reading.question == alone


def test_a_library_is_not_searched_with_a_question_before_that_always_fits() -> None:
    shelf = Shelf(FULL_TIME, CORE_HOURS)
    turn = Turn("How many days of annual leave do full-time employees get?", "25 days.")
    question = "What happens at the sites in Portugal?"
    assert read(Request(question, shelf, (turn,))).question == question
