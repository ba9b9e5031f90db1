"""PDF files: pages from PDFium, structure from pypdf."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from pypdf import PdfReader

from ingest.document.model import Document, Heading
from ingest.document.source import Source, holds
from ingest.errors import UnreadableFile

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it warns of every oddity of every file


def load_pdf(source: Source) -> Document:
    """Read every page; of pages that are pictures the text is recognised.

    Raises EncryptedFile or UnreadableFile.
    """
    # Here, for PDFium to be loaded by processes that read alone.
    from ingest.images.pages import recognised
    from ingest.pdf import pdfium

    _check_tiling(source)
    with pdfium.kept_open(source.path) as count:
        read = recognised(source.path, pdfium.pages(source.path), source.engines, count)
    if not read:
        raise UnreadableFile(f"{source.name} is a PDF without pages.")
    outline, metadata = _structure(source.path)
    return source.document(read, metadata=metadata, outline=outline)


def _structure(path: Path) -> tuple[tuple[Heading, ...], dict[str, str]]:
    # pypdf's additions are optional: a file that only PDFium reads is still added.
    with suppress(Exception):
        reader = PdfReader(path)
        return _outline(reader), _metadata(reader)
    return (), {}


def _outline(reader: PdfReader) -> tuple[Heading, ...]:
    with suppress(Exception):
        return tuple(_headings(reader, reader.outline, level=1))
    return ()


def _headings(reader: PdfReader, entries: list[Any], level: int) -> Iterator[Heading]:
    for entry in entries:
        if isinstance(entry, list):
            yield from _headings(reader, entry, level + 1)
        elif entry.title:
            page = reader.get_destination_page_number(entry)
            yield Heading(level, " ".join(str(entry.title).split()), (page or 0) + 1)


def _metadata(reader: PdfReader) -> dict[str, str]:
    found: Any = reader.metadata or {}
    wanted = {"/Title": "title", "/Author": "author", "/CreationDate": "created"}
    values = {name: str(found[key]).strip() for key, name in wanted.items() if found.get(key)}
    return {name: value for name, value in values.items() if value}


# -- Refuses pages with so many tiles of a pattern that drawing one takes for ever
# PDFium draws tile by tile, cannot be stopped, and does not tell what a pattern is like; pypdf
# does.

MOST_TILES = 20_000_000  # tiles on a page: PDFium takes .5 to 4 seconds for them
_DEEPEST = 3  # drawings in drawings


def _check_tiling(source: Source) -> None:
    """Raises UnreadableFile."""
    # A pattern is a stream, and streams are never inside of others: its head is not packed.
    if not holds(source.path, b"/XStep"):
        return
    for number, tiles in enumerate(_tiles(source), 1):
        if tiles > MOST_TILES:
            raise UnreadableFile(
                f"{source.name} is refused: page {number} can be filled with {tiles:,.0f} tiles of "
                f"a pattern, more than {MOST_TILES:,}, which would take hours to draw. Print it to "
                "a new PDF."
            )


def _tiles(source: Source) -> Iterator[float]:
    """The tiles of each page's finest pattern. The limits catch what pypdf cannot read."""
    with suppress(Exception):
        for page in PdfReader(source.path).pages:
            most = 0.0
            with suppress(Exception):
                area = float(page.mediabox.width) * float(page.mediabox.height)
                most = max(
                    (area / step for step in _steps(page.get("/Resources"), 0, set())), default=0
                )
            yield most


def _steps(resources: Any, depth: int, seen: set[int]) -> Iterator[float]:
    """How much of the page each tile takes, in square points."""
    resources = resources.get_object() if resources else {}
    for pattern in _values(resources, "/Pattern"):
        with suppress(KeyError, TypeError, ValueError, AttributeError):  # one may be null
            a, b, c, d, *_ = map(float, pattern.get("/Matrix", (1, 0, 0, 1)))
            step = abs(float(pattern["/XStep"]) * float(pattern["/YStep"]) * (a * d - b * c))
            if step:
                yield step
    for thing in _values(resources, "/XObject") if depth < _DEEPEST else ():
        with suppress(AttributeError):
            inside = thing.get("/Resources") if thing.get("/Subtype") == "/Form" else None
            if inside is not None and id(inside.get_object()) not in seen:
                seen.add(id(inside.get_object()))  # drawings may share what they use
                yield from _steps(inside, depth + 1, seen)


def _values(resources: Any, name: str) -> list[Any]:
    found = resources.get(name)
    return [value.get_object() for value in found.get_object().values()] if found else []
