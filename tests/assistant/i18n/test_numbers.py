"""Numbers are written as the Unicode CLDR says, which Babel holds."""

from decimal import Decimal

import pytest
from babel.numbers import format_decimal, format_percent

from assistant.i18n import translation
from assistant.i18n.translation import number, percent, size


@pytest.mark.parametrize("spoken", translation.LANGUAGES)
@pytest.mark.parametrize("value", [0, 7, 999, 12_345, 1_234_567, -54_321])
def test_whole_numbers(spoken: str, value: int) -> None:
    with translation.speaking(spoken):
        assert number(value) == format_decimal(value, locale=spoken)


@pytest.mark.parametrize("spoken", translation.LANGUAGES)
def test_digits_behind_the_point(spoken: str) -> None:
    with translation.speaking(spoken):
        assert number(12345.6, 2) == format_decimal(12345.6, "#,##0.00", locale=spoken)
        assert number(0.81, 3) == format_decimal(0.81, "0.000", locale=spoken)


@pytest.mark.parametrize("spoken", translation.LANGUAGES)
def test_shares(spoken: str) -> None:
    with translation.speaking(spoken):
        assert percent(0.54) == format_percent(0.54, locale=spoken)


def test_spanish_does_not_part_four_digits() -> None:
    """`minimumGroupingDigits` of the CLDR, which Babel leaves out."""
    with translation.speaking("es"):
        assert (number(1234), number(-4321), number(1234.5, 1)) == ("1234", "-4321", "1234,5")
    with translation.speaking("de"):
        assert number(1234) == "1.234"


def test_sizes_are_written_in_one_way() -> None:
    assert size(1_250_000_000) == "1.25 GB"
    assert (size(40_400), size(160_000)) == ("40 kB", "0.2 MB")
    assert (size(480_000_000), size(2_540_000), size(0)) == ("480 MB", "2.5 MB", "0 kB")
    with translation.speaking("de"):
        assert size(1_250_000_000) == "1,25 GB"


def test_a_change_says_that_it_is_a_gain() -> None:
    assert number(0.25, 3, sign=True) == "+0.250"
    with translation.speaking("de"):
        assert number(0.25, 3, sign=True) == "+0,250"


def test_a_decimal_keeps_all_its_digits() -> None:
    assert number(Decimal("9007199254740995")) == "9,007,199,254,740,995"
    assert number(Decimal("99999999999999.99"), 2) == "99,999,999,999,999.99"
