"""Shows a document's coverage: a bar, a phrase, and the pages to check."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.i18n.numbers import number
from assistant.i18n.told import told
from assistant.i18n.translation import N_, _, ngettext
from ingest.chunking.coverage_ledger import PageLedger
from vectorstore.catalog.catalog import Coverage

_PARTS = {
    "text": N_("{characters} read as text"),
    "ocr": N_("{characters} recognised in pictures"),
    "dropped": N_("{characters} left out, such as repeated headers"),
    "unread": N_("{characters} could not be read (estimate)"),
}


@dataclass(frozen=True)
class CoverageRemark:
    """A page to check, and why."""

    page: int
    words: str


def bar(coverage: Coverage) -> list[tuple[str, int]]:
    """Parts of a bar, with their characters: text, recognised text, omitted text, unreadable
    text."""
    parts = (
        ("text", coverage.extracted - coverage.dropped),
        ("ocr", coverage.ocr),
        ("dropped", coverage.dropped),
        ("unread", coverage.unread),
    )
    return [(kind, size) for kind, size in parts if size > 0]


def sizes(coverage: Coverage) -> str:
    """The bar in words."""
    return ", ".join(
        _(_PARTS[kind]).format(characters=_characters(size)) for kind, size in bar(coverage)
    )


def _characters(size: int) -> str:
    return ngettext("{count} character", "{count} characters", size)


def phrase(coverage: Coverage) -> str:
    """How much of the text was read. Text left out, such as repeated headers, counts as read."""
    read = coverage.extracted + coverage.ocr
    if not read + coverage.unread:
        return _("no text")
    # Rounded down: "100 %" of a document with an unreadable page would be false.
    share = _("{share} % of its text read", share=100 * read // (read + coverage.unread))
    part = share if coverage.unread else _("all of its text read")
    if not coverage.ocr:
        return part
    if coverage.extracted:
        return _("{part}, partly recognised in pictures", part=part)
    return _("{part}, recognised in pictures", part=part)


def remarks(ledger: Sequence[PageLedger]) -> list[CoverageRemark]:
    """The pages that were not read completely, in order."""
    return [
        CoverageRemark(row.page, words) for row in ledger if (words := ", ".join(_reasons(row)))
    ]


def missing(note: str, read: int, unread: int) -> str:
    """The problem of a page, from its note and its characters; empty without one."""
    if not note and not unread:
        return ""
    why = told(note) or _("not read")
    if not unread:
        return why
    sizes = {"read": number(read), "all": number(read + unread)}
    return _("{why}, {read} of an estimated {all} characters", why=why, **sizes)


def _reasons(row: PageLedger) -> Iterator[str]:
    if wrong := missing(row.note, row.extracted + row.ocr, row.unread):
        yield wrong
    if row.hidden:
        yield ngettext(
            "{count} character that a reader does not see",
            "{count} characters that a reader does not see",
            row.hidden,
        )
    if row.ocr and row.confidence is not None:
        yield _("recognised in a picture, {share} % sure", share=number(100 * row.confidence))
