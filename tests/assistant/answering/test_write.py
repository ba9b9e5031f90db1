"""The model writes; what repeats itself or is stopped ends."""

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage

from assistant.answering.write import Held, Written, refuses, repeats, write
from assistant.contract.reply import Reply
from assistant.llm import prompts
from ingest.text.reflow import about_tokens

MESSAGES = [HumanMessage("Question: how long?")]


def written(text: str, stop_after: int = -1, held: Held = refuses) -> tuple[str, Written, Reply]:
    model = GenericFakeChatModel(messages=iter([AIMessage(text)]))
    results: list[Written] = []

    def work(reply: Reply):  # type: ignore[no-untyped-def]
        results.append((yield from write(model, list(MESSAGES), 100, about_tokens, reply, held)))

    reply = Reply("how long?", work)
    for number, _ in enumerate(reply):
        if number == stop_after:
            reply.stop()
    return reply.so_far, results[0], reply


def test_what_streams_is_what_was_written() -> None:
    streamed, done, reply = written("It is 25 days.")
    assert streamed == done.text == "It is 25 days."
    assert not done.stopped
    assert reply.trace.asked == (("user", "Question: how long?"),)


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


def test_a_refusal_is_not_shown_because_more_may_be_read() -> None:
    streamed, done, _ = written(prompts.REFUSAL)
    assert (streamed, done.text) == ("", prompts.REFUSAL)


def test_what_only_begins_like_a_refusal_is_shown() -> None:
    said = "I could not find the answer to this question at first. It is 25 days."
    streamed, done, _ = written(said)
    assert streamed == done.text == said


def test_what_is_held_back_is_shown_from_where_it_no_longer_is() -> None:
    streamed, done, reply = written("It is 25 days.", held=lambda text, whole: "25" not in text)
    assert streamed == done.text == "It is 25 days."
    assert reply.trace.withheld == ""


def test_what_is_held_back_to_its_end_is_kept_for_the_receipt() -> None:
    streamed, done, reply = written("It is 25 days.", held=lambda text, whole: True)
    assert (streamed, done.text, reply.trace.withheld) == ("", "It is 25 days.", "It is 25 days.")


def test_nothing_is_left_of_what_was_held_back_until_a_stop() -> None:
    model = GenericFakeChatModel(messages=iter([AIMessage("It is 25 days.")]))
    reply = Reply("how long?", lambda reply: iter(()))

    def stopped(text: str, whole: bool) -> bool:
        reply.stop()
        return True

    writing = write(model, list(MESSAGES), 100, about_tokens, reply, stopped)
    with pytest.raises(StopIteration) as ended:
        next(writing)
    assert ended.value.value == Written("", stopped=True)
    assert reply.trace.withheld == ""
