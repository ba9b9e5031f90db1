"""Looks in the background for questions that the documents answer. Knows no Streamlit."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from ingest.errors import PinciteError

log = logging.getLogger(__name__)
_KEPT = 256  # answers


class NextQuestions:
    """By answer; each is looked for once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[Hashable, list[str] | None] = OrderedDict()

    def of(self, answer: Hashable, look: Callable[[], list[str]]) -> list[str] | None:
        """None while they are looked for, which begins with the first call."""
        with self._lock:
            if answer in self._found:
                return self._found[answer]
            self._found[answer] = None
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
        work = threading.Thread(target=self._look, args=(answer, look), name="next", daemon=True)
        work.start()
        return None

    def _look(self, answer: Hashable, look: Callable[[], list[str]]) -> None:
        found: list[str] = []
        try:
            found = look()
        except PinciteError as error:  # a suggestion less: the next question says what is wrong
            log.info("no follow-ups: %s", error)
        except Exception:
            log.exception("looking for follow-ups failed")
        with self._lock:
            self._found[answer] = found
