"""What the model leaves out of its answer is quoted behind it, where the reader is sure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.contract.facts import Outcome
from assistant.contract.request import Request
from assistant.llm import prompts
from tests.assistant.answering.test_pipeline import Shelf
from tests.assistant.fakes import ScriptedChat
from vectorstore.retrieval.rerank import Readable

ROLE = "The Solicitor General is the top appellate lawyer of the state."
WORK = "She represents the Attorney General before the courts."
OTHER = "The General Assembly of the state meets in spring."
QUESTION = "What does the Solicitor General do?"


@dataclass
class Reader:
    """Gives the odds of the texts that it knows; it doubts all others."""

    known: dict[str, float]
    asked: list[str] = field(default_factory=list)

    def odds(self, question: str, texts: Sequence[Readable]) -> list[float]:
        self.asked += [text.text for text in texts]
        return [self.known.get(text.text, -3.0) for text in texts]


def answered(said: str, known: dict[str, float], **options: Any) -> Outcome:
    tool = AnswerTool(ScriptedChat(replies=[said, said]), Budget(), reader=Reader(known))
    request = Request(QUESTION, Shelf(ROLE, WORK, OTHER), threshold=0, **options)
    reply = tool.run(request)
    shown = "".join(reply)
    done = reply.finish()
    if not done.refused:
        assert shown.split() == done.text.split()
    return done


def test_the_other_half_of_an_answer_is_quoted_with_its_line() -> None:
    done = answered(ROLE, {ROLE: 3.0, WORK: 2.0})
    assert done.text == f"{ROLE}\n\n“{WORK}”"
    quoted = done.sentences[-1]
    assert (quoted.text, quoted.supported, quoted.marks) == (f"“{WORK}”", True, (2,))
    assert done.citations[1].quote == WORK


def test_a_receipt_learns_which_words_are_not_the_models() -> None:
    tool = AnswerTool(ScriptedChat(replies=[ROLE]), Budget(), reader=Reader({WORK: 2.0}))
    reply = tool.run(Request(QUESTION, Shelf(ROLE, WORK), threshold=0))
    assert reply.finish().text.endswith(reply.trace.quoted)
    assert reply.trace.quoted == f"\n\n“{WORK}”"


def test_what_the_answer_says_is_not_quoted_again() -> None:
    assert answered(f"{ROLE} {WORK}", {ROLE: 3.0, WORK: 2.0}).text == f"{ROLE} {WORK}"


def test_a_long_sentence_of_which_the_answer_gives_what_was_asked_is_not_quoted() -> None:
    kept = "Backups are kept for 90 days; one copy is stored at another site and cannot be changed."
    tool = AnswerTool(
        ScriptedChat(replies=["Backups are kept for 90 days."]), Budget(), reader=Reader({kept: 3})
    )
    done = tool.run(Request("How long are backups kept?", Shelf(kept), threshold=0)).finish()
    assert done.text == "Backups are kept for 90 days."


def test_a_sentence_that_the_reader_doubts_is_not_quoted() -> None:
    assert answered(ROLE, {ROLE: 3.0, WORK: 0.5}).text == ROLE


def test_a_heading_is_not_quoted() -> None:
    title = "The work of the Solicitor General"
    tool = AnswerTool(
        ScriptedChat(replies=[ROLE]), Budget(), reader=Reader({ROLE: 3.0, title: 2.0})
    )
    done = tool.run(Request(QUESTION, Shelf(ROLE, title), threshold=0)).finish()
    assert done.text == ROLE


def test_at_most_the_two_best_sentences_are_quoted() -> None:
    done = answered("She wears a robe.", {ROLE: 3.0, WORK: 2.0, OTHER: 1.5})
    assert done.text == f"She wears a robe.\n\n“{ROLE}”\n\n“{WORK}”"


def test_a_line_that_is_cited_already_keeps_its_mark() -> None:
    both = f"{ROLE} {WORK}"
    tool = AnswerTool(ScriptedChat(replies=[ROLE]), Budget(), reader=Reader({ROLE: 3.0, WORK: 2.0}))
    done = tool.run(Request(QUESTION, Shelf(both), threshold=0)).finish()
    assert [sentence.marks for sentence in done.sentences] == [(1,), (1,)]
    assert len(done.citations) == 1


def test_a_refusal_and_a_doubtful_answer_stay_as_they_are() -> None:
    refused = answered(prompts.REFUSAL, {ROLE: 3.0})
    assert refused.refused
    assert refused.text == prompts.REFUSAL
    anyway = answered("She wears a robe.", {ROLE: 3.0}, anyway=True)
    assert anyway.text == "She wears a robe."
    assert any("Check each line" in notice for notice in anyway.notices)


def test_of_a_model_that_refuses_who_wants_an_answer_anyway_gets_the_best_lines() -> None:
    done = answered(prompts.REFUSAL, {WORK: 3.0}, anyway=True)
    assert not done.refused
    assert done.text == WORK
    assert sum("Check each line" in notice for notice in done.notices) == 1


def test_a_picture_of_a_document_is_quoted_without_its_address() -> None:
    picture = "![The seal](https://example.com/seal.png) stands below each order she signs."
    tool = AnswerTool(ScriptedChat(replies=[ROLE]), Budget(), reader=Reader({picture: 2.0}))
    done = tool.run(Request(QUESTION, Shelf(ROLE, picture), threshold=0)).finish()
    assert done.text == f"{ROLE}\n\n“The seal stands below each order she signs.”"
    alone = AnswerTool(None, Budget(), reader=Reader({picture: 2.0}))
    quoted = alone.run(Request(QUESTION, Shelf(ROLE, picture), threshold=0)).finish()
    assert quoted.text == "The seal stands below each order she signs."


def test_no_sentence_is_read_twice() -> None:
    reader = Reader({})
    budget = Budget(passages=40, further=60)
    tool = AnswerTool(ScriptedChat(replies=[prompts.REFUSAL] * 2), budget, reader=reader)
    tool.run(Request(QUESTION, Shelf(ROLE, WORK, OTHER), threshold=0)).finish()
    sentences = reader.asked[3:]  # behind the passages, which are lines here
    assert len(sentences) == len(set(sentences)) > 1


def test_without_a_model_the_reader_chooses_what_is_quoted() -> None:
    request = Request(QUESTION, Shelf(ROLE, WORK, OTHER), threshold=0)
    alone = AnswerTool(None, Budget(), reader=Reader({WORK: 2.0, ROLE: 0.5})).run(request).finish()
    assert alone.text == WORK
    both = AnswerTool(None, Budget(), reader=Reader({WORK: 2.0, ROLE: 1.5})).run(request).finish()
    assert both.text == f"{WORK} {ROLE}"
