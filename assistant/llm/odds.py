"""Lets one user at a time use a model in this process.

An answer has its turn from its prompt to its last word: another's passages would push its own
out of the model's cache. Pictures would be mixed, or would not fit into memory beside each other.
"""

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from string import ascii_uppercase
from typing import Protocol, runtime_checkable

from langchain_core.messages import BaseMessage

from assistant.contract.reply import Reply
from assistant.i18n.translation import N_, _
from ingest.errors import Stopped
from ingest.text.reflow import about_tokens

WAITING = N_("Waiting for another answer")
_LOOK_AGAIN = 0.1  # seconds between two checks whether it was stopped


class TurnTaking:
    """Shared by all tools that use one model. Who came first is first."""

    def __init__(self, waiting: str = WAITING) -> None:
        """`waiting` is the text shown meanwhile."""
        self._waiting = waiting
        self._queue: list[object] = []  # the first one has its turn
        self._changed = threading.Condition()
        self._ahead = threading.Event()  # stops what is read ahead

    @contextmanager
    def turn(self, reply: Reply) -> Iterator[None]:
        """Wait for the others, and show how many they are. Raises Stopped."""
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            self._ahead.set()
        try:
            self._wait(ticket, reply)
            yield
        finally:
            with self._changed:
                self._queue.remove(ticket)
                self._changed.notify_all()

    def ahead(self, cancel: threading.Event) -> bool:
        """Whether the model is free for what nobody waits for yet; `cancel` is set as soon as
        anybody asks, or somebody else reads ahead."""
        with self._changed:
            self._ahead.set()
            self._ahead = cancel
            return not self._queue

    @property
    def is_taken(self) -> bool:
        """Whether somebody has the turn."""
        return bool(self._queue)

    def hurry(self) -> None:
        """Somebody asks: what is read ahead stops."""
        self._ahead.set()

    def _wait(self, ticket: object, reply: Reply) -> None:
        with self._changed:
            while before := self._queue.index(ticket):
                reply.activity.stage = self._told(before)
                if reply.cancel.is_set():
                    raise Stopped("Stopped while waiting.")
                self._changed.wait(_LOOK_AGAIN)

    def _told(self, before: int) -> str:
        waiting = _(self._waiting)
        if before == 1:
            return waiting
        return _("{waiting}: place {place} in the queue", waiting=waiting, place=before)


# -- What packing asks of a model: how many tokens a text has


def token_counter(model: object) -> Callable[[str], int]:
    """How many tokens a text has, without those that begin and end a prompt: the model's own
    `tokens_in`, or an estimate. Others would count with a tokenizer that langchain-core fetches
    from a hub."""
    count: Callable[[str], int] = getattr(model, "tokens_in", about_tokens)
    return count


# -- What tables and lists ask of a model: how likely a word begins its answer


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


# -- A chat model that chooses by letters: each choice has one, and the likeliest next letter counts
# The model writes nothing, so that what it reads cannot make it say anything else.


def likeliest(
    model: TokenOdds, messages: Sequence[BaseMessage], choices: int, cancel: threading.Event
) -> tuple[int, float]:
    """The number of the choice, from 0, whose letter the model would write, and its probability
    among all, 0 to 1. Raises Stopped, and NoOdds where a server gives none."""
    letters = list(ascii_uppercase[:choices])
    chances = [math.exp(one) for one in model.next_token_logprobs(messages, letters, cancel)]
    best = max(range(choices), key=chances.__getitem__)
    return best, chances[best] / max(sum(chances), 1e-9)
