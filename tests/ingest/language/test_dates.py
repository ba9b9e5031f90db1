"""Dates, quarters and fiscal years by the language that they are written in."""

import pytest

from ingest.language.dates import (
    Date,
    find_dates,
    nth_quarter,
    parse_date,
    quarters,
    with_fiscal_years,
    with_quarters,
    written,
)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-05", "2026/3/5", "5 March 2026", "March 5, 2026", "March 5th, 2026",
        "the 5th of March 2026", "Mar. 5 2026", "5-Mar-2026", "5. März 2026", "5 mars 2026",
        "5 de marzo de 2026", "5 marzo 2026", "5 maart 2026", "5 de março de 2026", "5. marts 2026",
        "5 marca 2026", "5. března 2026", "5.3.2026", "05.03.2026",
    ],
)  # fmt: skip
def test_a_day_is_read_in_every_locale(text: str) -> None:
    assert find_dates(f"It begins on {text}, at noon.") == [Date(2026, 3, 5)]


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("25/3/2026", "2026-03-25"),
        ("3/25/2026", "2026-03-25"),
        ("3/3/2026", "2026-03-03"),
        ("25-03-2026", "2026-03-25"),
        ("3.4.2026", "2026-04-03"),  # with dots the day comes first
        ("1er mars 2026", "2026-03-01"),
        ("2026-03-05 10:00", "2026-03-05 10:00"),
        ("3/4/2026", None),  # may be two
        ("31 February 2026", None),
        ("29 February 2026", None),
        ("29 February 2028", "2028-02-29"),
        ("March 2026", None),
        ("5 March", None),
        ("2026-13-01", None),
        ("due on 5 March 2026", None),
    ],
)
def test_a_whole_text_is_one_day_or_none(text: str, iso: str | None) -> None:
    assert parse_date(text) == iso


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("in März 2026", [Date(2026, 3, None)]),
        ("on 5 May or May 6", [Date(None, 5, 5), Date(None, 5, 6)]),
        ("It left in May.", [Date(None, 5, None)]),
        ("May it last, as you may 3 times", []),
        ("item 10.1 March 20, 2009", [Date(2009, 3, 20)]),
        ("up to May 5,000 came", [Date(None, 5, None)]),
        ("version 1.2 may 2.5", []),
        ("the 5th", []),
    ],
)
def test_what_is_not_said_of_a_date_is_left_open(text: str, dates: list[Date]) -> None:
    assert find_dates(text) == dates


def test_a_date_states_what_it_says_and_no_more() -> None:
    day, month, yearless = Date(2026, 3, 5), Date(2026, 3, None), Date(None, 3, 5)
    assert day.states(month) and day.states(yearless) and not month.states(day)
    assert not yearless.states(day)
    assert yearless.states(day, frozenset({2026}))  # the only year of its lines
    assert not yearless.states(day, frozenset({2025, 2026}))
    assert (day.iso, month.iso) == ("2026-03-05", "2026-03")


def test_quarters_have_one_name() -> None:
    text = "Q3, the third quarter, the third fiscal quarter, 3Q 2026, and no Q3.1, SQ3 or Q5"
    assert [number for number, _, _ in quarters(text)] == [3, 3, 3, 3]
    assert with_quarters("sales of q2", nth_quarter) == "sales of second quarter"


@pytest.mark.parametrize("text", ["FY18", "FY2018", "FY '18", "fiscal year 2018"])
def test_fiscal_years_have_four_digits(text: str) -> None:
    assert with_fiscal_years(text, lambda written, year: f"{written}={year}") == f"{text}=2018"


@pytest.mark.parametrize(
    ("text", "minute"),
    [
        ("Tue, 3 Mar 2026 23:30:00 -0500", "2026-03-03T23:30"),  # a mail's own day
        ("3 Mar 2026 09:05 GMT", "2026-03-03T09:05"),
        ("2026-03-04T10:15:00Z", "2026-03-04T10:15"), ("2026-03-04 10:15", "2026-03-04T10:15"),
        ("20260304", "2026-03-04T00:00"), ("D:20260304101500+01'00'", "2026-03-04T10:15"),
        ("2026:03:04 10:15:00", "2026-03-04T10:15"), ("4 March 2026", "2026-03-04T00:00"),
        ("", ""), ("2026-13-45", ""), ("Thu, 32 Jan 2026 10:00:00 +0000", ""), ("soon", ""),
    ],
)  # fmt: skip
def test_a_date_that_a_program_has_written_is_told_to_the_minute(text: str, minute: str) -> None:
    assert written(text) == minute
