"""What the gate and a reranker ask of a model: how likely a word begins its answer."""

import threading
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from langchain_core.messages import BaseMessage


@runtime_checkable
class TokenOdds(Protocol):
    """A model that gives the probability of a word as the beginning of its answer."""

    def next_token_logprobs(
        self,
        messages: Sequence[BaseMessage],
        candidates: Sequence[str],
        cancel: threading.Event | None = None,
    ) -> list[float]:
        """The natural-log probability of the first token of each candidate as the next one."""
        ...
