"""Fills a Pincite library with plain texts, to measure search on sets that are not PDFs.

Knows the catalogue's insides, as the public commands only take files.
"""

import hashlib
from collections.abc import Sequence

from ingest.document.model import Box, Chunk, Document, Line, Page
from vectorstore.library import Library

PageOfTexts = Sequence[str]


def put(library: Library, name: str, title: str, pages: Sequence[PageOfTexts]) -> None:
    """Store a document whose chunks are exactly these texts, page by page."""
    read = tuple(_page(number, texts) for number, texts in enumerate(pages, start=1))
    chunks = [
        Chunk(page.number, i, i, line.text) for page in read for i, line in enumerate(page.lines)
    ]
    vectors = library.embedder().passages([chunk.text for chunk in chunks])
    catalog = library._catalog
    with catalog.writing() as connection:
        document = Document(_digest(name), name, title, read)
        catalog.put(connection, document, name, "ready", chunks, vectors)


def first_chunk(name: str) -> str:
    """The id that the first chunk of a document gets."""
    return f"{_digest(name)[:16]}:0"


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _page(number: int, texts: PageOfTexts) -> Page:
    lines = tuple(Line(text, Box(0, 20 * i, 612, 20 * i + 12)) for i, text in enumerate(texts))
    return Page(number, 612.0, 792.0, lines)
