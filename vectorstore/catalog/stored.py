"""What the catalogue says of a document: its coverage, its passages, its tables."""

from dataclasses import dataclass

from ingest.document.model import Table


@dataclass(frozen=True)
class Coverage:
    """Characters of a document, white space aside: extracted + ocr = indexed + dropped."""

    extracted: int  # from the text layer
    ocr: int  # recognised from pictures
    empty: int  # pages without text
    dropped: int  # not indexed; `Catalog.ledger` has the reasons
    indexed: int = 0
    hidden: int = 0  # of those indexed: hidden from readers
    unread: int = 0  # estimate of what could not be read


@dataclass(frozen=True)
class DocumentInfo:
    """What a list of documents shows of one."""

    document: str  # its name, unique in the library
    path: str  # where it was found
    library: str
    pages: int
    chunks: int
    status: str
    coverage: Coverage
    sha256: str
    superseded_by: str | None = None  # the name of a newer version
    added: str = ""  # ISO 8601, UTC
    dated: str = ""  # ISO 8601: what it says of itself, else of its file; empty: nothing
    tags: tuple[str, ...] = ()  # by name
    seconds: float | None = None  # the length of a recording; None where it is none or not known


@dataclass(frozen=True)
class StoredChunk:
    """A chunk with the name of its document."""

    id: str
    document: str
    page: int
    first: int
    last: int
    headings: tuple[str, ...]
    text: str
    hidden: bool = False  # what a reader of the document does not see: never evidence


@dataclass(frozen=True)
class StoredTable:
    """A table with the page on which it is."""

    page: int
    table: Table
