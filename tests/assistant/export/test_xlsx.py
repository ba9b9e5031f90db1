"""Workbooks hold text as text, links, notes and colours."""

import io
from datetime import date

from openpyxl import Workbook, load_workbook

from assistant.export.documents import BookCell, Tab, title, workbook


def made(*cells: BookCell) -> Workbook:
    return load_workbook(io.BytesIO(workbook([Tab("T", ["h"] * len(cells), [cells])])))


def test_text_that_looks_like_a_formula_stays_text() -> None:
    book = made(BookCell("=1+1"), BookCell('=HYPERLINK("http://x")'))

    for cell in book["T"][2]:
        assert cell.data_type == "s"
        assert str(cell.value).startswith("=")


def test_numbers_dates_links_and_notes_are_kept() -> None:
    book = made(
        BookCell(12.5, form='#,##0.00 "EUR"'), BookCell(date(2025, 5, 3), form="yyyy-mm-dd"),
        BookCell("a", note="why", link="file:///a.pdf#page=2", tone="doubtful"),
        BookCell("b", link="#'T'!A1"),
    )  # fmt: skip

    number, day, linked, inside = book["T"][2]
    assert (number.value, number.number_format) == (12.5, '#,##0.00 "EUR"')
    assert day.is_date
    assert linked.hyperlink is not None and linked.hyperlink.target == "file:///a.pdf#page=2"
    assert linked.comment is not None and linked.comment.text == "why"
    assert linked.fill.fgColor.rgb == "00FFF2CC"
    assert inside.hyperlink is not None and inside.hyperlink.location == "'T'!A1"


def test_what_no_workbook_holds_is_left_out() -> None:
    book = made(BookCell("a\x00b\x1f"), BookCell("x" * 40_000))

    assert book["T"]["A2"].value == "ab"
    assert len(str(book["T"]["B2"].value)) == 32_767
    assert title("a/b: [c]*?\\" + "x" * 40) == ("a b   c    " + "x" * 40)[:31]
    assert title("///") == "Sheet"
