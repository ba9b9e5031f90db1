from ingest.chunking.chunk import UNEXPLAINED, PageLedger, chunk, ledger
from ingest.chunking.headings import REASON
from ingest.document.model import Box, Document, Dropped, Line, Page


def of(*pages: Page) -> list[PageLedger]:
    document = Document("0" * 64, "a.pdf", "a", pages)
    return ledger(document, chunk(document))


def test_what_is_read_is_indexed() -> None:
    (row,) = of(Page(1, 0, 0, (Line("Paid leave."), Line("By train.")), characters=18))
    assert (row.extracted, row.ocr, row.indexed, row.dropped) == (18, 0, 18, ())
    assert row.balanced and row.confidence is None


def test_what_a_loader_dropped_has_its_reason() -> None:
    page = Page(1, 0, 0, (Line("ab"),), characters=5, dropped=(Dropped("control characters", 3),))
    (row,) = of(page)
    assert (row.source, row.indexed, row.lost, row.balanced) == (5, 2, 3, True)


def test_a_loader_that_counts_wrong_is_found() -> None:
    (row,) = of(Page(1, 0, 0, (Line("ab"),), characters=5))
    assert not row.balanced


def test_lines_that_no_chunk_holds_are_found() -> None:
    document = Document("", "a", "a", (Page(1, 0, 0, (Line("ab"),)),))
    (row,) = ledger(document, [])
    assert row.dropped == (Dropped(UNEXPLAINED, 2),) and not row.balanced


def test_repeated_headers_are_dropped_with_their_reason() -> None:
    head = Line("Handbook", Box(60, 30, 300, 40), 10)
    pages = [
        Page(n, 595, 842, (head, Line(f"Text {n * n}.", Box(60, 300, 300, 310), 10)))
        for n in range(1, 6)
    ]
    first, *rest = of(*pages)
    assert first.dropped == ()
    assert all(row.dropped == (Dropped(REASON, 8),) and row.balanced for row in rest)


def test_recognised_characters_are_counted_apart_with_their_confidence() -> None:
    lines = (Line("abcd", confidence=0.9), Line("ef", confidence=0.6), Line("typed"))
    (row,) = of(Page(1, 0, 0, lines, ocr=True, unread=40, note="partly unreadable"))
    assert (row.extracted, row.ocr, row.confidence) == (5, 6, 0.8)
    assert (row.unread, row.note, row.balanced) == (40, "partly unreadable", True)


def test_a_recording_has_a_confidence_too() -> None:
    (row,) = of(Page(1, 0, 0, (Line("hello", confidence=0.7, seconds=1.0),)))
    assert (row.extracted, row.ocr, row.confidence) == (5, 0, 0.7)


def test_hidden_characters_are_indexed_and_counted_apart() -> None:
    (row,) = of(Page(1, 0, 0, (Line("seen"), Line("not", hidden="tiny"))))
    assert (row.indexed, row.hidden, row.balanced) == (7, 3, True)
