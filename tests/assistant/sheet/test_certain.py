"""Cells that need no model: labels, and values beside the words of the head."""

import pytest

from assistant.sheet.cell import column
from assistant.sheet.extraction import Labelled, labelled, lacks, mentioned
from ingest.document.model import Cell, Line, Page, Table
from tests.assistant.fakes import page_of


def of_label(head: str, *lines: str) -> str:
    return said(labelled(column(head), [page_of(*lines)]))


def of_text(head: str, *lines: str) -> str:
    return said(mentioned(column(head), [page_of(*lines)]))


def said(found: Labelled | None) -> str:
    return found.value.text if found else ""


def test_a_label_of_the_same_name_gives_its_entry() -> None:
    assert of_label("supplier", "Supplier: Alder Ltd", "Customer: Brook Inc.") == "Alder Ltd"
    assert of_label("payment term", "Terms of payment: 30 days after invoice") == "30 days"
    assert of_label("total", "Subtotal EUR 80.00", "Total EUR 100.00") == "EUR 100.00"
    assert of_label("reference number", "Our reference: PL-2026-8660") == "PL-2026-8660"


def test_two_values_are_not_certain() -> None:
    assert of_label("total", "Total EUR 100.00", "Total EUR 90.00") == ""
    assert of_label("total", "Total EUR 100.00", "Total EUR 100.00") == "EUR 100.00"


@pytest.mark.parametrize(
    "line",
    ["Supplier: ____________", "For the supplier: Maria Keller", "Supplier and agent: Alder Ltd"],
)
def test_a_line_to_fill_in_and_another_label_give_nothing(line: str) -> None:
    assert of_label("supplier", line) == ""


def test_hidden_lines_give_nothing() -> None:
    page = Page(1, 595, 842, (Line("Supplier: Alder Ltd", hidden="white on white"),))

    assert labelled(column("supplier"), [page]) is None


def test_a_row_of_a_table_is_a_label_with_its_entry() -> None:
    rows = (
        (Cell("Vendor", 0), Cell("Alder Ltd", 0)),
        (Cell("Notice period", 1), Cell("2 months", 1)),
    )
    lines = (Line("Vendor | Alder Ltd"), Line("Notice period | 2 months"))
    page = Page(3, 0, 0, lines, tables=(Table(0, 1, rows),))

    found = labelled(column("notice period"), [page])

    assert found is not None
    assert (found.value.text, found.page.number, found.lines[0].text) == (
        "2 months", 3, "Notice period | 2 months",
    )  # fmt: skip


def test_a_value_beside_the_words_of_the_head_is_taken() -> None:
    assert of_text("notice period", "It may end with two months' notice.") == "two months"
    assert of_text("notice period", "It ends upon 90 days' written notice.") == "90 days"
    assert (
        of_text("total", "You pay a total of EUR 25.40, tax of EUR 4.10 included.") == "EUR 25.40"
    )


def test_a_value_far_from_the_words_is_not_taken() -> None:
    assert of_text("notice period", "Give notice to our office. You pay within 30 days.") == ""
    assert of_text("total", "The total liability of the contractor is limited to EUR 500.00.") == ""


def test_the_only_date_is_the_date() -> None:
    assert of_text("date", "Leeds, 3 May 2025") == "3 May 2025"
    assert of_text("date", "Leeds, 3 May 2025", "due on 9 June 2025") == ""


def test_sentences_say_whether_it_is_signed() -> None:
    assert of_text("signed?", "Signed for the supplier by Maria Keller") == "yes"
    assert of_text("signed?", "This copy is not signed.") == "no"
    assert of_text("signed?", "Please sign the copy; it has not been signed so far.") == "no"
    assert of_text("signed?", "It must be signed by both parties.") == ""
    assert of_text("signed?", "Signed by Maria Keller", "This copy is not signed.") == ""


def test_a_document_without_an_amount_lacks_it_unless_a_part_was_not_read() -> None:
    read = page_of("No price is given here.")
    unread = Page(1, 595, 842, read.lines, unread=200)

    assert lacks(column("total"), [read])
    assert not lacks(column("total"), [unread])
    assert not lacks(column("supplier"), [read])
