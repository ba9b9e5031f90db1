"""PDF files: pages from PDFium, structure from pypdf."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from pypdf import PdfReader

from ingest.document.model import Document, Heading
from ingest.document.source import Source
from ingest.errors import UnreadableFile

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it warns of every oddity of every file


def load_pdf(source: Source) -> Document:
    """Read every page; of pages that are pictures the text is recognised.

    Raises EncryptedFile or UnreadableFile.
    """
    # Here, for PDFium to be loaded by processes that read alone.
    from ingest.images.pages import recognised
    from ingest.pdf import pdfium
    from ingest.pdf.page import check_tiling, completed

    check_tiling(source)
    with pdfium.kept_open(source.path) as count:
        pages = completed(source.path, pdfium.pages(source.path))
        read = recognised(source.path, pages, source.engines, count)
    if not read:
        raise UnreadableFile(f"{source.name} is a PDF without pages.")
    outline, metadata = _structure(source.path)
    return source.document(read, metadata.get("title", ""), metadata, outline)


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
