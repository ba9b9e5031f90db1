"""A chat model that chooses by letters: each choice has one, and the likeliest next letter counts.

The model writes nothing, so that what it reads cannot make it say anything else.
"""

import math
import threading
from collections.abc import Sequence
from string import ascii_uppercase

from langchain_core.messages import BaseMessage

from assistant.llm.token_odds import TokenOdds


def likeliest(
    model: TokenOdds, messages: Sequence[BaseMessage], choices: int, cancel: threading.Event
) -> tuple[int, float]:
    """The number of the choice, from 0, whose letter the model would write, and its probability
    among all, 0 to 1. Raises Stopped, and NoOdds where a server gives none."""
    letters = list(ascii_uppercase[:choices])
    chances = [math.exp(one) for one in model.next_token_logprobs(messages, letters, cancel)]
    best = max(range(choices), key=chances.__getitem__)
    return best, chances[best] / max(sum(chances), 1e-9)
