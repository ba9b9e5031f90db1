import re
from pathlib import Path

import pytest

from ingest.chunking import TOKENS, chunk
from ingest.document import Chunk, Document
from ingest.headings import Headings
from ingest.loaders import load
from ingest.text import about_tokens, plain
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


def test_every_line_is_in_exactly_one_chunk_in_order(
    document: Document, chunks: list[Chunk]
) -> None:
    taken = [(c.page, index) for c in chunks for index in range(c.first, c.last + 1)]
    lines = [(page.number, index) for page in document.pages for index in range(len(page.lines))]
    assert taken == lines


def test_a_chunk_holds_the_letters_of_its_lines(document: Document, chunks: list[Chunk]) -> None:
    for c in chunks:
        lines = document.pages[c.page - 1].lines[c.first : c.last + 1]
        assert letters(c.text) == letters("".join(line.text for line in lines))


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
