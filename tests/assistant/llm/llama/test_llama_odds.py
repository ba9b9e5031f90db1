"""How likely the model's tokens were."""

import math
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from langchain_core.messages import AIMessage, HumanMessage

from assistant.llm.chat_model import LlamaCppChat
from tests.assistant.llm.llama.asking import ROUNDING, SHORT, question

pytestmark = pytest.mark.slow


def test_the_likeliest_first_word_is_the_one_greedy_decoding_says(chat: LlamaCppChat) -> None:
    first = str(chat.invoke(SHORT, max_tokens=1).content)
    others = ["yes", "No", "The", "seven", "Rainbow", "1"]
    odds = chat.next_token_logprobs(SHORT, [first, *(word for word in others if word != first)])
    assert max(odds) == odds[0]
    assert all(value < 0 for value in odds)
    assert sum(math.exp(value) for value in odds) <= 1


def test_the_odds_of_all_tokens_sum_to_one_and_match_an_independent_computation(
    chat: LlamaCppChat, smallest_model: Path
) -> None:
    llama_cpp = pytest.importorskip("llama_cpp")
    prompt = chat._prompt(chat._engine(), SHORT)
    other = llama_cpp.Llama(
        str(smallest_model), n_ctx=256, logits_all=True, verbose=False, n_batch=256
    )
    other.eval(prompt)
    scores = np.asarray(other.scores[len(prompt) - 1], dtype=np.float64)
    expected = scores - np.logaddexp.reduce(scores)
    words = ["Red", "I", "The", "Here", "Yes"]
    wanted = [expected[chat._engine().words.tokenize(word)[0]] for word in words]
    assert math.isclose(np.exp(expected).sum(), 1, rel_tol=1e-6)
    assert chat.next_token_logprobs(SHORT, words) == pytest.approx(wanted, abs=ROUNDING)
    other.close()


def test_a_stream_tells_how_likely_its_tokens_were(chat: LlamaCppChat) -> None:
    plain = [str(part.content) for part in chat.stream(SHORT, max_tokens=12)]
    parts = list(chat.stream(SHORT, max_tokens=12, logprobs=True))

    told = [one for part in parts for one in part.response_metadata.get("logprobs", {}).get(
        "content", ())]  # fmt: skip
    assert "".join(one["token"] for one in told) == "".join(plain)
    assert "".join(str(part.content) for part in parts) == "".join(plain)
    [first] = chat.next_token_logprobs(SHORT, [told[0]["token"]])
    assert told[0]["logprob"] == pytest.approx(first, abs=ROUNDING)
    for one in told:  # it takes the likeliest
        assert all(other["logprob"] <= one["logprob"] for other in one["top_logprobs"])
        assert one["logprob"] <= 0


LONG = question("When does the lunch break of office 7 begin, and why is it so?")


def test_what_is_asked_in_between_changes_no_word(chat: LlamaCppChat) -> None:
    plain = [str(part.content) for part in chat.stream(LONG, max_tokens=24)]
    told: list[list[float] | None] = []
    parts, said = [], ""
    for part in chat.stream(LONG, max_tokens=24):
        parts.append(str(part.content))
        said += parts[-1]
        if len(parts) in (5, 6, 17):  # in the midst of a word, too
            asked = [*LONG, AIMessage(said[:-2]), HumanMessage("Is that so? Answer Yes or No.")]
            told.append(chat.logprobs_aside(asked, ("Yes", "No"), Event()))
    assert parts == plain
    after = [*LONG, AIMessage(said), HumanMessage("Is that so? Answer Yes or No.")]
    told.append(chat.logprobs_aside(after, ("Yes", "No"), Event()))
    assert all(one is not None and max(one) < 0 for one in told)
    assert told[-1] == pytest.approx(chat.next_token_logprobs(after, ("Yes", "No")), abs=ROUNDING)


def test_nothing_else_can_be_asked_in_between(chat: LlamaCppChat) -> None:
    for _ in chat.stream(LONG, max_tokens=2):
        assert chat.logprobs_aside([HumanMessage("Is it blue?")], ("Yes", "No"), Event()) is None
        much = [*LONG, HumanMessage("And why? " * 300)]  # more than a batch
        assert chat.logprobs_aside(much, ("Yes", "No"), Event()) is None
    assert chat.invoke(LONG, max_tokens=8).content


def test_a_stop_ends_what_is_asked_behind_an_answer(chat: LlamaCppChat) -> None:
    said = str(chat.invoke(LONG, max_tokens=8).content)
    stop = Event()
    stop.set()
    asked = [*LONG, AIMessage(said), HumanMessage("Is that so? " * 60)]
    assert chat.logprobs_aside(asked, ("Yes", "No"), stop) is None
    assert str(chat.invoke(LONG, max_tokens=8).content) == said
