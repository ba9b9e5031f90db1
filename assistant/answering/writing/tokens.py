"""The tokens of a text with their probabilities, from the log-probabilities that a model gives."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from assistant.contract.facts import Token

_SURE = 0.9  # from this probability what could have come instead is left out
_DIGITS = 4


def tokens_of(metadata: Mapping[str, Any]) -> list[Token]:
    """Those of a part of a stream, by its metadata; empty where the model tells none."""
    told = metadata.get("logprobs") or {}
    return [_token(one) for one in told.get("content") or ()]


def _token(told: dict[str, object]) -> Token:
    probability = _probability(told)
    others = told.get("top_logprobs") if probability < _SURE else None
    instead = tuple(
        (str(other["token"]), _probability(other))
        for other in (others if isinstance(others, list) else ())
    )
    return Token(str(told["token"]), probability, instead)


def _probability(told: dict[str, object]) -> float:
    return round(math.exp(float(str(told["logprob"]))), _DIGITS)


def showing(tokens: Sequence[Token], text: str) -> tuple[Token, ...]:
    """The tokens of a text that is shown, cut where it begins and ends; none where the text is
    another than the model wrote: an address was taken out of it."""
    start = "".join(token.text for token in tokens).find(text)
    if start < 0 or not text:
        return ()
    shown, end, at = [], start + len(text), 0
    for token in tokens:
        begin, at = at, at + len(token.text)
        words = token.text[max(start - begin, 0) : max(end - begin, 0)]
        if words:
            shown.append(Token(words, token.probability, token.instead))
    return tuple(shown)
