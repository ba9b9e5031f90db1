"""The types of the program: a Document has Pages of Lines; a Chunk knows its lines."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

_EMBEDDING = re.compile("[\u202a\u202b\u202d\u202e]")
_ISOLATE = re.compile("[\u2066-\u2068]")


def ended(text: str) -> str:
    """The text, which turns the direction of no letters behind it: there is an end for each sign
    in it that turns them. One too many ends nothing (Unicode's UAX #9, X6a and X7)."""
    isolates, embeddings = len(_ISOLATE.findall(text)), len(_EMBEDDING.findall(text))
    return text + "\u2069" * isolates + "\u202c" * embeddings


class Box(NamedTuple):
    """A rectangle in points (1/72 inch) from the top left of the page as it is shown."""

    x0: float
    y0: float
    x1: float
    y1: float


def union(boxes: Sequence[Box]) -> Box:
    """The smallest rectangle that holds all of them, of which there is at least one."""
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return Box(min(x0), min(y0), max(x1), max(y1))


NOWHERE = Box(0, 0, 0, 0)  # box of lines in formats without drawable pages, such as HTML


@dataclass(frozen=True, slots=True)  # there are hundreds of thousands
class Line:
    """One line of text with its place on the page; in a recording, one segment of speech."""

    text: str
    box: Box = NOWHERE
    size: float = 0.0  # height of the letters in points, 0 when unknown
    bold: bool = False
    heading: int = 0  # heading level that the format states, 1 is the top; 0 is none
    begins: bool = False  # the format says that a paragraph, list item or table row begins here
    confidence: float = 1.0  # confidence of OCR or speech recognition, 0 to 1
    seconds: float | None = None  # beginning in a recording
    hidden: str = ""  # why a reader does not see it, such as "white on white"


@dataclass(frozen=True, slots=True)  # there are hundreds of thousands
class Cell:
    """A cell of a table: its text, its typed value, and its line."""

    text: str
    line: int  # index on the page of the line that shows it
    value: float | str | bool | None = None  # number; ISO date or time; truth; None: only text
    kind: str = "text"  # "text", "number", "date", "truth" or "empty"
    unit: str = ""  # of a number, as it is written: "%", "EUR", "$"


@dataclass(frozen=True)
class Table:
    """Rows of cells on one page. Each row is at least one line of the page."""

    first: int  # index of its first line on the page
    last: int  # inclusive
    rows: tuple[tuple[Cell, ...], ...]
    header: int = 0  # how many of the rows are headings of the columns
    caption: str = ""


@dataclass(frozen=True)
class Figure:
    """A picture on a page. Its description is machine-made, by a model or by OCR."""

    box: Box = NOWHERE
    caption: str = ""  # the document's caption
    description: str = ""  # a model's description


@dataclass(frozen=True)
class Dropped:
    """Characters that were read and left out of the lines, with the reason."""

    reason: str  # a short phrase: "control characters", "line-end hyphens"
    characters: int


@dataclass(frozen=True)
class Page:
    """The content of one page. Characters are counted without white space."""

    number: int  # as a viewer shows it: the first page is 1
    width: float  # points; 0 when there is no page to draw
    height: float
    lines: tuple[Line, ...]
    pictures: int = 0
    ocr: bool = False  # lines were recognised from a picture
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    characters: int | None = None  # as the source gave them, before any processing
    dropped: tuple[Dropped, ...] = ()  # characters = those of the lines + dropped, exactly
    unread: int = 0  # estimate of characters that could not be read
    note: str = ""  # a message for people: "unreadable scan"
    title: str = ""  # of a slide or a sheet

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)

    @property
    def source(self) -> int:
        """The number of characters that the source gave: those of the lines and those dropped."""
        if self.characters is not None:
            return self.characters
        return characters_in(self.lines) + sum(dropped.characters for dropped in self.dropped)


def count(text: str) -> int:
    """Characters without white space: what the coverage ledger counts."""
    return sum(map(len, text.split()))


def characters_in(lines: Iterable[Line]) -> int:
    """The characters of several lines, without white space."""
    return sum(count(line.text) for line in lines)


@dataclass(frozen=True)
class Heading:
    """A heading of the document's outline, and the page it points to."""

    level: int  # 1 is the top
    title: str
    page: int


@dataclass(frozen=True)
class Document:
    """A file after reading, before cutting."""

    sha256: str  # of the file's bytes, which identify the document
    name: str
    title: str
    pages: Sequence[Page]  # a long document's are packed, see `wire.Packed`: walk over them, once
    outline: tuple[Heading, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    reader: str = ""  # name and number of its reader, see `ingest.loaders`


@dataclass(frozen=True)
class Chunk:
    """A passage that is embedded and found as a unit: whole lines of a single page."""

    page: int
    first: int  # index of the first line on its page, from 0
    last: int  # index of the last line, inclusive
    text: str
    headings: tuple[str, ...] = ()
    hidden: bool = False  # made of hidden lines
