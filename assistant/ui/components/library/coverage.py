"""Shows a document's coverage: a bar, a phrase, and the pages to check."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.chunking.coverage_ledger import PageLedger
from vectorstore.catalog.catalog import Coverage


@dataclass(frozen=True)
class CoverageRemark:
    """A page to check, and why."""

    page: int
    words: str


def bar(coverage: Coverage) -> str:
    """A bar as HTML: text, recognised text, omitted text, unreadable text."""
    parts = [
        ("text", coverage.extracted - coverage.dropped, "read as text"),
        ("ocr", coverage.ocr, "recognised in pictures"),
        ("dropped", coverage.dropped, "left out, such as repeated headers"),
        ("unread", coverage.unread, "could not be read (estimate)"),
    ]
    whole = sum(max(size, 0) for _, size, _ in parts)
    pieces = "".join(
        f'<span class="{kind}" style="flex-grow: {size}"></span>'
        for kind, size, _ in parts
        if size > 0
    )
    told = ", ".join(f"{size:,} characters {what}" for _, size, what in parts if size > 0)
    if not whole:
        return ""
    return f'<div class="coverage" role="img" title="{told}" aria-label="{told}">{pieces}</div>'


def phrase(coverage: Coverage) -> str:
    """How much of the text was read. Text left out, such as repeated headers, counts as read."""
    read = coverage.extracted + coverage.ocr
    if not read + coverage.unread:
        return "no text"
    # Rounded down: "100 %" of a document with an unreadable page would be false.
    share = f"{100 * read // (read + coverage.unread)} % of its text read"
    told = share if coverage.unread else "all of its text read"
    if not coverage.ocr:
        return told
    return f"{told}, {'partly ' if coverage.extracted else ''}recognised in pictures"


def remarks(ledger: Sequence[PageLedger]) -> list[CoverageRemark]:
    """The pages that were not read completely, in order."""
    return [
        CoverageRemark(row.page, words) for row in ledger if (words := ", ".join(_reasons(row)))
    ]


def missing(note: str, read: int, unread: int) -> str:
    """The problem of a page, from its note and its characters; empty without one."""
    estimate = f", {read:,} of an estimated {read + unread:,} characters" if unread else ""
    return f"{note or 'not read'}{estimate}" if note or unread else ""


def _reasons(row: PageLedger) -> Iterator[str]:
    if wrong := missing(row.note, row.extracted + row.ocr, row.unread):
        yield wrong
    if row.hidden:
        yield f"{row.hidden:,} characters that a reader does not see"
    if row.ocr and row.confidence is not None:
        yield f"recognised in a picture, {100 * row.confidence:.0f} % sure"
