"""Work that goes on in a thread of its own, for app and API."""

import logging
import threading
from collections.abc import Callable

from assistant.i18n.translation import N_, carried
from ingest.errors import PinciteError, Stopped

log = logging.getLogger(__name__)


class Background:
    """Work in a thread of its own, which writes the fields that others read."""

    unexpected = N_("It failed unexpectedly. The log has the details.")

    def __init__(self, name: str, work: Callable[[], object]) -> None:
        """Start at once, in the language of who starts it. The fields of a subclass come first."""
        self.error = ""  # a sentence for people
        self.was_stopped = False  # before its end
        self.cancel = threading.Event()
        self._thread = threading.Thread(
            target=carried(self._run), args=(work,), name=name, daemon=True
        )
        self._thread.start()

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Stop it soon; finished work stays."""
        self.cancel.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait, to the end or so many seconds, and return whether it has ended."""
        self._thread.join(seconds)
        return self.ended

    def _run(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Stopped:
            self.was_stopped = True
        except PinciteError as error:
            self.error = str(error)
        except Exception:
            log.exception("%s failed", self._thread.name)
            self.error = self.unexpected
