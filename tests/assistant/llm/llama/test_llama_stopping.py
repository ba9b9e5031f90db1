"""Stop ends what the model does within half a second, and leaves it as it was."""

import threading
from collections.abc import Generator
from typing import Any

import pytest

from assistant.llm.chat_model import LlamaCppChat
from ingest.errors import Stopped
from tests.assistant.llm.llama.asking import (
    FIRST_WORDS,
    SHORT,
    STOP_WITHIN,
    evaluated,
    forget,
    held,
    question,
    seconds_to_stop,
    worked,
)

pytestmark = pytest.mark.slow


def test_stop_while_the_prompt_is_read(chat: LlamaCppChat, fresh_answer: str) -> None:
    forget(chat)
    cancel = threading.Event()
    answer: list[Any] = []
    took = seconds_to_stop(
        cancel,
        0.1,
        lambda: answer.append(chat.invoke(question("Why?"), cancel=cancel, max_tokens=400)),
    )
    assert took < STOP_WITHIN
    assert answer[0].response_metadata["finish_reason"] == "cancelled"
    assert answer[0].content == ""
    assert chat.invoke(SHORT, max_tokens=FIRST_WORDS).content == fresh_answer


def test_stop_between_tokens(chat: LlamaCppChat, fresh_answer: str) -> None:
    cancel = threading.Event()
    chunks: list[Any] = []
    for chunk in chat.stream(SHORT, max_tokens=300, cancel=cancel):
        chunks.append(chunk)
        if len(chunks) == 4:
            cancel.set()
            pressed = worked()
    assert worked() - pressed < STOP_WITHIN
    assert chunks[-1].response_metadata["finish_reason"] == "cancelled"
    assert chunks[-1].usage_metadata["output_tokens"] == 4
    assert chat.invoke(SHORT, max_tokens=FIRST_WORDS).content == fresh_answer


def test_stop_while_waiting_for_another_answer(chat: LlamaCppChat) -> None:
    running = chat.stream(SHORT, max_tokens=50)
    next(running)
    cancel = threading.Event()
    took = seconds_to_stop(cancel, 0.1, lambda: chat.invoke(SHORT, cancel=cancel))
    assert took < STOP_WITHIN
    assert next(running) is not None, "the other answer goes on"
    del running


def test_stop_while_the_odds_are_computed(chat: LlamaCppChat, fresh_answer: str) -> None:
    forget(chat)
    cancel = threading.Event()

    def ask() -> None:
        with pytest.raises(Stopped):
            chat.next_token_logprobs(question("Really?"), ["yes"], cancel)

    assert seconds_to_stop(cancel, 0.1, ask) < STOP_WITHIN
    assert chat.invoke(SHORT, max_tokens=FIRST_WORDS).content == fresh_answer


def test_a_stop_before_the_start_computes_nothing(chat: LlamaCppChat) -> None:
    cancel = threading.Event()
    cancel.set()
    chunks: list[Any] = []
    assert evaluated(chat, lambda: chunks.extend(chat.stream(SHORT, cancel=cancel))) == 0
    assert [chunk.content for chunk in chunks] == [""]


def test_a_late_stop_does_not_touch_the_next_answer(chat: LlamaCppChat, fresh_answer: str) -> None:
    cancel = threading.Event()
    chat.invoke(SHORT, max_tokens=2, cancel=cancel)
    running = chat.stream(SHORT, max_tokens=FIRST_WORDS)
    first = next(running)
    cancel.set()
    assert str(first.content) + "".join(str(chunk.content) for chunk in running) == fresh_answer


@pytest.mark.parametrize("drop", [False, True])
def test_a_stream_closed_early_frees_the_model_at_once(
    chat: LlamaCppChat, fresh_answer: str, drop: bool
) -> None:
    running = chat.stream(SHORT, max_tokens=300)
    next(running)
    assert held(chat)
    if drop:
        del running
    else:
        assert isinstance(running, Generator)
        running.close()
    assert not held(chat)
    assert chat.invoke(SHORT, max_tokens=FIRST_WORDS).content == fresh_answer


def test_a_stream_that_is_never_started_holds_nothing(chat: LlamaCppChat) -> None:
    unstarted = chat.stream(SHORT)
    assert not held(chat)
    assert chat.invoke(SHORT, max_tokens=1).content
    del unstarted
