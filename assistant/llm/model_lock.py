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
    """Shared by all tools that use one model."""

    def __init__(self, waiting: str = WAITING) -> None:
        """`waiting` is the text shown meanwhile."""
        self._waiting = waiting
        self._busy = threading.Lock()

    @contextmanager
    def turn(self, reply: Reply) -> Iterator[None]:
        """Wait for the others, and show it. Raises Stopped."""
        while not self._busy.acquire(timeout=_LOOK_AGAIN):
            reply.activity.stage = _(self._waiting)
            if reply.cancel.is_set():
                raise Stopped("Stopped while waiting.")
        try:
            yield
        finally:
            self._busy.release()
