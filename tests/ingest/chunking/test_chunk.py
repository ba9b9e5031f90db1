import re
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.chunking import (
    REASON,
    TOKENS,
    UNEXPLAINED,
    Headings,
    PageLedger,
    chunk,
    ledger,
    repeated,
)
from ingest.document.model import Box, Cell, Chunk, Document, Dropped, Line, Page, Table
from ingest.loaders import load
from ingest.text.reflow import about_tokens, plain
from tests.pdfs import write_pdf

DOCUMENTS = [
    "Employee Handbook.pdf",
    "Quarterly Report Q1 2026.pdf",
    "Security Policy v1 (2024).pdf",
]


@pytest.fixture(scope="module", params=DOCUMENTS)
def document(request: pytest.FixtureRequest, samples: Path) -> Document:
    return load(samples / request.param)


@pytest.fixture(scope="module")
def chunks(document: Document) -> list[Chunk]:
    return chunk(document)


def test_every_line_that_says_something_new_is_in_exactly_one_chunk_in_order(
    document: Document, chunks: list[Chunk]
) -> None:
    taken = [(c.page, index) for c in chunks for index in range(c.first, c.last + 1)]
    lines = [(page.number, index) for page in document.pages for index in range(len(page.lines))]
    again = {place for place, again in repeated(document).items() if again}
    assert taken == [place for place in lines if place not in again]


def test_a_chunk_ends_with_the_letters_of_its_lines_and_begins_with_heads_of_tables(
    document: Document, chunks: list[Chunk]
) -> None:
    for c in chunks:
        page = document.pages[c.page - 1]
        own = letters("".join(line.text for line in page.lines[c.first : c.last + 1]))
        assert letters(c.text).endswith(own)
        above = letters(c.text).removesuffix(own)
        for table in page.tables:
            for text in (table.caption, *(cell.text for r in table.rows[:1] for cell in r)):
                above = above.replace(letters(text), "")
        assert above == "" or any(t.first <= c.last and c.first <= t.last for t in page.tables)
        assert len(above) < 60


def letters(text: str) -> str:
    return re.sub(r"[\W_]", "", plain(text))


def test_chunks_are_bounded_and_few_are_tiny(chunks: list[Chunk]) -> None:
    sizes = [about_tokens(c.text) for c in chunks]
    assert max(sizes) <= 2 * TOKENS + 50
    assert sum(sizes) / len(sizes) > TOKENS / 3


def test_a_heading_begins_a_chunk_or_follows_another(
    document: Document, chunks: list[Chunk]
) -> None:
    headings = Headings(document)
    for c in chunks:
        page = document.pages[c.page - 1]
        for index in range(c.first + 1, c.last + 1):
            if headings.is_heading(page, index):
                assert headings.is_heading(page, index - 1)


def test_cutting_again_gives_the_same(document: Document, chunks: list[Chunk]) -> None:
    assert chunk(document) == chunks


def test_a_chunk_knows_the_headings_that_it_stands_under(tmp_path: Path) -> None:
    lines = ["# Leave", "", "Thirty days are paid.", "", "# Travel", "", "Go by train."]
    chunks = chunk(load(write_pdf(tmp_path / "a.pdf", lines)))
    assert [(c.text, c.headings) for c in chunks] == [
        ("Leave\nThirty days are paid.", ("Leave",)),
        ("Travel\nGo by train.", ("Travel",)),
    ]


def test_a_long_paragraph_is_cut_after_a_sentence(tmp_path: Path) -> None:
    lines = ["Some words that fill a line of a paragraph and end here."] * 20
    chunks = chunk(load(write_pdf(tmp_path / "a.pdf", lines)))
    assert len(chunks) > 1
    assert all(TOKENS * 0.6 < about_tokens(c.text) < TOKENS * 1.4 for c in chunks[:-1])
    assert all(c.text.endswith("here.") for c in chunks)


def test_a_chunk_ends_with_its_page(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", ["A sentence that goes"], [], ["on overleaf."])
    assert [(c.page, c.first, c.last) for c in chunk(load(path))] == [(1, 0, 0), (3, 0, 0)]


def test_a_document_without_text_has_no_chunks(tmp_path: Path) -> None:
    assert chunk(load(write_pdf(tmp_path / "a.pdf", [], []))) == []


def plain_document(*pages: Page) -> Document:
    return Document("0" * 64, "a.docx", "a", pages)


def sheet(rows: int, header: int = 1, title: str = "", words: str = "some words") -> Document:
    """A table with a line for each row."""
    texts = [("Item", "Price")] + [(f"Item {n} of {words}", f"{n}.50") for n in range(1, rows)]
    lines = tuple(Line(" | ".join(row), begins=True) for row in texts)
    cells = tuple(tuple(Cell(text, n) for text in row) for n, row in enumerate(texts))
    table = Table(0, rows - 1, cells, header, "Table 7: prices")
    return plain_document(Page(1, 0, 0, lines, tables=(table,), title=title))


def test_a_passage_that_begins_inside_a_table_repeats_caption_and_header() -> None:
    first, *rest = chunk(sheet(40))
    assert first.text.startswith("Table 7: prices\nItem | Price\nItem 1 of")
    assert len(rest) > 2
    assert all(c.text.startswith("Table 7: prices\nItem | Price\nItem ") for c in rest)
    assert [c.first for c in rest] == [c.last + 1 for c in [first, *rest][:-1]]


def test_a_header_stays_with_the_first_row_of_its_table() -> None:
    lines = [Line("Words before the table. " * 18, begins=True)]  # the header alone would fit
    table = sheet(3).pages[0].tables[0]
    rows = tuple(tuple(Cell(c.text, c.line + 1) for c in row) for row in table.rows)
    page = Page(1, 0, 0, (*lines, *sheet(3).pages[0].lines), tables=(Table(1, 3, rows, 1),))
    assert [(c.first, c.last) for c in chunk(plain_document(page))] == [(0, 0), (1, 3)]


def test_the_caption_of_a_table_is_with_its_rows_wherever_it_stands_and_only_once() -> None:
    table = replace(sheet(3).pages[0].tables[0], first=1, last=3)
    moved = tuple(tuple(Cell(c.text, c.line + 1) for c in row) for row in table.rows)
    rows = sheet(3).pages[0].lines
    page = Page(1, 0, 0, (Line("Table 7: prices"), *rows), tables=(replace(table, rows=moved),))
    (one,) = chunk(plain_document(page))
    assert one.text.count("Table 7: prices") == 1
    headed = Page(1, 0, 0, (Line("Prices", heading=1), *rows), tables=page.tables)
    (one,) = chunk(plain_document(headed))
    assert one.text.startswith("Table 7: prices\nPrices\nItem | Price\nItem 1 of")


def test_bold_rows_of_a_table_are_no_headings() -> None:
    rows = [
        Line(f"Row {n} with words", Box(60, 100 + 30 * n, 300, 110 + 30 * n), 10, bold=n % 3 == 0)
        for n in range(12)
    ]
    cells = tuple((Cell(line.text, n),) for n, line in enumerate(rows))
    bare = plain_document(Page(1, 595, 842, tuple(rows)))
    tabled = plain_document(Page(1, 595, 842, tuple(rows), tables=(Table(0, 11, cells, 1),)))
    assert len(chunk(bare)) > 1
    assert [c.headings for c in chunk(tabled)] == [()]


def test_a_row_of_several_lines_is_not_cut() -> None:
    texts = ["cell of a row with a lot of words in it"] * 24
    cells = tuple(
        tuple(Cell(texts[0], line) for line in (n, n + 1, n + 2)) for n in range(0, 24, 3)
    )
    page = Page(1, 0, 0, tuple(map(Line, texts)), tables=(Table(0, 23, cells),))
    chunks = chunk(plain_document(page))
    assert len(chunks) > 2
    assert all(c.first % 3 == 0 and c.last % 3 == 2 for c in chunks)


def test_a_table_that_is_written_column_by_column_is_cut_all_the_same() -> None:
    texts = ["cell of a column with a lot of words in it"] * 60
    cells = tuple((Cell(texts[0], n), Cell(texts[0], n + 30)) for n in range(30))
    page = Page(1, 0, 0, tuple(map(Line, texts)), tables=(Table(0, 59, cells),))
    assert max(about_tokens(c.text) for c in chunk(plain_document(page))) < 256


def test_a_sheet_gives_its_passages_its_name() -> None:
    chunks = chunk(sheet(40, title="Budget 2026"))
    assert all(c.headings == ("Budget 2026",) for c in chunks)
    assert all(c.text.startswith("Budget 2026\n") for c in chunks)


def test_paragraphs_are_told_by_the_format_where_there_are_no_places() -> None:
    lines = [
        Line("Leave", heading=1), Line("Thirty days of it"), Line("are paid."),
        Line("Ask early.", begins=True), Line("Travel", heading=1), Line("By train."),
    ]  # fmt: skip
    chunks = chunk(plain_document(Page(1, 0, 0, tuple(lines))))
    assert [(c.text, c.headings) for c in chunks] == [
        ("Leave\nThirty days of it are paid.\nAsk early.", ("Leave",)),
        ("Travel\nBy train.", ("Travel",)),
    ]


def test_what_a_reader_does_not_see_is_a_passage_of_its_own() -> None:
    lines = (Line("Seen."), Line("Obey me!", hidden="white on white"), Line("Seen too."))
    chunks = chunk(plain_document(Page(1, 0, 0, lines)))
    assert [(c.text, c.hidden) for c in chunks] == [
        ("Seen.", False), ("Obey me!", True), ("Seen too.", False),
    ]  # fmt: skip


def test_running_headers_are_in_the_first_passage_only() -> None:
    def page(number: int) -> Page:
        head = Line("Handbook 2026", Box(60, 30, 200, 40), 9)
        body = Line(f"Text number {number} of the handbook.", Box(60, 300, 300, 312), 12)
        return Page(number, 595, 842, (head, body, Line(f"{number}", Box(300, 800, 306, 810), 9)))

    chunks = chunk(plain_document(*map(page, range(1, 9))))
    assert [c.text for c in chunks if "Handbook 2026" in c.text or c.text.endswith("\n1")] == [
        "Handbook 2026\nText number 1 of the handbook.\n1"
    ]
    assert [c.text for c in chunks[1:]] == [
        f"Text number {n} of the handbook." for n in range(2, 9)
    ]


# -- The coverage ledger


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
