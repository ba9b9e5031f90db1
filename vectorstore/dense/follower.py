"""Updates the indexes with what other processes write, in the background."""

import logging
import threading

from vectorstore.dense.index import DenseIndex
from vectorstore.words.word_index import WordIndex

_LONGEST_PAUSE = 600.0  # seconds between two attempts to repair Chroma

log = logging.getLogger(__name__)


class Follower:
    """A thread that checks every few seconds until it is ended."""

    def __init__(self, index: DenseIndex, words: WordIndex, seconds: float) -> None:
        self._index = index
        self._words = words
        self._seconds = seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop it, and return when it has stopped."""
        self._ended.set()
        self._thread.join()

    def _follow(self) -> None:
        failures = 0  # each failure doubles the pause: an attempt deletes and refills all of Chroma
        while not self._ended.wait(min(self._seconds * 2 ** min(failures, 20), _LONGEST_PAUSE)):
            try:
                self._index.sync()
                failures = self._index.failures
                self._words.sync()
            except Exception as error:  # whoever searches or adds gets the error
                log.warning("The index could not be brought up to date: %s", error)
                failures += 1
