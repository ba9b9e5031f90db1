"""The coverage ledger: where every character of a page went. Nothing is lost without a reason.

Characters are counted without white space. A line's characters count as indexed when a passage
holds the line, whatever the passage's text makes of ligatures, hyphens and dot leaders.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.chunking.headings import REASON, Place, repeated
from ingest.document.model import Chunk, Document, Dropped, Line, Page, count

UNEXPLAINED = "unexplained"  # a fault of ours: lines without a passage


@dataclass(frozen=True)
class PageLedger:
    """The ledger of one page: extracted + ocr = indexed + dropped."""

    page: int
    extracted: int  # characters from the file itself
    ocr: int  # characters recognised from a picture
    confidence: float | None  # mean confidence of the recognised text
    indexed: int
    hidden: int  # of those indexed: hidden from readers
    dropped: tuple[Dropped, ...]
    unread: int  # estimate of unreadable characters: not included in the others
    note: str

    @property
    def source(self) -> int:
        """All that was read."""
        return self.extracted + self.ocr

    @property
    def lost(self) -> int:
        """All that was dropped."""
        return sum(dropped.characters for dropped in self.dropped)

    @property
    def balanced(self) -> bool:
        """Whether every character has a place or a reason."""
        explained = all(dropped.reason != UNEXPLAINED for dropped in self.dropped)
        return explained and self.source == self.indexed + self.lost


def ledger(document: Document, chunks: Sequence[Chunk]) -> list[PageLedger]:
    """The ledger of each page of a document that was cut into these chunks."""
    again = repeated(document).again
    taken: defaultdict[int, set[int]] = defaultdict(set)
    for chunk in chunks:
        taken[chunk.page].update(range(chunk.first, chunk.last + 1))
    return [_page(page, taken[page.number], again) for page in document.pages]


def _page(page: Page, taken: set[int], again: frozenset[Place]) -> PageLedger:
    dropped = Counter({d.reason: 0 for d in page.dropped})
    for known in page.dropped:
        dropped[known.reason] += known.characters
    of_lines = indexed = hidden = 0
    for index, line in enumerate(page.lines):
        characters = count(line.text)
        of_lines += characters
        if index in taken:
            indexed += characters
            hidden += characters if line.hidden else 0
        else:
            dropped[REASON if (page.number, index) in again else UNEXPLAINED] += characters
    source = page.characters
    if source is None:
        source = of_lines + sum(known.characters for known in page.dropped)
    recognised = _recognised(page)
    ocr = sum(count(line.text) for line in recognised) if page.ocr else 0
    rows = tuple(
        Dropped(reason, characters) for reason, characters in dropped.items() if characters
    )
    return PageLedger(
        page.number,
        source - ocr,
        ocr,
        _confidence(recognised),
        indexed,
        hidden,
        rows,
        page.unread,
        page.note,
    )


def _recognised(page: Page) -> list[Line]:
    """Recognised lines: all of a recognised page, unless single lines are marked."""
    doubtful = [line for line in page.lines if line.confidence < 1]
    return doubtful or (list(page.lines) if page.ocr else [])


def _confidence(lines: Sequence[Line]) -> float | None:
    characters = sum(count(line.text) for line in lines)
    if not characters:
        return None
    mean = sum(line.confidence * count(line.text) for line in lines) / characters
    return round(mean, 3)
