"""What the Library page says of how much was read."""

from assistant.ui.library.document_list import (
    coverage_bar,
    coverage_phrase,
    coverage_remarks,
    coverage_sizes,
)
from ingest.chunking import PageLedger
from ingest.document.model import Dropped
from vectorstore.catalog.rows import Coverage


def coverage(
    extracted: int = 0, ocr: int = 0, dropped: int = 0, unread: int = 0, hidden: int = 0
) -> Coverage:
    return Coverage(extracted, ocr, 0, dropped, extracted + ocr - dropped, hidden, unread)


def row(
    extracted: int = 0,
    ocr: int = 0,
    confidence: float | None = None,
    hidden: int = 0,
    dropped: tuple[Dropped, ...] = (),
    unread: int = 0,
    note: str = "",
) -> PageLedger:
    indexed = extracted + ocr - sum(d.characters for d in dropped)
    return PageLedger(14, extracted, ocr, confidence, indexed, hidden, dropped, unread, note)


def test_the_bar_has_a_part_for_each_fate_and_says_it_in_words() -> None:
    read = coverage(extracted=900, ocr=50, dropped=100, unread=1900)
    assert coverage_bar(read) == [("text", 800), ("ocr", 50), ("dropped", 100), ("unread", 1900)]
    assert coverage_sizes(read).endswith("1,900 characters could not be read (estimate)")


def test_nothing_read_and_nothing_missed_draws_no_bar() -> None:
    assert coverage_bar(coverage()) == []
    assert coverage_phrase(coverage()) == "no text"


def test_the_phrase_counts_what_could_not_be_read() -> None:
    assert coverage_phrase(coverage(extracted=100)) == "all of its text read"
    assert coverage_phrase(coverage(extracted=9990, unread=10)) == "99 % of its text read"
    assert coverage_phrase(coverage(ocr=90)) == "all of its text read, recognised in pictures"
    assert coverage_phrase(coverage(extracted=50, ocr=25, unread=25)) == (
        "75 % of its text read, partly recognised in pictures"
    )


def test_an_unreadable_scan_is_named_with_its_estimate() -> None:
    assert coverage_remarks([row(unread=1900, note="unreadable scan")]) == [
        (14, "unreadable scan, 0 of an estimated 1,900 characters")
    ]


def test_hidden_and_recognised_text_is_told_and_a_plain_page_is_not() -> None:
    assert coverage_remarks([row(extracted=100, dropped=(Dropped("soft hyphens", 2),))]) == []
    told = coverage_remarks([row(extracted=40, ocr=60, confidence=0.914, hidden=12)])
    assert told[0][1] == (
        "12 characters that a reader does not see, recognised in a picture, 91 % sure"
    )
