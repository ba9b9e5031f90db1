"""The progress of a reply for people who wait, and its timings."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from assistant.contract.outcome import Citation


@dataclass(frozen=True)
class Progress:
    """The progress of a tool that works in steps."""

    done: float
    of: float  # 0 when unknown
    seconds_left: float | None = None
    preview: bytes = b""  # a PNG preview

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return min(self.done / self.of, 1.0) if self.of else 0.0


@dataclass
class Activity:
    """Progress, written by the working thread and read by the drawing one."""

    stage: str = ""  # what is being done now, as a short phrase
    progress: Progress | None = None  # progress of tools that work in steps
    quotes: tuple[Citation, ...] = ()  # the lines that fit best, until the first word is there
    seconds_first_quote: float | None = None
    seconds_first_token: float | None = None
    seconds_total: float = 0.0
    _started: float = field(default_factory=time.perf_counter)

    def start(self) -> None:
        self._started = time.perf_counter()

    def quote(self, citations: Iterable[Citation]) -> None:
        """Show the closest lines while a model reads."""
        self.quotes = tuple(citations)
        self.seconds_first_quote = self._passed()

    def write(self) -> None:
        """Record that a word was written."""
        if self.seconds_first_token is None:
            self.seconds_first_token = self._passed()

    def end(self) -> None:
        self.seconds_total = self._passed()

    def _passed(self) -> float:
        return time.perf_counter() - self._started
