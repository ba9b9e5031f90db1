"""The Reply that every tool returns: it streams, and has its citations when it is done."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from assistant.contract import asked_in
from assistant.contract.asked_in import in_words
from assistant.contract.facts import Citation, Facts, Outcome, Sentence, place
from assistant.contract.intents import Intent, to_row
from assistant.errors import AssistantError
from vectorstore.catalog.tags import EVERYTHING, Filter

# -- The progress of a reply for people who wait, and its timings


@dataclass(frozen=True)
class Closest:
    """The lines that fit best, known before a model writes."""

    lines: tuple[Citation, ...]


Event = str | Closest
"""What a tool tells while it works: the text as it is written, and the closest lines before it."""


@dataclass(frozen=True)
class Progress:
    """The progress of a tool that works in steps."""

    done: float
    of: float  # 0 when unknown
    seconds_left: float | None = None

    @property
    def share(self) -> float:
        """The share that is done, 0 to 1; 0 while the number of steps is unknown."""
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

    def show(self, event: "Event") -> None:
        """Record what there is to see, and when it came."""
        if isinstance(event, Closest):
            self.quotes, self.seconds_first_quote = event.lines, self._passed()
        elif self.seconds_first_token is None:
            self.seconds_first_token = self._passed()

    def end(self) -> None:
        self.seconds_total = self._passed()

    def _passed(self) -> float:
        return time.perf_counter() - self._started


# -- The trace of an answer, as a receipt stores it


@dataclass(frozen=True)
class Step:
    """One generated text of an answer: the prompt, and the model's words."""

    asked: tuple[tuple[str, str], ...]  # (role, text)
    most: int  # limit of generated tokens
    written: str


@dataclass
class Trace:
    """The trace, filled while an answer is made."""

    asked: tuple[tuple[str, str], ...] = ()  # (role, text): the messages a model was sent last
    steps: tuple[Step, ...] = ()  # in order, for an answer of several texts
    answerable: float | None = None  # probability that the answer is right; None: not verified
    withheld: str = ""  # what the model wrote last, where it was left out: a refusal stands for it
    program: tuple[str, str] | None = None  # what a model chose of a list: operation and head
    facts: Facts = field(default_factory=Facts)


@dataclass
class Reply:
    """Iterate for the text as it is written, or over `events` for the closest lines, too; `outcome`
    is complete afterwards.

    `work` is called once, by the iteration, with this Reply; it yields events and sets `outcome`.
    `stop()` may be called from another thread: the iteration then ends within half a second.
    """

    question: str
    work: Callable[["Reply"], Iterator[Event]]
    tool: str = "answer"
    model: str = ""
    meant: str = ""  # the completed question, if that was answered instead
    why: str = ""  # why this tool was chosen, as a short phrase; empty for an answer
    intent: Intent | None = None  # the request to a tool; None for an answer
    attached: tuple[Path, ...] = ()  # attachments of the question
    within: Filter = EVERYTHING  # by which the documents were chosen
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    so_far: str = ""
    outcome: Outcome | None = None
    unsaved: str = ""  # why a complete answer could not be saved
    images: tuple[Path, ...] = ()
    audio: tuple[Path, ...] = ()
    activity: Activity = field(default_factory=Activity)
    trace: Trace = field(default_factory=Trace)
    cancel: threading.Event = field(default_factory=threading.Event)
    when_done: Callable[["Reply"], None] = lambda reply: None

    def __iter__(self) -> Iterator[str]:
        return (event for event in self.events() if isinstance(event, str))

    def events(self) -> Iterator[Event]:
        """All that the tool tells while it works, in order."""
        self.activity.start()
        for event in self.work(self):
            self.activity.show(event)
            if isinstance(event, str):
                self.so_far += event
            yield event
        self.activity.end()
        try:
            self.when_done(self)
        except AssistantError as error:
            self.unsaved = str(error)
            raise

    def stop(self) -> None:
        """End the answer now; the text so far stays."""
        self.cancel.set()

    def finish(self) -> Outcome:
        """Run to the end if nobody iterated yet, and return the outcome."""
        if self.outcome is None:
            for _ in self:
                pass
        assert self.outcome is not None
        return self.outcome

    def to_json(self) -> dict[str, Any]:
        """The answer document of the public contract; runs to the end first. Fields may be added;
        none is removed or changes its meaning."""
        done = self.finish()
        return {
            "id": self.id,
            "question": self.question,
            "answer": done.text,
            "refused": done.refused,
            "asked_back": False,  # nothing asks back any more
            "tool": self.tool,
            "citations": [_citation_json(citation, done) for citation in done.citations],
            "sentences": [_sentence_json(sentence) for sentence in done.sentences],
            **({"closest": [_told(_line_json(c)) for c in done.closest]} if done.closest else {}),
            "passages": [_told(vars(passage)) for passage in done.passages],
            "notices": list(done.notices),
            **({"cells": [vars(cell) for cell in done.cells]} if done.cells else {}),
            **({} if done.grounded else {"grounded": False}),
            **({"offers": [vars(offer) for offer in done.offers]} if done.offers else {}),
            **({"why": self.why} if self.why else {}),
            **({"wish": to_row(self.intent)} if self.intent else {}),
            **_made(self),
            **({"filter": asked_in.to_row(self.within)} if self.within else {}),
            **({"attached": [str(path) for path in self.attached]} if self.attached else {}),
            "images": [str(path) for path in self.images],
            "audio": [str(path) for path in self.audio],
            "usage": {
                "prompt_tokens": done.prompt_tokens,
                "completion_tokens": done.completion_tokens,
            },
            "model": self.model,
            **(
                {}
                if self.trace.answerable is None
                else {"answerable": round(self.trace.answerable, 4)}
            ),
            "stopped": done.stopped,
            **({"unsaved": self.unsaved} if self.unsaved else {}),
            "seconds_first_quote": self.activity.seconds_first_quote,
            "seconds_first_token": self.activity.seconds_first_token,
            "seconds_total": self.activity.seconds_total,
        }


# -- An answer as JSON


def _made(reply: Reply) -> dict[str, Any]:
    """How a tool came to what it says: nothing else keeps it, for tools have no receipt."""
    facts = reply.trace.facts
    if not reply.intent or not (facts.looked or facts.heard):
        return {}
    heard = {"heard": asdict(facts.heard)} if facts.heard else {}
    return {"facts": {"looked": [asdict(one) for one in facts.looked], **heard}}


def _sentence_json(sentence: Sentence) -> dict[str, Any]:
    return {
        "text": sentence.text,
        "supported": sentence.supported,
        "support": sentence.support,
        "unstated": list(sentence.unstated),
        "marks": list(sentence.marks),
    }


def _citation_json(citation: Citation, done: Outcome) -> dict[str, Any]:
    """With `support` "partly" when the lines are only close to the sentences that they stand at."""
    at = {s.support for s in done.sentences if citation.mark in s.marks}
    partly = {"support": "partly"} if at == {"partly"} else {}
    return _told({**_line_json(citation), **partly})


def _line_json(citation: Citation) -> dict[str, Any]:
    return {**vars(citation), "boxes": [[round(v, 2) for v in box] for box in citation.boxes]}


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """A row without empty rare fields, such as the seconds of a recording."""
    rare = {"seconds": None, "instructions": (), "library": ""}
    return {name: value for name, value in row.items() if name not in rare or value != rare[name]}


# -- An answer as the lines that a terminal shows below its text

_MOST_PASSAGES = 3  # below a refusal
_BEGINNING = 100  # characters of a passage


def below(reply: Reply, done: Outcome) -> Iterator[str]:
    """Its quotes, what no line states, the filter of the question, notices, and files it made."""
    for citation in done.citations:
        yield f"[{citation.mark}] {quoted(citation)}"
    if not done.refused:
        yield from filter(None, map(doubt, done.sentences))
    if reply.within:
        yield f"asked in: {in_words(reply.within)}"
    yield from (f"note: {told}" for told in done.notices)
    yield from map(str, (*reply.images, *reply.audio))


def closest(done: Outcome) -> Iterator[str]:
    """What stands closest to a question that was refused."""
    for line in done.closest:
        yield f"closest: {quoted(line)}"
    if done.refused and not done.closest:
        for passage in done.passages[:_MOST_PASSAGES]:
            where = f"{passage.full_name}, {place(passage.page, passage.seconds)}"
            yield f"closest: {where}: {_joined(passage.text)[:_BEGINNING]}…"


def quoted(line: Citation) -> str:
    """A cited line behind its place."""
    return f"{line.full_name}, {place(line.page, line.seconds)}: “{_joined(line.quote)}”"


def doubt(sentence: Sentence) -> str:
    """What of a sentence no line states; empty when lines state all of it."""
    if sentence.support == "none":
        return f"not found in the documents: {sentence.text}"
    if sentence.support == "supported":
        return ""
    whole = sentence.unstated == (sentence.text,)
    words = "this" if whole else ", ".join(f"“{word}”" for word in sentence.unstated)
    marks = "".join(f"[{mark}]" for mark in sentence.marks)
    return f"no line states {words} (closest: {marks}): {sentence.text}"


def _joined(text: str) -> str:
    return " ".join(text.split())
