"""What the assistant can do: a new ability is one module here and one line in build.py."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from assistant.answering.query.query import Query
from assistant.contract.evidence import Evidence
from assistant.contract.intents import Wish
from assistant.contract.outcome import Passage
from assistant.contract.reply import Reply


@dataclass(frozen=True)
class Turn:
    """A question of the conversation with its answer and what was read for it."""

    question: str
    answer: str
    passages: tuple[Passage, ...] = ()
    refused: bool = False
    asked_back: bool = False  # the answer asks what the question means
    files: tuple[Path, ...] = ()  # attached by the person, then made by the tool


@dataclass(frozen=True)
class Request:
    """What a person asks, and what it is to be answered from."""

    question: str
    evidence: Evidence
    history: Sequence[Turn] = ()  # oldest first
    documents: Collection[str] | None = field(default=None)  # only these, when named
    threshold: float | None = None  # of the gate; None: as the tool is set
    given: bool = False  # somebody chose the evidence for this question
    clear: bool = False  # what it means has been asked: not to be asked again
    files: tuple[Path, ...] = ()  # pictures, recordings and videos that the person attached
    wish: Wish | None = None  # chosen by a command or a button; None: words and files decide

    @cached_property
    def query(self) -> Query:
        """The question, taken apart once for all that read it."""
        said = " ".join(f"{turn.question} {turn.answer}" for turn in self.history)
        return Query(self.question, tuple(turn.question for turn in self.history), said)


class Tool(Protocol):
    """Answers one kind of request."""

    name: str

    def run(self, request: Request) -> Reply: ...


class Specialist(Protocol):
    """Answers a kind of request that it recognises."""

    name: str

    def offer(self, request: Request) -> Reply | None:
        """The reply, which starts working when it is iterated; None: not its kind."""
        ...
