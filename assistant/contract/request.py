"""A question as a tool gets it: parsed with its earlier conversation, and with its evidence."""

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from assistant.contract import intents
from assistant.contract.evidence import Evidence
from assistant.contract.facts import Outcome, Passage
from assistant.contract.follow_ups import follows_up
from assistant.contract.intents import Intent
from assistant.contract.reply import Event, Reply
from ingest.errors import Stopped
from vectorstore.catalog.tags import EVERYTHING, Filter
from vectorstore.retrieval.search_query import SearchQuery

# -- The questions that are asked at once: "What does it cost, and who pays for it?"

_LEAST = 3  # words of a question
_ASKING = (
    "what|which|who|whom|whose|when|where|why|how|"
    "is|are|was|were|does|do|did|has|have|can|could|may|must|should|will"
)
# A question word behind "and" begins another question; in "who knows what and when" it does not,
# because too few words stand on one side.
_JOINT = re.compile(
    rf"(?:[;?](?:\s+(?:and|or|but))?|,?\s(?:and|or|but))\s+(?=(?:{_ASKING})\b)", re.IGNORECASE
)
_FIRST = re.compile(rf"^(?:[^,]*,\s*)?(?:{_ASKING})\b", re.IGNORECASE)


# -- A question with its earlier conversation, parsed once a turn and shared by all stages


@dataclass(frozen=True)
class AskedQuestion:
    """A question whose parts are computed on first use, then cached."""

    text: str
    earlier: tuple[str, ...] = ()  # the questions before it, oldest first

    @cached_property
    def before(self) -> "AskedQuestion | None":
        """The question of the turn before; None for the first."""
        return AskedQuestion(self.earlier[-1], self.earlier[:-1]) if self.earlier else None

    @cached_property
    def follows_up(self) -> bool:
        """Whether it needs earlier questions to be understood."""
        return bool(self.earlier) and follows_up(self.text)

    @cached_property
    def chain(self) -> tuple[str, ...]:
        """The questions that it builds on, oldest first, then the question."""
        return (*self.before.chain, self.text) if self.before and self.follows_up else (self.text,)

    @cached_property
    def standalone(self) -> str:
        """The question with those that it builds on, as one text."""
        return " ".join(self.chain)

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The questions that are asked at once, in their order; the text itself where it is one."""
        found: list[str] = []
        for piece in _JOINT.split(self.text.strip()):
            joined = found and min(len(found[-1].split()), len(piece.split())) < _LEAST
            if joined or (found and not _FIRST.match(found[-1])):
                found[-1] = f"{found[-1]} {piece}"
            else:
                found.append(piece)
        return tuple(found) if len(found) > 1 else (self.text,)

    @cached_property
    def alone(self) -> SearchQuery:
        """The query of its own words."""
        return SearchQuery(self.text)

    @cached_property
    def search(self) -> SearchQuery:
        """The query with the questions that it builds on."""
        return SearchQuery(self.standalone) if self.follows_up else self.alone

    @cached_property
    def joined(self) -> SearchQuery:
        """The query as a follow-up, whether it is one or not."""
        return SearchQuery(f"{self.before.standalone} {self.text}") if self.before else self.alone


# -- The request to a tool, and the protocols of tools


@dataclass(frozen=True)
class Turn:
    """A question of the conversation with its answer and its passages."""

    question: str
    answer: str
    passages: tuple[Passage, ...] = ()
    refused: bool = False
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
        return AskedQuestion(self.question, tuple(turn.question for turn in self.history))


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


Kind = TypeVar("Kind", bound=Intent)


class IntentTool(ABC, Generic[Kind]):
    """A Specialist for one kind of intent, or for a few."""

    name: str
    kind: type[Kind] | tuple[type[Kind], ...]

    def offer(self, request: Request) -> Reply | None:
        """The reply, which may raise AssistantError when it is iterated; None for any other
        intent."""
        intent = request.intent
        if not isinstance(intent, self.kind):
            return None
        return Reply(
            request.question,
            lambda reply: self._until_stopped(request, intent, reply),
            intents.name(intent),
            intent=intent,
        )

    def _until_stopped(self, request: Request, intent: Kind, reply: Reply) -> Iterator[Event]:
        try:
            yield from self._work(request, intent, reply)
        except Stopped:
            reply.outcome = Outcome("", stopped=True, grounded=False)

    @abstractmethod
    def _work(self, request: Request, intent: Kind, reply: Reply) -> Iterator[Event]: ...
