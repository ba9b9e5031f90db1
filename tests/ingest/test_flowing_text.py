""""""

from ingest.chunking import chunk, ledger
from ingest.document.model import Document, Line, count
from ingest.images.recognition import Writing
from ingest.page_builder import BEGINS, LINES, Flow


def test_each_page_says_what_was_recognised_on_it_when_a_picture_turns_the_page() -> None:
    flow = Flow()
    for number in range(round(LINES * 1.25) - 1):
        flow.paragraph(f"text {number}")
    flow.written(Writing(tuple(Line(f"seen {n}", begins=True, confidence=0.6) for n in range(9))))
    document = Document("0" * 64, "a.html", "a", flow.finished())
    assert [page.ocr for page in document.pages] == [True, True]
    recognised_on = [row.ocr for row in ledger(document, chunk(document))]
    assert recognised_on == [count("seen 0"), 8 * count("seen 0")]


def test_an_endless_line_is_cut_between_words_and_at_the_latest_anywhere() -> None:
    words, dots = "words of a line " * 9_000, "." * 90_000
    for text in (words, dots):
        flow = Flow()
        flow.verbatim(text, BEGINS)
        pages = flow.finished()
        parts = [line for page in pages for line in page.lines]
        assert len(pages) > 1
        assert max(len(part.text) for part in parts) <= 4000
        assert " ".join(part.text for part in parts).split() == text.split() or text is dots
        assert "".join(part.text for part in parts).count(".") == text.count(".")
        assert [part.begins for part in parts] == [True, *[False] * (len(parts) - 1)]
