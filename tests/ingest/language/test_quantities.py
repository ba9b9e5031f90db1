import pytest

from ingest.language.quantities import Date, Quantity, dates, quantities


def test_a_number_has_its_value_its_scale_and_its_unit() -> None:
    assert quantities("about 1,200 people") == [Quantity(1200.0, 1200.0, 0, "")]
    assert quantities("€21.4 million") == [Quantity(21.4e6, 21.4, 1, "")]
    assert quantities("20 working days") == [Quantity(20.0, 20.0, 0, "day")]
    assert quantities("7.2 %") == [Quantity(7.2, 7.2, 1, "%")]


def test_spelt_numbers_are_numbers_and_the_second_is_a_time() -> None:
    assert [q.value for q in quantities("twenty-five days, then the fourth")] == [25.0, 4.0]
    assert quantities("the second try") == []


@pytest.mark.parametrize(
    ("said", "known", "same"),
    [
        ("8 weeks", "eight weeks", True),
        ("2 weeks", "2 days", False),
        ("2", "2 days", True),
        ("30%", "30.0%", True),
        ("3.05", "3.049", True),  # rounded
        ("29.99 %", "30.0%", True),
        ("29.99 %", "30%", False),
        ("12.5%", "10%", False),
        ("30.04%", "30.1%", False),
        ("21.44 million", "21.4 million", True),
        ("21.6 million", "21.4 million", False),
        ("3", "3.049", False),  # a whole number is taken at its word
        ("10.5 %", "0.105", True),
        ("21.4 million", "21.4", True),  # a table says "in millions" at its head
        ("12", "1", False),
    ],
)
def test_quantities_compare_by_what_they_say(said: str, known: str, same: bool) -> None:
    (answer,), (wanted,) = quantities(said), quantities(known)
    assert answer.is_(wanted) == same


@pytest.mark.parametrize(
    "text", ["27 August 2026", "August 27, 2026", "27th of August 2026", "2026-08-27"]
)
def test_a_date_is_read_in_all_its_forms(text: str) -> None:
    assert Date(2026, 8, 27) in dates(f"It is published on {text}.")


def test_what_is_not_known_of_a_date_need_not_be_said_and_what_is_said_must_be_right() -> None:
    known = Date(None, 3, 31)
    assert Date(2026, 3, 31).is_(known)
    assert not Date(2026, 3, 30).is_(known)
    assert not Date(2025, 3, 31).is_(Date(2026, 3, 31))
    assert not Date(None, 3, 31).is_(Date(2026, 3, 31))
