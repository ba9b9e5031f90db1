"""What a prompt shares with the one before is not read again, and changes nothing."""

import threading
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from assistant.llm.chat_model import LlamaCppChat
from assistant.llm.llama.engine import BLOCK
from tests.assistant.llm.llama.asking import PASSAGES, evaluated, forget, question

pytestmark = pytest.mark.slow

FEW = PASSAGES[: len(PASSAGES) // 4]  # several blocks: to read more of them shows nothing else
SOME = PASSAGES[: len(PASSAGES) // 2]  # of which not all is read within a third of a second


def test_a_follow_up_computes_only_what_is_new(chat: LlamaCppChat) -> None:
    forget(chat)
    cold = evaluated(chat, lambda: chat.invoke(question("When in office 7?", FEW), max_tokens=1))
    warm = evaluated(chat, lambda: chat.invoke(question("And in office 8?", FEW), max_tokens=1))
    assert cold > 4 * BLOCK
    assert warm < 20 + BLOCK  # the block that the prompts part in is computed again


def test_a_gate_question_and_its_answer_read_the_passages_once(chat: LlamaCppChat) -> None:
    forget(chat)
    gate = question("Do they say when? Answer yes or no.", FEW)
    cold = evaluated(chat, lambda: chat.next_token_logprobs(gate, ["Yes", "No"]))
    warm = evaluated(chat, lambda: list(chat.stream(question("When?", FEW), max_tokens=1)))
    assert cold > 4 * BLOCK
    assert warm < 20 + BLOCK  # the block that the prompts part in is computed again


def odds(model: LlamaCppChat, messages: list[BaseMessage]) -> list[float]:
    return model.next_token_logprobs(messages, ["Yes", "No"])


def test_what_was_asked_before_does_not_move_a_prompts_odds_by_a_bit(
    chat: LlamaCppChat, smallest_model: Path
) -> None:
    fresh = LlamaCppChat.from_file(smallest_model, context=4096)
    asked = question("When in office 7?", FEW)
    expected = odds(fresh, asked)
    parting = [FEW[: len(FEW) - cut] for cut in (17, 68, 102)]  # at any token

    def after(messages: list[BaseMessage], words: int) -> list[float]:
        chat.invoke(messages, max_tokens=words)
        return odds(chat, asked)

    answered = after(asked, 16)  # the words it wrote were computed alone
    assert [after(question("Why?", text), 1) for text in parting] == [expected] * len(parting)
    assert answered == expected
    follow_up = [*asked, AIMessage("At noon."), HumanMessage("And in office 8?")]
    assert odds(chat, follow_up) == odds(fresh, follow_up)


def test_what_was_read_before_a_stop_is_not_read_again(chat: LlamaCppChat) -> None:
    forget(chat)
    whole = chat.get_num_tokens_from_messages(question("Why?", SOME))
    cancel = threading.Event()
    threading.Timer(0.35, cancel.set).start()
    read = evaluated(chat, lambda: chat.invoke(question("Why?", SOME), cancel=cancel, max_tokens=1))
    again = evaluated(chat, lambda: chat.invoke(question("Why?", SOME), max_tokens=1))
    assert read + again <= whole + 1


def test_an_answer_after_a_stopped_prompt_is_that_of_a_fresh_model(
    chat: LlamaCppChat, smallest_model: Path
) -> None:
    fresh = LlamaCppChat.from_file(smallest_model, context=4096)
    expected = fresh.invoke(question("When in office 7?", SOME), max_tokens=8).content
    forget(chat)
    cancel = threading.Event()
    threading.Timer(0.3, cancel.set).start()
    chat.invoke(question("When in office 7?", SOME), max_tokens=8, cancel=cancel)
    assert chat.invoke(question("When in office 7?", SOME), max_tokens=8).content == expected
