"""The model writes; what repeats itself or is stopped ends."""

from collections.abc import Sequence
from threading import Event

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from pydantic import Field

from assistant.answering.write import Decide, Stands, Written, repeats, write
from assistant.contract.facts import Token, Verdict
from assistant.contract.reply import Reply
from ingest.text.reflow import about_tokens

MESSAGES = [HumanMessage("Question: how long?")]


def given(text: str, whole: bool, told: Sequence[Token], stands: Stands) -> Verdict:
    return "give"


def written(text: str, stop_after: int = -1, decide: Decide = given) -> tuple[str, Written, Reply]:
    model = GenericFakeChatModel(messages=iter([AIMessage(text)]))
    results: list[Written] = []

    def work(reply: Reply):  # type: ignore[no-untyped-def]
        results.append((yield from write(model, list(MESSAGES), 100, about_tokens, reply, decide)))

    reply = Reply("how long?", work)
    for number, _ in enumerate(reply):
        if number == stop_after:
            reply.stop()
    return reply.so_far, results[0], reply


def test_what_streams_is_what_was_written() -> None:
    streamed, done, _ = written("It is 25 days.")
    assert streamed == done.text == "It is 25 days."
    assert not done.stopped


def test_a_sentence_that_comes_again_ends_the_answer() -> None:
    _, done, _ = written("It is 25 days. It is paid. It is 25 days. It is paid.")
    assert done.text == "It is 25 days. It is paid."
    assert repeats("It is paid. It is paid.")
    assert not repeats("It is paid. It is")


def test_a_stopped_answer_keeps_its_beginning() -> None:
    _, done, _ = written("It is 25 days and more.", stop_after=2)
    assert done.stopped
    assert done.text and "It is 25 days and more.".startswith(done.text)


def test_an_address_that_the_model_has_not_read_is_never_shown() -> None:
    streamed, done, _ = written("It is 25 days ![x](http://evil.example/p.gif), see evil.example.")
    assert streamed == done.text
    assert "http" not in streamed


def test_what_is_not_decided_yet_is_shown_once_it_is() -> None:
    streamed, done, reply = written(
        "It is 25 days.", decide=lambda text, *_: "give" if "25" in text else None
    )
    assert streamed == done.text == "It is 25 days."
    assert reply.trace.withheld == ""


def test_what_is_refused_is_not_written_to_its_end_and_kept_for_the_receipt() -> None:
    streamed, done, reply = written(
        "It is 25 days. It is paid.",
        decide=lambda text, *_: "refuse" if "25" in text else None,
    )
    assert streamed == ""
    assert done.text == reply.trace.withheld.strip() == "It is 25"


def test_nothing_is_left_of_what_was_not_decided_until_a_stop() -> None:
    model = GenericFakeChatModel(messages=iter([AIMessage("It is 25 days.")]))
    reply = Reply("how long?", lambda reply: iter(()))

    def stopped(text: str, whole: bool, told: Sequence[Token], stands: Stands) -> Verdict | None:
        reply.stop()
        return "refuse" if whole else None

    writing = write(model, list(MESSAGES), 100, about_tokens, reply, stopped)
    with pytest.raises(StopIteration) as ended:
        next(writing)
    assert ended.value.value == Written("", stopped=True)
    assert reply.trace.withheld == ""


def test_a_stop_while_it_is_decided_shows_nothing() -> None:
    def stopped(text: str, whole: bool, told: Sequence[Token], stands: Stands) -> Verdict | None:
        reply.stop()
        return "give"  # by what was known without the answer that was stopped

    reply = Reply("how long?", lambda reply: iter(()))
    model = GenericFakeChatModel(messages=iter([AIMessage("It is 25 days.")]))
    writing = write(model, list(MESSAGES), 100, about_tokens, reply, stopped)
    with pytest.raises(StopIteration) as ended:
        next(writing)
    assert ended.value.value == Written("", stopped=True)


class Asked(GenericFakeChatModel):
    """Can be asked in between; keeps what it is asked."""

    heard: list[str] = Field(default_factory=list)

    def logprobs_aside(
        self, messages: Sequence[BaseMessage], candidates: Sequence[str], cancel: Event
    ) -> list[float]:
        self.heard.append(str(messages[-2].content))
        return [-0.1, -2.1]


@pytest.mark.parametrize("anyway", [False, True])
def test_a_sentence_is_asked_about_with_what_stands_before_it(anyway: bool) -> None:
    model = Asked(messages=iter([AIMessage("It is long:\n25 days. It is paid.")]))
    odds: list[float | None] = []

    def decide(text: str, whole: bool, told: Sequence[Token], stands: Stands) -> Verdict | None:
        if (anyway and not whole) or "days." not in text:
            return "give" if anyway else None
        odds.append(stands("25 days."))
        return "give"

    reply = Reply("how long?", lambda reply: iter(()))
    assert "".join(write(model, list(MESSAGES), 100, about_tokens, reply, decide))
    assert {*model.heard} == {"It is long:\n25 days."} and {*odds} == {2.0}
