"""A question as a tool gets it: parsed with its earlier conversation, and with its evidence."""

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from assistant.contract import intents
from assistant.contract.evidence import Evidence
from assistant.contract.facts import Outcome, Passage
from assistant.contract.intents import Intent
from assistant.contract.reply import Reply
from ingest.errors import Stopped
from ingest.language.words import content_words, stems
from vectorstore.catalog.tags import EVERYTHING, Filter
from vectorstore.retrieval.search_query import SearchQuery

# -- Detects questions that need the earlier conversation, by rules on their words

_CONNECTIVE = re.compile(
    r"(?:and|but|or|so|also|then|what about|how about|what if|what else|same|else|otherwise|really"
    r"|which ones?|i mean|i meant|what do you mean|are you sure|besides|other than|apart from"
    r"|instead of that|i(?:['’]m| am) (?:a )?(?:bit |little )?confused)\b"
    r"|(?:yes|no|ok|okay|thanks|thank you|got it|sorry|great)\s*[,.!;]",
    re.IGNORECASE,
)
# IT in capitals is a department.
_PERSONAL = r"\b(?!(?-i:IT)\b)(?:it|its|they|them|their|he|she|him|her|his{more})\b"
_SOMEBODY = re.compile(_PERSONAL.format(more=""), re.IGNORECASE)
_POINTER = re.compile(
    _PERSONAL.format(more="|theirs|hers|this|these|those|former|latter"), re.IGNORECASE
)
NOBODY = re.compile(  # "is it possible to", "does it rain": it refers to nothing
    r"\bit\b(?:\s+\w+){1,2}\s+(?:to|that|if|for|when)\b|\b(?:rain|snow)", re.IGNORECASE
)
_FEW = 3  # content words: a longer question mostly names what its pronouns refer to


def needs_history(question: str) -> bool:
    """Whether a question begins like a continuation, points back, or has hardly a content word.

    Rules, not the model: a rewriting prompt would cost seconds and push the passages out of the
    model's cache, and the model reads the conversation anyway.
    """
    words = len(content_words(question))
    return bool(
        _CONNECTIVE.match(question.strip())
        or (_POINTER.search(question) and words <= _FEW)
        or _points_back(question)
        or words <= 1
    )


def _points_back(question: str) -> bool:
    """Whether a pronoun precedes everything it could refer to."""
    found = _SOMEBODY.search(question)
    before = question[: found.start()] if found else ""
    return bool(found and not content_words(before) and not NOBODY.search(question))


# -- Detects questions that point at something nobody named
# Rules on words, measured in docs/answers.md: the small chat model does not know when a question is
# unclear. Four forms are looked at, each rare in questions that people have thought about: "this
# office" where no office was named; "the contract", which may be one of several; "How long does it
# last?" as the first question; a single word.

_AT = r"in|for|of|at|on|by|to|from|with|about|under"
_POINTING = re.compile(rf"\b(?:this|(?:{_AT})\s+that)\s+", re.IGNORECASE)
_DEFINITE = re.compile(r"\bthe\s+(?=[a-z])")
_PRONOUN = re.compile(_PERSONAL.format(more="|this|these|those|that"), re.IGNORECASE)
_TIME = re.compile(r"\s+(?:year|month|week|quarter|day|morning|evening|time)s?\b", re.IGNORECASE)
# After "this" they name nothing: "What does this mean for staff?", "Is this allowed at night?".
_NO_NOUNS = frozenset(
    re.findall(
        r"\w+",
        "affect apply cause concern depend happen help include involve matter mean require myself"
        " ourselves yourself allowed forbidden permitted prohibited required mandatory compulsory"
        " optional possible legal correct true available normal",
    )
)
_CLAUSE = re.compile(r"[,.;:?!]|\s(?:and|when|if|where|because|that)\b", re.IGNORECASE)
_DESCRIBED = re.compile(rf"\s*(?:{_AT}|that|who|which|where|whose)\b", re.IGNORECASE)
_WORD = re.compile(r"\s*([\w’'-]+)")
_POSSESSIVE = re.compile(r"['’]s$")
# Documents and times: "this report" is the one that is asked.
_KNOWN = stems(
    "document report paper slide deck table figure chart page handbook guide manual article book"
    " text file pdf section chapter list data question answer information topic"
    " conversation company firm organisation organization business year month week day"
    " time quarter moment way case point amount kind sort type number"
)


@dataclass(frozen=True)
class Pointer:
    """A phrase of a question that points at something nobody has named: `start` to `end`."""

    start: int
    end: int
    words: tuple[str, ...]  # "this office open" has office and open: where it ends is not known
    kind: str  # this, the, it, or bare


def pointer(question: str, said: str) -> Pointer | None:
    """The phrase to check; `said` is the earlier conversation, empty for a first question."""
    return (
        next(_pointing(question, said), None)
        or next(_definite(question, said), None)
        or (None if said else _pronoun(question) or _bare(question))
    )


def _pointing(question: str, said: str) -> Iterator[Pointer]:
    known = stems(said) | _KNOWN
    for match in _POINTING.finditer(question):
        words = _noun(question, match.end())
        before = question[: match.start()]
        told = known | stems(before)
        if words[:1] == ("library",) or _CLAUSE.search(before):
            continue
        if words and words[0].lower() in _NO_NOUNS:
            continue
        if words and not stems(" ".join(words)) & told:
            start = match.start() + match.group().lower().rindex("th")
            yield Pointer(start, match.end(), words, "this")


def _definite(question: str, said: str) -> Iterator[Pointer]:
    for match in _DEFINITE.finditer(question):
        words = _noun(question, match.end())
        if not words or any(not word.islower() for word in words):
            continue
        found = Pointer(match.start(), match.end(), words, "the")
        described = _DESCRIBED.match(question, _end(question, found))
        plural = words[-1].endswith("s") and not words[-1].endswith(("ss", "’s", "'s"))
        if not plural and not described and not plain_stems(words) <= stems(said):
            yield found


def _pronoun(question: str) -> Pointer | None:
    match = _PRONOUN.search(question)
    few = len(content_words(question)) <= 2
    if not match or not few or NOBODY.search(question):
        return None
    before, behind = question[: match.start()], question[match.end() :]
    if _CLAUSE.search(before) or re.search(r"\d|\w\s+[A-Z]", question):
        return None
    if _TIME.match(behind) or (match.group().lower() == "that" and _describes(before, behind)):
        return None
    return Pointer(match.start(), match.end(), (), "it")


def _describes(before: str, behind: str) -> bool:
    """Whether "that" is a relative pronoun, as in "rules that changed", not in "Who said that?"."""
    return bool(content_words(before[before.rstrip().rfind(" ") + 1 :]) and _WORD.match(behind))


def _bare(question: str) -> Pointer | None:
    found = re.fullmatch(r"\W*(?:the\s+)?([^\W\d_]+)\W*", question.strip(), re.IGNORECASE)
    if not found or not content_words(question):
        return None
    return Pointer(0, len(question), (found.group(1),), "bare")


def _noun(question: str, at: int) -> tuple[str, ...]:
    """The words after an article, up to a stop word or a punctuation mark; at most four."""
    words: list[str] = []
    while len(words) < 4 and (match := _WORD.match(question, at)):
        if not content_words(_POSSESSIVE.sub("", match.group(1))):
            break
        words.append(match.group(1))
        at = match.end()
        if _POSSESSIVE.search(match.group(1)):
            break
    return tuple(words)


def plain(words: Iterable[str]) -> tuple[str, ...]:
    """The words without the ending of a possessive."""
    return tuple(_POSSESSIVE.sub("", word) for word in words)


def plain_stems(words: Iterable[str]) -> frozenset[str]:
    """The stems of the words without the endings of possessives."""
    return stems(" ".join(plain(words)))


def _end(question: str, found: Pointer) -> int:
    return question.index(found.words[-1], found.end) + len(found.words[-1])


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


def parts(question: str) -> tuple[str, ...]:
    """The questions that are joined in one, in their order; the question itself where it is one."""
    found: list[str] = []
    for piece in _JOINT.split(question.strip()):
        joined = found and min(len(found[-1].split()), len(piece.split())) < _LEAST
        if joined or (found and not _FIRST.match(found[-1])):
            found[-1] = f"{found[-1]} {piece}"
        else:
            found.append(piece)
    return tuple(found) if len(found) > 1 else (question,)


# -- A question with its earlier conversation, parsed once a turn and shared by all stages


@dataclass(frozen=True)
class AskedQuestion:
    """A question whose parts are computed on first use, then cached."""

    text: str
    earlier: tuple[str, ...] = ()  # the questions before it, oldest first
    said: str = ""  # all questions and answers before it

    @cached_property
    def before(self) -> "AskedQuestion | None":
        """The question of the turn before; None for the first."""
        return AskedQuestion(self.earlier[-1], self.earlier[:-1]) if self.earlier else None

    @cached_property
    def follows_up(self) -> bool:
        """Whether it needs earlier questions to be understood."""
        return bool(self.earlier) and needs_history(self.text)

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
        """The questions that are asked at once; the text itself where it is one."""
        return parts(self.text)

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

    @cached_property
    def unnamed(self) -> Pointer | None:
        """The phrase that points at something nobody named; None in a clear question."""
        return pointer(self.text, self.said)


# -- The request to a tool, and the protocols of tools


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

    def _until_stopped(self, request: Request, intent: Kind, reply: Reply) -> Iterator[str]:
        try:
            yield from self._work(request, intent, reply)
        except Stopped:
            reply.outcome = Outcome("", stopped=True, grounded=False)

    @abstractmethod
    def _work(self, request: Request, intent: Kind, reply: Reply) -> Iterator[str]: ...
