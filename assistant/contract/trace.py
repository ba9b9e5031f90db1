"""How an answer came about, as far as a receipt keeps it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One of the texts that an answer was made of: what a model was told, and what it wrote."""

    asked: tuple[tuple[str, str], ...]  # (role, text)
    most: int  # tokens that it was to write at most
    written: str


@dataclass
class Trace:
    """Filled while an answer is made."""

    asked: tuple[tuple[str, str], ...] = ()  # (role, text): the messages a model was sent last
    steps: tuple[Step, ...] = ()  # in their order, where an answer was made of several texts
    yes_log_odds: float | None = None  # its answer, where that was whether to answer at all
    answerable: float | None = None  # probability, by the gate; None where none was asked
