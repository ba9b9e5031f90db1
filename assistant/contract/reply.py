"""What every tool returns: a Reply that streams, and knows its citations when it is done."""

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.contract.intents import Wish, to_row
from ingest.document.model import Box
from ingest.media.ffmpeg import clock


@dataclass(frozen=True)
class Citation:
    """Where a sentence of the answer stands in a document, line by line."""

    mark: int  # the [1] shown behind the sentence
    document: str
    page: int
    quote: str  # verbatim lines of the page, joined by newlines
    boxes: tuple[Box, ...]  # one for each line of the quote
    score: float  # support of the sentence by the quote, 0 to 1
    seconds: float | None = None  # in a recording: where the first line begins


@dataclass(frozen=True)
class Sentence:
    """A sentence of the answer and the marks that support it; none when nothing does."""

    text: str
    supported: bool
    marks: tuple[int, ...] = ()


@dataclass(frozen=True)
class UsedCell:
    """A cell of a table from which an answer was computed."""

    mark: int  # of the citation that shows it
    row: str  # the labels of its row and its column
    column: str
    text: str  # as it is written


@dataclass(frozen=True)
class Passage:
    """A stretch of a page that was read to answer, or that came closest when nothing did."""

    document: str
    page: int
    score: float
    text: str
    seconds: float | None = None  # in a recording: where it begins
    instructions: tuple[str, ...] = ()  # sentences to an assistant in it, which no model read


def place(page: int, seconds: float | None) -> str:
    """Where something stands, for people: "page 3", and in a recording "03:12"."""
    return f"page {page}" if seconds is None else clock(seconds)


@dataclass(frozen=True)
class Step:
    """One of the texts that an answer was made of: what a model was told, and what it wrote."""

    asked: tuple[tuple[str, str], ...]  # (role, text)
    most: int  # tokens that it was to write at most
    written: str


@dataclass(frozen=True)
class Progress:
    """How far a tool is that works in steps."""

    done: float
    of: float  # 0 when nobody knows
    seconds_left: float | None = None
    preview: bytes = b""  # a PNG of what there is so far

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return min(self.done / self.of, 1.0) if self.of else 0.0


@dataclass(frozen=True)
class Offer:
    """A model that would be needed, and is not installed."""

    name: str  # as `pincite models pull` takes it
    role: str
    licence: str
    bytes: int | None = None
    note: str = ""  # what it would take on this machine: "about 4 minutes a picture"


@dataclass(frozen=True)
class Outcome:
    """What is known when an answer is complete."""

    text: str
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    passages: tuple[Passage, ...] = ()
    refused: bool = False
    stopped: bool = False
    prompt_tokens: int = 0
    completion_tokens: int = 0
    notices: tuple[str, ...] = ()  # sentences on what could not be read, or was not found
    cells: tuple[UsedCell, ...] = ()  # of tables, when the answer was computed from them
    asked_back: bool = False  # the text asks what the question means
    choices: tuple[str, ...] = ()  # names of what it may mean: each is a reply to that
    grounded: bool = True  # False: words of a tool, such as a caption, which stand in no document
    offers: tuple[Offer, ...] = ()


@dataclass
class Reply:
    """Iterate for the text as it is written; `outcome` is complete afterwards.

    `work` is called once, by the iteration, with this Reply; it yields text and sets `outcome`.
    `stop()` may be called from another thread: the iteration then ends within half a second.
    """

    question: str
    work: Callable[["Reply"], Iterator[str]]
    tool: str = "answer"
    model: str = ""
    meant: str = ""  # the question with what it completes, where that was answered instead
    why: str = ""  # why this tool was chosen, as a short phrase; empty for an answer
    wish: Wish | None = None  # what a tool was asked to make; None: an answer
    attached: tuple[Path, ...] = ()  # what came with the question
    progress: Progress | None = None  # of tools that work in steps
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    stage: str = ""  # what is being done now, as a short phrase for the person who waits
    so_far: str = ""
    quotes: tuple[
        Citation, ...
    ] = ()  # the lines that fit best, shown until the first word is there
    asked: tuple[tuple[str, str], ...] = ()  # (role, text): what a model was told last
    steps: tuple[Step, ...] = ()  # in their order, where an answer was made of several texts
    yes_log_odds: float | None = None  # its answer, where that was whether to answer at all
    answerable: float | None = None  # probability, by the gate; None where none was asked
    outcome: Outcome | None = None
    images: tuple[Path, ...] = ()
    audio: tuple[Path, ...] = ()
    seconds_first_quote: float | None = None
    seconds_first_token: float | None = None
    seconds_total: float = 0.0
    cancel: threading.Event = field(default_factory=threading.Event)
    when_quoted: Callable[["Reply"], None] = lambda reply: None
    when_done: Callable[["Reply"], None] = lambda reply: None
    _started: float = 0.0

    def __iter__(self) -> Iterator[str]:
        self._started = time.perf_counter()
        for token in self.work(self):
            if self.seconds_first_token is None:
                self.seconds_first_token = self._passed()
            self.so_far += token
            yield token
        self.seconds_total = self._passed()
        self.when_done(self)

    def quote(self, citations: Iterable[Citation]) -> None:
        """Show what the documents say themselves while a model reads them."""
        self.quotes = tuple(citations)
        self.seconds_first_quote = self._passed()
        self.when_quoted(self)

    def _passed(self) -> float:
        return time.perf_counter() - self._started

    def stop(self) -> None:
        """End the answer now; what was written stays."""
        self.cancel.set()

    def finish(self) -> Outcome:
        """Run to the end if nobody iterated yet, and return the outcome."""
        if self.outcome is None:
            for _ in self:
                pass
        assert self.outcome is not None
        return self.outcome

    def to_json(self) -> dict[str, Any]:
        """The answer document of the public contract."""
        done = self.finish()
        return {
            "id": self.id,
            "question": self.question,
            "answer": done.text,
            "refused": done.refused,
            "asked_back": done.asked_back,
            "tool": self.tool,
            "citations": [_citation_json(citation) for citation in done.citations],
            "sentences": [
                {"text": s.text, "supported": s.supported, "marks": list(s.marks)}
                for s in done.sentences
            ],
            "passages": [_told(vars(passage)) for passage in done.passages],
            "notices": list(done.notices),
            **({"cells": [vars(cell) for cell in done.cells]} if done.cells else {}),
            **({"choices": list(done.choices)} if done.choices else {}),
            **({} if done.grounded else {"grounded": False}),
            **({"offers": [vars(offer) for offer in done.offers]} if done.offers else {}),
            **({"why": self.why} if self.why else {}),
            **({"wish": to_row(self.wish)} if self.wish else {}),
            **({"attached": [str(path) for path in self.attached]} if self.attached else {}),
            "images": [str(path) for path in self.images],
            "audio": [str(path) for path in self.audio],
            "usage": {
                "prompt_tokens": done.prompt_tokens,
                "completion_tokens": done.completion_tokens,
            },
            "model": self.model,
            **({} if self.answerable is None else {"answerable": round(self.answerable, 4)}),
            "stopped": done.stopped,
            "seconds_first_quote": self.seconds_first_quote,
            "seconds_first_token": self.seconds_first_token,
            "seconds_total": self.seconds_total,
        }


def _citation_json(citation: Citation) -> dict[str, Any]:
    boxes = [[round(v, 2) for v in box] for box in citation.boxes]
    return _told({**vars(citation), "boxes": boxes})


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """Only recordings have seconds, and few passages instructions."""
    rare = {"seconds": None, "instructions": ()}
    return {name: value for name, value in row.items() if name not in rare or value != rare[name]}
