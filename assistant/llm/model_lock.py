"""Lets one user at a time use a model in this process.

An answer has its turn from its first check to its last word: another's passages would push its own
out of the model's cache. Pictures would be mixed, or would not fit into memory beside each other.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from assistant.contract.reply import Reply
from assistant.i18n.translation import N_, _
from ingest.errors import Stopped

WAITING = N_("Waiting for another answer")
_LOOK_AGAIN = 0.1  # seconds between two checks whether it was stopped


class TurnTaking:
    """Shared by all tools that use one model. Who came first is first."""

    def __init__(self, waiting: str = WAITING) -> None:
        """`waiting` is the text shown meanwhile."""
        self._waiting = waiting
        self._queue: list[object] = []  # the first one has its turn
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, reply: Reply) -> Iterator[None]:
        """Wait for the others, and show how many they are. Raises Stopped."""
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
        try:
            self._wait(ticket, reply)
            yield
        finally:
            with self._changed:
                self._queue.remove(ticket)
                self._changed.notify_all()

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
