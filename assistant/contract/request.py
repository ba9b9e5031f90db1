"""The request to a tool, and the protocols of tools."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from assistant.contract.asked_question import AskedQuestion
from assistant.contract.evidence import Evidence
from assistant.contract.facts import Passage
from assistant.contract.intents import Intent
from assistant.contract.reply import Reply
from vectorstore.catalog.tags import EVERYTHING, Filter


@dataclass(frozen=True)
class Turn:
    """A question of the conversation with its answer and its passages."""

    question: str
    answer: str
    passages: tuple[Passage, ...] = ()
    refused: bool = False
    asked_back: bool = False  # the answer is a request for clarification
    files: tuple[Path, ...] = ()  # attached by the person, then output of the tool


@dataclass(frozen=True)
class Request:
    """A person's question, and the evidence to answer it from."""

    question: str
    evidence: Evidence
    history: Sequence[Turn] = ()  # oldest first
    documents: Collection[str] | None = field(default=None)  # only these are searched
    threshold: float | None = None  # of the verifier; None: the tool's own
    given: bool = False  # the evidence was chosen for this question
    clear: bool = False  # clarification was requested already
    anyway: bool = False  # an answer is wanted also where it would be refused
    files: tuple[Path, ...] = ()  # pictures, recordings and videos that the person attached
    intent: Intent | None = None  # chosen by a command or a button; None: the router decides
    within: Filter = EVERYTHING  # it has chosen the documents, of the `named` ones if there are any
    named: Collection[str] | None = None  # by the person, where there is a filter, too

    @property
    def alone(self) -> Collection[str]:
        """The documents that the person has named; empty where it is all that a filter chooses."""
        return (self.named if self.within else self.documents) or ()

    @cached_property
    def query(self) -> AskedQuestion:
        """The question, parsed once for all stages."""
        said = " ".join(f"{turn.question} {turn.answer}" for turn in self.history)
        return AskedQuestion(self.question, tuple(turn.question for turn in self.history), said)


class Tool(Protocol):
    """A tool: answers one kind of request."""

    name: str

    def run(self, request: Request) -> Reply: ...


class Specialist(Protocol):
    """A tool that recognises its kind of request."""

    name: str

    def offer(self, request: Request) -> Reply | None:
        """The reply, which starts working when iterated; None for another kind of request."""
        ...
