"""A measure without and with what was learned, of the same questions."""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.evaluation.metrics import paired_difference


@dataclass(frozen=True)
class Figure:
    """Two means, and the 95 % interval of the difference."""

    before: float
    after: float
    low: float
    high: float

    @classmethod
    def of(cls, before: Sequence[float], after: Sequence[float]) -> "Figure":
        """Values of the same questions, in the same order."""
        change = paired_difference(after, before)
        mean = sum(before) / len(before)
        return cls(mean, mean + change.mean, change.low, change.high)

    @property
    def change(self) -> float:
        return self.after - self.before

    def told(self) -> str:
        """For people."""
        interval = f"{self.change:+.3f}, 95 % interval {self.low:+.3f} to {self.high:+.3f}"
        return f"{self.before:.3f} → {self.after:.3f} ({interval})"
