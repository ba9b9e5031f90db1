"""The outcome of an answer: its sentences, citations, passages and notices."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from assistant.i18n.translation import _
from ingest.document.model import Box
from ingest.media.ffmpeg import clock
from vectorstore.federation.names import qualified

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
        """Of the document among those of all that were asked."""
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
        """Of the document among those of all that were asked."""
        return qualified(self.library, self.document)


def full_name(row: Mapping[str, Any]) -> str:
    """The same of a citation or a passage as it is kept: "hr/Handbook.pdf", or "Handbook.pdf" where
    one library was asked."""
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
    asked_back: bool = False  # the text asks for clarification
    choices: tuple[str, ...] = ()  # choices of the clarification, each a possible reply
    grounded: bool = True  # False: words of a tool, such as a caption, that are in no document
    offers: tuple[Offer, ...] = ()
    closest: tuple[Citation, ...] = ()  # of a refusal: the lines that come closest, best first
