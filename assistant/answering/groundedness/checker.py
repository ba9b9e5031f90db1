"""What a checker of sentences tells: the seam between attribution and its models."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Finding:
    """Whether a text supports a sentence."""

    supported: bool
    spans: tuple[tuple[int, int], ...] = ()  # of the sentence: what it does not support, if known


class Groundedness(Protocol):
    """Reads a text and a sentence that rests on it."""

    def check(self, question: str, read: str, sentence: str) -> Finding:
        """`read` is what the sentence was found in. Raises LibraryError."""
        ...
