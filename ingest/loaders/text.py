"""Plain text in any encoding, and logs. Lines stay unchanged; a blank line ends a paragraph.

A form feed ends a page. What is longer than about 400 lines is cut into pages of that length.
"""

import re
from collections.abc import Iterator

from ingest.document.model import Document
from ingest.document.source import Source
from ingest.page_builder.flowing_text import BEGINS, PLAIN, Flow
from ingest.text.decoding import DecodedText, read_text

LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_BULLET = re.compile(r"\s*(?:[-*•▪◦o·]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+\S")
_STAMP = re.compile(
    r"\W?(?:\d{4}-\d\d-\d\d|\d\d?[/.]\w{2,3}[/.]\d{4}|\d\d:\d\d:\d\d|[A-Z][a-z]{2} +\d)"
)


def load_text(source: Source) -> Document:
    """Raises UnreadableFile when the bytes are no text."""
    found = read_text(source)
    return as_text(source, found)


def as_text(source: Source, found: DecodedText, note: str = "") -> Document:
    """A document from decoded text."""
    flow = Flow()
    for number, sheet in enumerate(found.text.split("\f")):
        if number:
            flow.end_page()
        for text, begins in _lines(sheet, source.path.suffix.lower() == ".log"):
            flow.verbatim(text, BEGINS if begins else PLAIN)
    return finish(source, flow, found, note)


def finish(source: Source, flow: Flow, found: DecodedText, note: str = "") -> Document:
    """The document, with a note on its last page about text that was too long."""
    if found.rest:
        flow.leave_out("bytes behind the longest text that is read", found.rest)
        note = f"{note} The file is too long: its last {found.rest:,} bytes were not read.".strip()
    return source.document(flow.finished(note), metadata={"encoding": found.encoding})


def _lines(text: str, log: bool) -> Iterator[tuple[str, bool]]:
    """Non-blank lines, and whether each begins a paragraph."""
    begins = True
    for line in LINE_END.split(text):
        if not line.strip():
            begins = True
            continue
        item = _STAMP.match(line) if log else _BULLET.match(line)
        yield line, begins or item is not None
        begins = False
