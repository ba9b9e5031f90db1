from collections.abc import Sequence

import pytest

from ingest.chunking import Headings
from ingest.document.model import Box, Document, Heading, Line, Page


def line(text: str, row: int, size: float = 11, bold: bool = False, x: float = 60) -> Line:
    top = 60 + row * 24.0
    return Line(text, Box(x, top, x + 200, top + size), size, bold)


def document(*pages: Sequence[Line], outline: Sequence[Heading] = ()) -> Document:
    made = (Page(n, 595, 842, tuple(lines)) for n, lines in enumerate(pages, start=1))
    return Document("0" * 64, "a.pdf", "a", tuple(made), tuple(outline))


def body(row: int) -> Line:
    return line("An ordinary line of the text that goes on and on.", row)


def test_larger_letters_are_headings_and_rank_by_size() -> None:
    one = document([line("Handbook", 0, 24), line("Leave", 1, 16), body(2), body(3)])
    headings = Headings(one)
    assert headings.titles() == ["Handbook", "Leave"]
    assert headings.path(one.pages[0], 3) == ("Handbook", "Leave")


def test_a_heading_stands_under_itself_and_ends_the_one_before() -> None:
    page = [line("Leave", 0, 16), body(1), line("Travel", 2, 16), body(3)]
    one = document(page)
    headings = Headings(one)
    assert [headings.path(one.pages[0], row) for row in range(4)] == [
        ("Leave",), ("Leave",), ("Travel",), ("Travel",),
    ]  # fmt: skip


def test_a_heading_holds_on_the_pages_after_it() -> None:
    two = document([line("Leave", 0, 16), body(1)], [body(0)])
    assert Headings(two).path(two.pages[1], 0) == ("Leave",)


def test_there_is_no_path_above_the_first_heading() -> None:
    one = document([body(0), line("Leave", 1, 16), body(2)])
    assert Headings(one).path(one.pages[0], 0) == ()


def test_numbers_say_the_level() -> None:
    page = [line("2 Leave", 0, 16), line("2.1 Parents", 1, 16), body(2), body(3), body(4)]
    one = document(page)
    assert Headings(one).path(one.pages[0], 2) == ("2 Leave", "2.1 Parents")


def test_the_outline_makes_a_heading_of_a_line_like_any_other() -> None:
    outline = [Heading(1, "Part One", 1), Heading(2, "leave & travel", 1)]
    one = document([line("Part  one", 0), line("Leave & Travel", 1), body(2)], outline=outline)
    assert Headings(one).path(one.pages[0], 2) == ("Part  one", "Leave & Travel")


def test_a_bold_line_with_white_above_is_a_heading() -> None:
    one = document([body(0), line("Parental leave", 1, bold=True), body(2)])
    assert Headings(one).is_heading(one.pages[0], 1)


def test_the_head_of_a_table_is_none() -> None:
    head = [line("Name", 1, bold=True), line("Days", 1, bold=True, x=300)]
    one = document([body(0), *head, body(2)])
    assert Headings(one).titles() == []


@pytest.mark.parametrize("text", ["Thirty days are paid.", "and so on", "12.5 %", "x" * 101])
def test_sentences_numbers_and_long_lines_are_none(text: str) -> None:
    assert Headings(document([line(text, 0, 16), body(1), body(2)])).titles() == []


def test_a_document_without_lines_has_none() -> None:
    assert Headings(document([])).titles() == []


def test_letters_of_unknown_size_make_no_headings() -> None:
    lines = [line("An ordinary line of the text", row, size=0) for row in range(3)]
    assert Headings(document(lines)).titles() == []
