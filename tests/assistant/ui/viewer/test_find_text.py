"""Words are found in any case, across lines, and counted by page."""

import pytest

from assistant.ui.viewer.page_panel import Found, Place, find, folded, page_text
from ingest.document.model import Line, Page


def pages(*texts: str) -> list[Page]:
    return [
        Page(number, 595, 842, tuple(Line(line) for line in text.split("\n")))
        for number, text in enumerate(texts, start=1)
    ]


def found(sought: str, *texts: str, most: int = 200) -> Found:
    return find([page_text(page) for page in pages(*texts)], sought, most)


def test_each_page_has_its_number_of_places_and_each_place_its_line() -> None:
    result = found("LEAVE", "Annual leave\nLeave of leave", "nothing", "Ask for leave.")
    assert result.pages == ((1, 3), (3, 1))
    assert result.total == 4
    assert result.places == (
        Place(1, 0, "Annual leave"), Place(1, 1, "Leave of leave"), Place(1, 2, "Leave of leave"),
        Place(3, 0, "Ask for leave."),
    )  # fmt: skip


def test_words_go_on_in_the_next_line_but_not_on_the_next_page() -> None:
    assert found(
        "contractual  hours", "their contractual\nhours", "contractual", "hours"
    ).pages == ((1, 1),)
    assert found("contractual hours", "their contractual\nhours count").places[0].line == (
        "their contractual hours count"
    )


@pytest.mark.parametrize(
    ("sought", "text"),
    [("don't", "You don’t"), ("a-b", "a–b"), ("GRÜN", "grün"), ("§ 5", "§\u00a05"), ("(a+", "(A+")],
)
def test_signs_of_a_printer_are_found_by_those_of_a_keyboard(sought: str, text: str) -> None:
    assert found(sought, text).total == 1


def test_letters_that_grow_in_lower_case_move_nothing() -> None:
    assert len(folded("İstanbul’da")) == len("İstanbul’da")
    assert found("city", "İİİ the city").places[0].line == "İİİ the city"


def test_only_the_first_places_are_listed_and_all_are_counted() -> None:
    result = found("a", "a a a", "a a", most=4)
    assert (len(result.places), result.total) == (4, 5)


def test_hidden_lines_and_empty_words_are_not_found() -> None:
    hidden = Page(1, 595, 842, (Line("secret leave", hidden="white on white"), Line("leave")))
    assert find([page_text(hidden)], "leave").total == 1
    assert found("  ", "anything at all").total == 0
