"""What is known when an answer is complete: its sentences, citations, passages and notices."""

from dataclasses import dataclass

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
