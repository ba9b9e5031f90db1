"""One answer at a time from a model in this process, from its first check to its last word.

Between them, another's passages would push the first one's out of the model's cache.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from assistant.chat_model import Stopped
from assistant.reply import Reply

WAITING = "Waiting for another answer"
_LOOK_AGAIN = 0.1  # seconds between two looks at whether it was stopped meanwhile


class TurnTaking:
    """Shared by all tools that write with one model."""

    def __init__(self) -> None:
        self._busy = threading.Lock()

    @contextmanager
    def turn(self, reply: Reply) -> Iterator[None]:
        """Wait for the others, and say so. Raises Stopped."""
        while not self._busy.acquire(timeout=_LOOK_AGAIN):
            reply.stage = WAITING
            if reply.cancel.is_set():
                raise Stopped("Stopped while another answer was written.")
        try:
            yield
        finally:
            self._busy.release()
