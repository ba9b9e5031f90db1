"""Distinguishes a child on a busy machine from one that hangs.

Silence is measured in wall-clock time. Beside ten other programs that is a tenth of the work, so a
child that works but gets little of the processor asks for more time by itself.
"""

import threading
import time
from collections.abc import Callable

_SHARE = 0.4  # of the allowed silence: with more processor time it had its chance
_LATE = 0.5  # of the allowed silence: no request is needed before
_WORKING = 0.005  # of the time between two checks: sleeping and waiting use far less
_LOOKS = 20  # in the time of silence that is allowed


class Starving:
    """Watches this process's processor time since its last sign of life."""

    def __init__(self, ask: Callable[[], None]) -> None:
        self._ask = ask
        self._silence = 0.0
        self._used = 0.0
        self._heard = 0.0
        self._begun = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def alive(self) -> None:
        """There was a sign of life."""
        self._used = time.process_time()
        self._heard = time.monotonic()

    def begin(self, silence: float) -> None:
        """Begin a job that may be silent for so many seconds."""
        self._silence = silence
        self.alive()
        self._begun.set()

    def end(self) -> None:
        self._begun.clear()

    def _watch(self) -> None:
        before = 0.0
        while self._begun.wait():
            pause = self._silence / _LOOKS
            time.sleep(pause)
            now = time.process_time()
            works, before = now - before > _WORKING * pause, now
            late = time.monotonic() - self._heard > _LATE * self._silence
            starved = now - self._used < _SHARE * self._silence
            if works and late and starved and self._begun.is_set():
                self._heard = time.monotonic()
                self._ask()
