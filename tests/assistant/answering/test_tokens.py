"""Written tokens with their probabilities."""

import math

from assistant.answering.write import showing, tokens_of
from assistant.contract.facts import Token

WRITTEN = [Token(text, 0.5) for text in (" ", "There", " are", " thirty", " days.", "\n")]


def test_those_of_a_part_are_read_as_openai_gives_them() -> None:
    sure = {"token": "There", "logprob": math.log(0.95), "top_logprobs": [
        {"token": "It", "logprob": math.log(0.04)}]}  # fmt: skip
    doubtful = sure | {"logprob": math.log(0.5)}
    metadata = {"logprobs": {"content": [sure, doubtful]}}

    assert tokens_of(metadata) == [Token("There", 0.95), Token("There", 0.5, (("It", 0.04),))]
    assert tokens_of({}) == tokens_of({"logprobs": None}) == []


def test_those_that_are_shown_are_the_text() -> None:
    for text in ("There are thirty days.", "There are", "re are thir"):
        assert "".join(token.text for token in showing(WRITTEN, text)) == text


def test_a_text_that_was_changed_has_none() -> None:
    assert showing(WRITTEN, "There are thirty days at (an address).") == ()
    assert showing(WRITTEN, "") == ()
