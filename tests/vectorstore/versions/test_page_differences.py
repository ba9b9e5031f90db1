"""The pages of two versions that belong together, and their lines that differ."""

import pytest

from ingest.document.model import Line, Page
from vectorstore.versions import page_differences
from vectorstore.versions.page_differences import changed_lines, closest_page


def page(*lines: str, number: int = 1) -> Page:
    return Page(number, 595, 842, tuple(map(Line, lines)))


def test_a_changed_word_marks_its_line_in_both() -> None:
    old = page("Password rules", "at least 10 characters", "once a year")
    new = page("Password rules", "at least 14 characters", "once a year")
    assert changed_lines(old, new) == ([1], [1])


def test_a_line_that_is_broken_elsewhere_is_not_marked() -> None:
    old = page("Employees have twenty-five", "days of leave each year.", "Ask in time.")
    new = page("Employees have", "twenty-five days of leave", "each year.", "Ask a week before.")
    assert changed_lines(old, new) == ([2], [3])


def test_a_line_that_was_added_is_marked_where_it_is() -> None:
    assert changed_lines(page("a b", "c d"), page("a b", "new words", "c d")) == ([], [1])


def test_large_pages_are_compared_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_differences, "_PAIRS", 1)
    assert changed_lines(page("A  b", "c"), page("a b", "d")) == ([1], [1])


def test_the_page_that_shares_most_words_is_the_closest() -> None:
    others = [page("travel costs", number=1), page("passwords have 14 characters", number=3),
              page("passwords are typed", number=4)]  # fmt: skip
    assert closest_page(page("passwords have 10 characters", number=2), others) == 3
    assert closest_page(page("nothing alike", number=2), others) in (1, 3)
    assert closest_page(page("a"), []) == 1


def test_hidden_lines_do_not_count() -> None:
    hidden = Page(1, 595, 842, (Line("a"), Line("b", hidden="white on white")))
    assert changed_lines(hidden, page("a")) == ([], [])
