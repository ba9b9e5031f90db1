"""Runs answers in threads of their own, so that a rerun or a reload of the page does not end them.
Knows no Streamlit."""

import logging
import threading
import time

from assistant.contract.reply import Reply
from assistant.errors import AssistantError
from assistant.i18n.language import carried
from assistant.i18n.translation import N_, _
from ingest.errors import PinciteError

_KEPT = 600.0  # seconds in which a page may still ask for an answer that has ended

log = logging.getLogger(__name__)


class RunningAnswer:
    """A reply that is written in the background."""

    def __init__(self, reply: Reply, after: int | None = None) -> None:
        """`after` a turn of the conversation it begins a branch."""
        self.reply, self.after = reply, after
        self.error = ""
        self.started = time.monotonic()
        self.ended: float | None = None
        self._thread = threading.Thread(
            target=carried(self._run), name=f"answer-{reply.id}", daemon=True
        )
        self._thread.start()

    @property
    def done(self) -> bool:
        return self.ended is not None

    def stop(self) -> None:
        """End this answer and no other."""
        self.reply.stop()

    def wait(self, seconds: float) -> bool:
        """Wait, and return whether it is done."""
        self._thread.join(seconds)
        return self.done

    def _run(self) -> None:
        try:
            for _ in self.reply:
                pass
        except PinciteError as error:
            self.error = str(error)
        except Exception:
            log.exception("the answer to a question failed")
            self.error = N_("The answer failed unexpectedly. The log has the details.")
        finally:
            self.ended = time.monotonic()


class Answers:
    """The running answer of each conversation. Conversations do not see each other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, RunningAnswer] = {}

    def start(self, conversation: str, reply: Reply, after: int | None = None) -> RunningAnswer:
        """At most one at a time in a conversation, which may be open in two tabs.

        Raises AssistantError while another one is in work.
        """
        with self._lock:
            self._drop_old()
            before = self._running.get(conversation)
            if before is not None and not before.done:
                raise AssistantError(
                    _("Another question of this conversation is being answered. "
                      "Ask again when it is done.")
                )  # fmt: skip
            self._running[conversation] = RunningAnswer(reply, after)
            return self._running[conversation]

    def of(self, conversation: str) -> RunningAnswer | None:
        """The conversation's running answer, or the last one if it failed."""
        with self._lock:
            return self._running.get(conversation)

    def forget(self, conversation: str) -> None:
        """Once its turn is in the conversation, or its error was read."""
        with self._lock:
            self._running.pop(conversation, None)

    def _drop_old(self) -> None:
        oldest = time.monotonic() - _KEPT
        for conversation, running in list(self._running.items()):
            if running.ended is not None and running.ended < oldest:
                del self._running[conversation]
