"""What flows through the program: a Document has Pages of Lines; a Chunk knows its lines."""

from dataclasses import dataclass, field
from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle in PDF points (1/72 inch) from the top left of the page as it is shown."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True)
class Line:
    """One line of text where it stands on the page."""

    text: str
    box: Box
    size: float = 0.0  # height of the letters in points, 0 when unknown
    bold: bool = False


@dataclass(frozen=True)
class Page:
    """What was read from one page."""

    number: int  # as a viewer shows it: the first page is 1
    width: float  # points
    height: float
    lines: tuple[Line, ...]
    pictures: int = 0
    ocr: bool = False  # lines were recognised from a picture

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True)
class Heading:
    """A heading of the document's outline, and the page it points to."""

    level: int  # 1 is the top
    title: str
    page: int


@dataclass(frozen=True)
class Document:
    """A file after reading, before cutting."""

    sha256: str  # of the file's bytes: the same bytes are the same document
    name: str
    title: str
    pages: tuple[Page, ...]
    outline: tuple[Heading, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Chunk:
    """A passage that is embedded and found as one: whole lines of a single page."""

    page: int
    first: int  # index of the first line on its page, from 0
    last: int  # index of the last line, inclusive
    text: str
    headings: tuple[str, ...] = ()
