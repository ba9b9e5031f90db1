"""A measure without and with learning, on the same questions."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MeasuredChange:
    """Two means, and the 95 % interval of the difference."""

    before: float
    after: float
    low: float
    high: float

    @property
    def change(self) -> float:
        return self.after - self.before

    def summarise(self) -> str:
        """For people."""
        interval = f"{self.change:+.3f}, 95 % interval {self.low:+.3f} to {self.high:+.3f}"
        return f"{self.before:.3f} → {self.after:.3f} ({interval})"
