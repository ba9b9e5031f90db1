"""Facts: what an answer was made of, stage by stage, for who wants to look under the hood.

They are small, JSON-able by `dataclasses.asdict`, and stored with the receipt. A replay does not
compare them.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Literal, NamedTuple

from assistant.i18n.translation import _
from ingest.document.model import Box
from ingest.media.ffmpeg import clock
from vectorstore.federation import qualified
from vectorstore.retrieval.fusion import Legs


@dataclass(frozen=True)
class Understood:
    """The question as it was searched for."""

    searched: str  # standalone: with the questions that it builds on
    parts: tuple[str, ...] = ()  # the questions that are asked at once
    expected: str = ""  # words that the chat model added to the search


@dataclass(frozen=True)
class Found:
    """A passage that was found, and whether a model read it."""

    document: str
    page: int
    text: str  # its first words
    read: bool
    legs: Legs | None = None  # None where the evidence does not say
    reader: float | None = None  # log-odds by the learned reader; None where it did not look


@dataclass(frozen=True)
class ReadPassage:
    """A passage in the prompt of an answer: its place and its size."""

    document: str
    page: int
    lines: int
    tokens: int
    earlier: bool = False  # of an earlier turn of the conversation


Verdict = Literal["refuse", "give"]


@dataclass(frozen=True)
class Judged:
    """A judgement of the verifier: how probable it is that an answer is right, and what follows."""

    signals: Mapping[str, float]  # those that count, by the names that `verifier.Weights` explains
    shares: Mapping[str, float]  # what each adds to the log-odds; with the bias
    probability: float
    threshold: float
    verdict: Verdict
    pages: int = 0  # that had been read


class Token(NamedTuple):
    """A token that the model wrote, with its probability."""

    text: str
    probability: float  # of all tokens that could have come, 0 to 1
    instead: tuple[tuple[str, float], ...] = ()  # what was likely in its place


@dataclass(frozen=True)
class UsedOperand:
    """A cell of a table that an answer was computed from."""

    document: str
    page: int
    row: str
    column: str
    text: str


@dataclass(frozen=True)
class Computed:
    """The program that answered a question to a table."""

    operation: str  # see `assistant.answering.tables.compute`
    operands: tuple[UsedOperand, ...]  # the first ones
    number: int  # how many there are
    # What was looked at, its value and the least that it has to be.
    checks: tuple[tuple[str, float, float], ...] = ()


@dataclass(frozen=True)
class PartRead:
    """A part of a document that was read as a whole, for a summary or a list."""

    document: str
    page: int
    title: str  # of a chapter or a list; empty for passages from several places
    found: int  # statements of a chapter; items that a model named, or that a list has
    carried: int  # of those, how many stand on a line
    kept: int  # how many are in the answer
    odds: float | None = None  # the model's log-odds that they are meant; None: not asked


@dataclass(frozen=True)
class Compared:
    """Two parts that were compared, of two documents."""

    documents: tuple[str, str]
    pages: tuple[int, int]  # on which the parts begin
    titles: tuple[str, str]  # both empty where a topic was compared
    nearness: float | None  # cosine of the parts; None for a topic
    stated: tuple[int, int] = (0, 0)  # statements of each
    quoted: int = 0  # pairs of statements


@dataclass(frozen=True)
class Looked:
    """A picture that was looked at."""

    picture: str
    lines: int  # that were recognised on it
    confidence: float | None  # mean of the lines, 0 to 1; None without lines
    shows: str  # a model's words, or tags with their probabilities; empty without either
    seconds: tuple[float, float]  # to read what is written, and to look


@dataclass(frozen=True)
class Heard:
    """A recording that was listened to."""

    language: str  # as an ISO 639-1 code; empty when nothing is said
    seconds: float  # how long it is
    # Begin in seconds, text, confidence from 0 to 1, and whether it was left out as made up.
    segments: tuple[tuple[float, str, float, bool], ...] = ()


@dataclass
class Facts:
    """Filled while an answer is made; what a tool does not do stays empty."""

    understood: Understood | None = None
    tool_guess: tuple[str, float] | None = None  # the router's likeliest tool, not sure enough
    found: tuple[Found, ...] = ()  # in the order in which they were considered, the first ones
    read: tuple[ReadPassage, ...] = ()
    judged: tuple[Judged, ...] = ()
    written: tuple[Token, ...] = ()  # of the text that is shown; empty where no model reports them
    seconds: dict[str, float] = field(default_factory=dict)  # by stage, in their order
    computed: Computed | None = None  # of a question to a table
    parts: tuple[PartRead, ...] = ()  # of a summary or a list, in the order of reading
    compared: tuple[Compared, ...] = ()  # of two documents
    looked: tuple[Looked, ...] = ()  # at pictures that came with the question
    heard: Heard | None = None

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the seconds of the block to a stage."""
        start = perf_counter()
        try:
            yield
        finally:
            self.spent(stage, perf_counter() - start)

    def spent(self, stage: str, seconds: float) -> None:
        """Add seconds to the time that a stage has taken."""
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds


# -- The outcome of an answer: its sentences, citations, passages and notices

Support = Literal["supported", "partly", "none"]


@dataclass(frozen=True)
class Citation:
    """The lines of a document that support a sentence of the answer."""

    mark: int  # the [1] shown after the sentence
    document: str
    page: int
    quote: str  # verbatim lines of the page, joined by newlines
    boxes: tuple[Box, ...]  # one for each line of the quote
    score: float  # how well the quote supports the sentence, 0 to 1
    seconds: float | None = None  # in a recording: the beginning of the first line
    library: str = ""  # of the document, where several were asked

    @property
    def full_name(self) -> str:
        """The document's name among those of all libraries of the question."""
        return qualified(self.library, self.document)


@dataclass(frozen=True)
class Sentence:
    """A sentence of the answer, and the marks of the lines that state it or are close to it."""

    text: str
    supported: bool  # the lines state all of it
    marks: tuple[int, ...] = ()
    unstated: tuple[str, ...] = ()  # its words that no line states, as written, in their order

    @property
    def support(self) -> Support:
        """Whether lines support it; "partly" when they do not state all of it."""
        return "supported" if self.supported else "partly" if self.marks else "none"


@dataclass(frozen=True)
class UsedCell:
    """A cell of a table from which an answer was computed."""

    mark: int  # of the citation that shows it
    row: str  # the labels of its row and its column
    column: str
    text: str  # as it is written


GAP = "…"  # stands in a passage for lines of the page that are left out


def parts_of(text: str) -> list[str]:
    """The lines of a passage that stand together on the page."""
    return text.split(f"\n{GAP}\n")


@dataclass(frozen=True)
class Passage:
    """A part of a page that was read for the answer, or the closest one after a refusal."""

    document: str
    page: int
    score: float
    text: str
    seconds: float | None = None  # in a recording: its beginning
    instructions: tuple[str, ...] = ()  # its instructions to an assistant, which no model read
    library: str = ""  # of the document, where several were asked

    @property
    def full_name(self) -> str:
        """The document's name among those of all libraries of the question."""
        return qualified(self.library, self.document)


def full_name(row: Mapping[str, Any]) -> str:
    """The same from a stored citation or passage: "hr/Handbook.pdf", or "Handbook.pdf" where one
    library alone was searched."""
    return qualified(row.get("library", ""), row["document"])


def place(page: int, seconds: float | None) -> str:
    """A place for people: "page 3", and in a recording "03:12"."""
    return _("page {page}", page=page) if seconds is None else clock(seconds)


@dataclass(frozen=True)
class Offer:
    """A model that is needed and not installed."""

    name: str  # the name for `pincite models pull`
    role: str
    licence: str
    bytes: int | None = None
    note: str = ""  # its cost on this machine: "about 4 minutes a picture"


@dataclass(frozen=True)
class Outcome:
    """The outcome of a complete answer."""

    text: str
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    passages: tuple[Passage, ...] = ()
    refused: bool = False
    stopped: bool = False
    prompt_tokens: int = 0
    completion_tokens: int = 0
    notices: tuple[str, ...] = ()  # sentences about unread pages and missing words
    cells: tuple[UsedCell, ...] = ()  # table cells that the answer was computed from
    grounded: bool = True  # False: words of a tool, such as a caption, that are in no document
    offers: tuple[Offer, ...] = ()
    closest: tuple[Citation, ...] = ()  # of a refusal: the lines that come closest, best first
