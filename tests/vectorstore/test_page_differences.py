"""The pages of two versions that belong together, and their lines that differ."""

import pytest

from ingest.document.model import Box, Line, Page
from vectorstore import versions
from vectorstore.versions import (
    around,
    changed_lines,
    closest_line,
    closest_page,
    without_running_lines,
)


def page(*lines: str, number: int = 1) -> Page:
    return Page(number, 595, 842, tuple(map(Line, lines)))


def test_a_changed_word_marks_its_line_in_both() -> None:
    old = page("Password rules", "at least 10 characters", "changed yearly")
    new = page("Password rules", "at least 14 characters", "changed yearly")
    assert changed_lines(old, [new]) == changed_lines(new, [old]) == [1]


def booklet(head: str, *bodies: str) -> list[Page]:
    """A running head, a text and a page number on each page."""
    return [
        Page(number, 595, 842, (
            Line(head, Box(60, 30, 400, 40)), Line(body, Box(60, 300, 400, 312)),
            Line(f"Page {number} of {len(bodies)}", Box(60, 800, 120, 810)),
        ))
        for number, body in enumerate(bodies, start=1)
    ]  # fmt: skip


def test_running_heads_and_page_numbers_are_no_differences() -> None:
    old = without_running_lines(booklet("Rules, 2024", "ten", "days", "of leave"))
    new = without_running_lines(booklet("Rules, 2026 edition", "ten", "days", "of leave", "paid"))
    assert [changed_lines(one, around(old, one.number)) for one in new] == [[], [], [], [1]]
    assert not old[0].lines[1].hidden and new[3].lines[2].hidden
    short = without_running_lines(booklet("Rules, 2024", "ten", "days"))
    assert not any(line.hidden for one in short for line in one.lines)


def test_a_line_that_is_broken_elsewhere_is_not_marked() -> None:
    old = page("Employees have twenty-five", "days of leave each year.", "Ask in time.")
    new = page("Employees have", "twenty-five days of leave", "each year.", "Ask a week before.")
    assert (changed_lines(old, [new]), changed_lines(new, [old])) == ([2], [3])


def test_a_line_that_was_added_is_marked_where_it_is() -> None:
    old, new = page("a b", "c d"), page("a b", "new words", "c d")
    assert (changed_lines(old, [new]), changed_lines(new, [old])) == ([], [1])


def test_text_that_has_gone_to_the_next_page_is_not_marked() -> None:
    pages = [page("start", number=1), page("a b c", number=2), page("d e f", "new", number=3),
             page("far", number=4)]  # fmt: skip
    assert [one.number for one in around(pages, 2)] == [1, 2, 3]
    assert changed_lines(page("a b c", "d e f", "g"), around(pages, 2)) == [2]


def test_large_pages_are_compared_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "_PAIRS", 1)
    assert changed_lines(page("A  b", "c"), [page("a b", "d")]) == [1]


def test_the_page_that_shares_most_words_is_the_closest() -> None:
    others = [page("travel costs", number=1), page("passwords have 14 characters", number=3),
              page("passwords are typed", number=4)]  # fmt: skip
    assert closest_page(page("passwords have 10 characters", number=2), others) == 3
    assert closest_page(page("nothing alike", number=2), others) in (1, 3)
    both = page("travel costs", "passwords are typed", number=9)
    assert closest_page(both, others, lines=[0]) == 1
    assert closest_page(both, others, lines=[1]) == 4
    assert closest_page(page("a"), []) == 1


def test_the_line_that_says_the_same_is_found_in_the_other_version() -> None:
    old = page("Rules", "A password has at least 10 characters", "Ask in time")
    new = page("A password has at least 14 characters", "changed yearly")
    assert closest_line(new, [0], old) == 1
    assert closest_line(new, [1], old) is None


def test_hidden_lines_do_not_count() -> None:
    hidden = Page(1, 595, 842, (Line("a"), Line("b", hidden="white on white")))
    assert changed_lines(hidden, [page("a")]) == []
