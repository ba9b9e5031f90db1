"""What the assistant can do: a new ability is one module here and one line in build.py."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from assistant.evidence import Evidence
from assistant.reply import Passage, Reply


@dataclass(frozen=True)
class Turn:
    """A question of the conversation with its answer and what was read for it."""

    question: str
    answer: str
    passages: tuple[Passage, ...] = ()
    refused: bool = False


@dataclass(frozen=True)
class Request:
    """What a person asks, and what it is to be answered from."""

    question: str
    evidence: Evidence
    history: Sequence[Turn] = ()  # oldest first
    documents: Collection[str] | None = field(default=None)  # only these, when named
    given: bool = False  # somebody chose the evidence for this question: read all that fits


class Tool(Protocol):
    """Answers one kind of request."""

    name: str

    def run(self, request: Request) -> Reply: ...
