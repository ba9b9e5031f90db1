"""Questions that are drafted from a library."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk

from assistant.conversation.suggestions import offered
from assistant.evaluation.drafting import (
    Drafting,
    passages,
    same_meaning,
    stands_in,
    well_asked,
    write_offers,
)
from assistant.evaluation.metrics import EvidencePage, Question
from assistant.evaluation.sets import OwnQuestions
from tests.fakes import WordEmbedder
from tests.pdfs import write_pdf
from vectorstore.library import Library

LEAVE = "Annual leave is 30 days for everybody who works full time in the office at Leeds."
FILLER = [f"Number {n} of the rules of this company concerns the use of tools." for n in range(4)]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    write_pdf(tmp_path / "Handbook.pdf", [LEAVE, *FILLER], ["Too short."])
    write_pdf(tmp_path / "Policy.pdf", ["Passwords have 14 letters and are changed.", *FILLER])
    with Library(tmp_path / "library", "main", WordEmbedder) as made:
        made.add([tmp_path / "Handbook.pdf", tmp_path / "Policy.pdf"])
        yield made


@dataclass
class Model:
    """Says what it is given for each kind of prompt."""

    question: str = "Question: How many days is annual leave in Leeds?\nAnswer: 30 days"
    again: str = "What number of days is the annual leave in Leeds?"
    asked: list[str] = field(default_factory=list)

    def invoke(self, input: Any, /) -> Any:
        (message,) = input
        prompt = getattr(message, "content", "") or message[1]
        self.asked.append(prompt)
        said = self.question if prompt.startswith("Passage from") else self.again
        return SimpleNamespace(content=said)


class Gate:
    """An assistant that refuses questions of who."""

    def ask_given(self, question: str, given: list[tuple[str, str]]) -> Any:
        return SimpleNamespace(finish=lambda: SimpleNamespace(refused=question.startswith("Who")))


Draft = Callable[..., list[Question]]


@pytest.fixture
def draft(library: Library) -> Draft:
    def draft(model: Model, number: int = 1) -> list[Question]:
        gate: Any = Gate()
        return list(Drafting(library, gate, model).drafts(number))

    return draft


def test_a_passage_gives_a_question_and_a_paraphrase(draft: Draft) -> None:
    model = Model()
    first, again = draft(model)
    assert first.question == "How many days is annual leave in Leeds?"
    assert (first.answers, first.evidence) == (("30 days",), (EvidencePage("Handbook.pdf", 1),))
    assert (again.question, again.evidence) == (model.again, first.evidence)
    assert {question.state for question in (first, again)} == {"draft"}


def test_a_paraphrase_keeps_the_numbers(draft: Draft) -> None:
    (first,) = draft(Model(again="And of the 3 weeks in Leeds?"))
    assert first.answers == ("30 days",)


@pytest.mark.parametrize(
    "said",
    [
        "Question: How many days is annual leave in Leeds?\nAnswer: 31 days",  # not copied
        "Question: Who approves annual leave in Leeds?\nAnswer: 30 days",  # refused
        "Question: What does the passage say about leave?\nAnswer: 30 days",
        "How many days is annual leave in Leeds?",  # no answer
    ],
)
def test_what_does_not_hold_is_no_draft(draft: Draft, said: str) -> None:
    assert draft(Model(question=said)) == []


def test_passages_are_taken_from_each_document_in_turn_the_same_for_a_seed(
    library: Library,
) -> None:
    found = list(passages(library, 9, 0))
    assert {passage.document for passage in found[:2]} == {"Handbook.pdf", "Policy.pdf"}
    assert len(found) == 2 and all(passage.page == 1 for passage in found)  # the rest is too short
    assert found == list(passages(library, 9, 0))
    assert len(list(passages(library, 1, 0))) == 1


def test_an_answer_stands_in_the_passage_when_its_words_or_numbers_were_copied() -> None:
    assert stands_in("30 days for everybody", LEAVE)
    assert stands_in("30 days in the office at Leeds", LEAVE)  # put together
    assert not stands_in("30 days in the office at Ghent", LEAVE)
    assert not stands_in("20 days", LEAVE)
    assert not stands_in("", LEAVE)


def test_a_question_is_one_that_can_be_understood_alone() -> None:
    assert well_asked("How many days of leave are there?")
    assert not well_asked("How many?")
    assert not well_asked("What is said in the text about leave?")
    assert not well_asked("Tell me how many days of leave there are.")


def test_other_words_mean_the_same_only_with_the_same_numbers() -> None:
    question = "How long is leave after 12 years?"
    assert same_meaning("After 12 years, what leave is there?", question)
    assert not same_meaning("After 15 years, what leave is there?", question)
    assert not same_meaning(question, question)


def test_drafts_are_kept_or_dropped_and_never_come_twice(tmp_path: Path) -> None:
    own = OwnQuestions(tmp_path / "own" / "questions.jsonl")
    drafts = [Question(str(n), f"Why is {n} so?", state="draft") for n in range(3)]
    assert own.all() == [] and own.add(drafts) == 3
    assert own.add([Question("9", "why is 1  so", state="draft"), *drafts]) == 0
    own.put("0", "kept")
    own.put("1", "dropped")
    states = {state: [q.id for q in own.of(state)] for state in ("draft", "kept", "dropped")}
    assert states == {"draft": ["2"], "kept": ["0"], "dropped": ["1"]}
    left = {path.name for path in own.file.parent.iterdir()}
    assert left == {"questions.jsonl", "questions.lock"}  # and nothing half written


class Offering(Model):
    """Writes the same of each passage."""

    def stream(self, input: Any, **options: Any) -> Iterator[AIMessageChunk]:
        self.asked.append(input[-1].content)
        yield AIMessageChunk(content=self.question)


def test_a_document_is_tried_once_and_a_question_is_kept_once(library: Library) -> None:
    model, gate = Offering(), SimpleNamespace(is_answerable=lambda question: True)
    library.add([_of_many_pages(library.folder.parent)])
    for tries in (2, 2):
        given: Any = (gate, model, ["Long.pdf"], threading.Event())
        write_offers(library, *given)
        assert len(model.asked) == tries
        assert [one.document for one in offered(library)] == ["Long.pdf"]


def _of_many_pages(folder: Path) -> Path:
    write_pdf(folder / "Long.pdf", [LEAVE, *FILLER], [LEAVE, *FILLER])
    return folder / "Long.pdf"
