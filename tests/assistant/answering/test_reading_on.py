"""Before a refusal the next passages are read behind the first ones."""

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import BaseMessage
from pydantic import Field

from assistant.answering import notices
from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.contract.request import Request
from assistant.llm import prompts
from tests.assistant.answering.test_pipeline import FULL_TIME, PART_TIME, UNSURE, Shelf
from tests.assistant.fakes import ScriptedChat


class Doubting(ScriptedChat):
    """Finds the answer only where it reads a word."""

    word: str
    checked: list[str] = Field(default_factory=list)
    reply: Any = None
    stages: list[str] = Field(default_factory=list)

    def next_token_logprobs(
        self, messages: list[BaseMessage], candidates: Sequence[str], cancel: object = None
    ) -> list[float]:
        self.checked.append(str(messages[-1].content))
        self.stages += [self.reply.activity.stage] if self.reply else []
        return [0.0, -8.0 if self.word in self.checked[-1] else 30.0]


ONE_PASSAGE = Budget(passages=40, further=60)


def test_before_a_refusal_the_next_passages_are_read_behind_the_first() -> None:
    model = Doubting(word="Part-time", replies=["Part-time employees get 15 days."])
    request = Request("How many days of annual leave?", Shelf(FULL_TIME, PART_TIME))
    reply = AnswerTool(model, ONE_PASSAGE).run(request)
    model.reply = reply
    done = reply.finish()
    first, both = (prompt.split("\n\nQuestion:")[0] for prompt in model.checked)
    assert both.startswith(first)  # only what is new is read
    assert [passage.page for passage in done.passages] == [1, 2]
    assert done.citations[0].quote == PART_TIME
    assert model.stages == ["Reading a passage", "Reading on: 1 more passage"]


def test_what_is_not_found_by_reading_on_is_refused_with_all_that_was_read() -> None:
    model = Doubting(word="zebra")
    request = Request("How many days of annual leave?", Shelf(FULL_TIME, PART_TIME))
    done = AnswerTool(model, ONE_PASSAGE).run(request).finish()
    assert done.refused
    assert len(done.passages) == len(model.checked) == 2


def test_a_model_that_refuses_reads_on_and_is_asked_again() -> None:
    model = ScriptedChat(replies=[prompts.REFUSAL, "Part-time employees get 15 days."], yes=0.0)
    request = Request("How many days of annual leave?", Shelf(FULL_TIME, PART_TIME), threshold=0.0)
    reply = AnswerTool(model, ONE_PASSAGE).run(request)
    streamed = "".join(reply)
    done = reply.finish()
    assert streamed.strip() == done.text == "Part-time employees get 15 days."
    assert [passage.page for passage in done.passages] == [1, 2]


def test_what_no_line_states_is_not_shown_and_read_on_and_written_again() -> None:
    model = ScriptedChat(replies=["They get 31 days of leave.", PART_TIME], yes=UNSURE)
    request = Request("How many days of annual leave?", Shelf(FULL_TIME, PART_TIME))
    reply = AnswerTool(model, ONE_PASSAGE).run(request)
    assert "31" not in "".join(reply)
    assert reply.finish().text == PART_TIME
    assert reply.trace.withheld == ""


def test_what_no_line_states_after_reading_on_is_refused_and_kept_for_the_receipt() -> None:
    wrote = ["They get 31 days of leave.", "They get 32 days of leave."]
    model = ScriptedChat(replies=wrote, yes=UNSURE)
    request = Request("How many days of annual leave?", Shelf(FULL_TIME, PART_TIME))
    reply = AnswerTool(model, ONE_PASSAGE).run(request)
    assert "".join(reply) == prompts.REFUSAL
    assert reply.finish().refused
    assert reply.trace.withheld.strip() == "They get 32 days of leave."


def test_what_no_line_states_is_refused_with_the_reason_where_there_is_no_more_to_read() -> None:
    model = ScriptedChat(replies=["They get 31 days of leave."], yes=UNSURE)
    reply = AnswerTool(model, Budget()).run(
        Request("How many days of annual leave?", Shelf(FULL_TIME))
    )
    assert "".join(reply) == prompts.REFUSAL
    assert reply.finish().notices[0] == notices.UNSTATED
    assert reply.trace.withheld.strip() == "They get 31 days of leave."


def test_a_model_that_refuses_all_the_same_is_a_refusal() -> None:
    model = ScriptedChat(replies=[prompts.REFUSAL, prompts.REFUSAL], yes=0.0)
    request = Request("How many days of annual leave?", Shelf(FULL_TIME, PART_TIME), threshold=0.0)
    reply = AnswerTool(model, ONE_PASSAGE).run(request)
    assert "".join(reply) == prompts.REFUSAL
    assert reply.finish().refused
    assert len(model.asked) == 2


def test_nothing_is_read_on_where_the_first_passages_are_enough() -> None:
    model = Doubting(word="Full-time", replies=["Full-time employees get 25 days."])
    request = Request("How many days of annual leave?", Shelf(FULL_TIME, PART_TIME))
    done = AnswerTool(model, ONE_PASSAGE).run(request).finish()
    assert (len(done.passages), len(model.checked)) == (1, 1)
