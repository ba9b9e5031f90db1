"""Numbers by the locale that they are written in."""

from decimal import Decimal

import pytest

from ingest.language.numbers import decimal_mark, in_digits, normalised, value_of


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("5", "5"),
        ("1234", "1234"),
        ("1,234", "1234"),  # English
        ("1,234.50", "1234.50"),
        ("1,234,567", "1234567"),
        ("1.234,50", "1234.50"),  # German, Spanish, Italian, Dutch
        ("1.234.567", "1234567"),
        ("1 234,50", "1234.50"),  # French, Polish, Swedish
        ("1\u202f234,50", "1234.50"),
        ("1'234.50", "1234.50"),  # Swiss
        ("12,34,567.5", "1234567.5"),  # Indian
        ("3,5", "3.5"),
        ("12,50", "12.50"),
        ("0,125", "0.125"),
        ("3.14159", "3.14159"),
        ("0.125", "0.125"),
        (".5", "0.5"),
        ("1234.567", "1234.567"),
    ],
)
def test_marks_tell_their_locale(written: str, value: str) -> None:
    assert value_of(written) == Decimal(value)


@pytest.mark.parametrize(
    "written", ["1.234", "12.500", "1/2", "7:30", "1.2.3", "1,2,3", "1,23,4", "1" + "0" * 400]
)
def test_what_may_be_two_numbers_or_none_has_no_value(written: str) -> None:
    assert value_of(written) is None


@pytest.mark.parametrize(
    ("written", "mark", "value"),
    [("1.234", ".", "1.234"), ("1.234", ",", "1234"), ("1,234", ",", "1.234")],
)
def test_a_known_mark_decides(written: str, mark: str, value: str) -> None:
    assert value_of(written, mark) == Decimal(value)


def test_numbers_prove_a_mark_when_none_speaks_against_it() -> None:
    assert decimal_mark(["1.234", "2,5"]) == ","
    assert decimal_mark(["1.234", "2.5"]) == "."
    assert decimal_mark(["1.234,5", "2.5"]) == decimal_mark(["1.234"]) == ""


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("twenty-five days", "25 days"),
        ("two hundred and fifty seats", "250 seats"),
        ("one hundred seats", "100 seats"),
        ("nine hundred ninety nine", "999"),
        ("the twenty-first floor", "the 21 floor"),
        ("the Fourth and the 5th", "the 4 and the 5"),
        ("a second, 3 seconds, the second one", "a second, 3 seconds, the 2 1"),
        ("someone is often alone", "someone is often alone"),
        ("half a year", "half a year"),
    ],
)
def test_numbers_in_words_become_digits(words: str, digits: str) -> None:
    assert in_digits(words) == digits


def test_marks_of_footnotes_and_blanks_inside_numbers_go() -> None:
    assert (
        normalised("42 votes², 12\u00a0345\u202f678 \u2013 5 km²") == "42 votes , 12345678 - 5 km2"
    )
