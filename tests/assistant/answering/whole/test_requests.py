"""Checks the requests about whole documents: their lists stand in the samples, and are counted."""

import pytest
from pypdf import PdfReader

from assistant.evaluation.metrics import read_rows
from benchmarks.answering.whole import REQUESTS, SAMPLES, found_items, lines

LISTS = [row for row in read_rows(REQUESTS) if row["kind"] == "list"]
PRINTED = {
    path.name: " ".join(
        " ".join(page.extract_text() for page in PdfReader(path).pages).lower().split()
    )
    for path in SAMPLES
}


@pytest.mark.parametrize("row", LISTS, ids=lambda row: str(row["id"]))
def test_every_item_stands_in_its_documents(row: dict[str, list[list[str]]]) -> None:
    text = " ".join(PRINTED[name] for name in row["documents"] or PRINTED)
    assert [words for words in row["items"] if not any(word in text for word in words)] == []


def test_lines_are_counted_by_the_items_they_name() -> None:
    items = [["public"], ["strictly confidential"], ["confidential", "secret"]]
    said = "• Public\n- Strictly confidential\n• Top hats\n• public and secret\n• Publicly"
    found = found_items(lines({"answer": said, "refused": False}), items)
    assert found.named == {0, 1, 2}
    assert (found.lines, found.right, found.again) == (5, 4, 1)
