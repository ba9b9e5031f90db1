"""Words are found in any case, across lines, and counted by page."""

import pytest

from assistant.ui.viewer.page_panel import Row, find, page_text
from ingest.document.model import Line, Page


def pages(*texts: str) -> list[Page]:
    return [
        Page(number, 595, 842, tuple(Line(line) for line in text.split("\n")))
        for number, text in enumerate(texts, start=1)
    ]


def found(sought: str, *texts: str, most: int = 200) -> tuple[list[Row], list[Row]]:
    return find([page_text(page) for page in pages(*texts)], sought, most)


def test_each_page_has_its_number_of_places_and_each_place_the_text_around() -> None:
    counts, places = found("LEAVE", "Annual leave\nLeave of leave", "nothing", "Ask for leave.")
    assert counts == [[1, 3], [3, 1]]
    around = "Annual leave Leave of leave"
    assert places == [[1, 0, around], [1, 1, around], [1, 2, around], [3, 0, "Ask for leave."]]


def test_words_go_on_in_the_next_line_but_not_on_the_next_page() -> None:
    counts, _ = found("contractual  hours", "their contractual\nhours", "contractual", "hours")
    assert counts == [[1, 1]]


def test_of_a_long_page_the_text_around_the_words_is_shown() -> None:
    text = "row " * 100 + "total of the year" + " row" * 100
    _, [[_, _, around]] = found("TOTAL  of", text)
    assert around.startswith("…") and around.endswith("…")
    assert "row total of the year row" in around
    assert len(around) < 200
    assert found("total", "a total")[1] == [[1, 0, "a total"]]


@pytest.mark.parametrize(
    ("sought", "text"),
    [("don't", "You don’t"), ("a-b", "a–b"), ("GRÜN", "grün"), ("§ 5", "§\u00a05"), ("(a+", "(A+")],
)
def test_signs_of_a_printer_are_found_by_those_of_a_keyboard(sought: str, text: str) -> None:
    assert found(sought, text)[0] == [[1, 1]]


def test_letters_that_grow_in_lower_case_move_nothing() -> None:
    assert found("istanbul'da", "In İstanbul’da")[1] == [[1, 0, "In İstanbul’da"]]
    assert found("city", "İİİ the city")[1] == [[1, 0, "İİİ the city"]]


def test_only_the_first_places_are_listed_and_all_are_counted() -> None:
    counts, places = found("a", "a a a", "a a", most=4)
    assert (len(places), counts) == (4, [[1, 3], [2, 2]])


def test_hidden_lines_and_empty_words_are_not_found() -> None:
    hidden = Page(1, 595, 842, (Line("secret leave", hidden="white on white"), Line("leave")))
    assert find([page_text(hidden)], "leave")[0] == [[1, 1]]
    assert found("  ", "anything at all") == ([], [])
