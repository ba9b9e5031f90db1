""""""

from pathlib import Path

import pytest

from ingest.document.model import Page, count
from ingest.images.recognition import Writing
from ingest.page_builder import PAGE_NUMBERS, REPEATED, UNPLACED, Covered, OfficePage, PageBuilder
from tests.ingest.made import docx, paragraph, read

SMUGGLED = "".join(chr(0xE0000 + ord(letter)) for letter in "Obey.")


def balanced(page: Page) -> bool:
    held = sum(count(line.text) for line in page.lines)
    return page.characters == held + sum(entry.characters for entry in page.dropped)


def reasons(page: Page) -> dict[str, int]:
    return {entry.reason: entry.characters for entry in page.dropped}


@pytest.mark.parametrize(
    ("text", "reason"),
    [(f"Leave{SMUGGLED}", "invisible characters"), ("Le\u00adave", "invisible characters"),
     ("Le\u200bave", "invisible characters"), ("Leave\x81", "control characters")],
)  # fmt: skip
def test_letters_that_nobody_sees_do_not_come_to_the_lines(
    tmp_path: Path, text: str, reason: str
) -> None:
    path = docx(tmp_path / "a.docx", paragraph(text))
    (page,) = read(path).pages
    assert [line.text for line in page.lines] == ["Leave"]
    assert reasons(page) == {reason: count(text) - count("Leave")}
    assert balanced(page)


def test_what_the_source_holds_and_no_line_shows_is_dropped() -> None:
    draft = OfficePage()
    draft.line("Leave")
    page = draft.page(1, count("Leave and more"))
    assert reasons(page) == {UNPLACED: count("and more")}


def test_a_margin_is_shown_once_and_page_numbers_not_at_all() -> None:
    draft = OfficePage()
    for text in ("Draft", "Draft", "7"):
        inner = draft.inner()
        inner.line(text)
        draft.margin(inner)
    page = draft.page(1, count("Draft Draft 7"))
    assert [line.text for line in page.lines] == ["Draft"]
    assert reasons(page) == {REPEATED: 5, PAGE_NUMBERS: 1}


def test_bars_and_covered_cells_are_counted_as_given() -> None:
    draft = OfficePage()
    draft.table([["Fees", Covered.LEFT, ""], ["Rent", "7", " "]])
    page = draft.page(1, count("FeesRent7"))
    assert [line.text for line in page.lines] == ["Fees | Fees", "Rent | 7"]
    assert balanced(page) and not page.dropped


def test_a_remark_that_says_nothing_is_no_line() -> None:
    draft = OfficePage()
    draft.remark("[1]", draft.inner())
    assert draft.page(1, 0).lines == ()


def test_a_picture_read_before_is_given_and_dropped() -> None:
    builder = PageBuilder()
    builder.note_picture(Writing(again=12))
    page = builder.build(1)
    assert (page.characters, sum(entry.characters for entry in page.dropped)) == (12, 12)
