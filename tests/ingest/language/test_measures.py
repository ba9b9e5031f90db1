"""Numbers of running text with their scales, units and currencies."""

import pytest

from ingest.language.quantities import find_quantities, find_unit, head_scale, head_scales


def read(text: str) -> list[tuple[str, str]]:
    """Each number, and what it counts."""
    return [
        (f"{q.amount.normalize():f}" if q.amount is not None else "", q.unit.name if q.unit else "")
        for q in find_quantities(text)
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("about 1,200 people", [("1200", "")]),
        ("$1.2 million", [("1200000", "$")]),
        ("US$5m, $5 m and 5m", [("5000000", "$"), ("5000000", "$"), ("5", "m")]),
        ("1.234,50 EUR", [("1234.5", "€")]),
        ("1 234,50 €", [("1234.5", "€")]),
        ("21,4 Mio. Euro", [("21400000", "€")]),
        ("12 Mrd. €", [("12000000000", "€")]),
        ("3 millions d'euros", [("3000000", "")]),
        ("5 millones de pesos", [("5000000", "")]),
        ("3,5 Prozent", [("3.5", "%")]),
        ("cinq: 5 pour cent", [("5", "%")]),
        ("five per cent", [("5", "%")]),
        ("25 working days", [("25", "day")]),
        ("14 Tage", [("14", "day")]),
        ("3 to 5 days", [("3", "day"), ("5", "day")]),
        ("between 3 and 5 %", [("3", "%"), ("5", "%")]),
        ("Q3 2022 to $11.2 billion", [("2022", ""), ("11200000000", "$")]),
        ("2.5 and 1.234", [("2.5", ""), ("1.234", "")]),
        ("2,5 and 1.234", [("2.5", ""), ("1234", "")]),
        ("1.234 alone", [("", "")]),
        ("1.234 % alone", [("1.234", "%")]),
        ("7:30 and 1/2", [("", ""), ("", "")]),
        ("Level 2 $ 690", [("2", ""), ("690", "$")]),
        ("CHF 300, try 5; 20 SEK", [("300", "chf"), ("5", ""), ("20", "sek")]),
        ("-20 °C at 80 km/h", [("20", "°c"), ("80", "km/h")]),
        ("1998 has passed", [("1998", "")]),
        ("two hundred seats in twenty rows", [("200", ""), ("20", "")]),
        ("half a year", [("0.5", "year")]),
        ("a row: 120 135 150", [("120", ""), ("135", ""), ("150", "")]),
    ],
)
def test_numbers_have_their_size_and_what_they_count(
    text: str, found: list[tuple[str, str]]
) -> None:
    assert read(text) == found


def test_an_ordinal_a_sign_and_a_code_are_told() -> None:
    third, minus, code = find_quantities("the third of -5 in room 12a")
    assert third.ordinal and third.word == "third"
    assert minus.negative and not third.negative
    assert (code.digits, code.tail) == ("12", "a")


@pytest.mark.parametrize("written", ["€1.2m", "5 working days"])
def test_a_number_knows_where_it_stands(written: str) -> None:
    text = f"It takes {written} a year."
    (found,) = find_quantities(text)
    assert text[found.start : found.end] == written


@pytest.mark.parametrize(
    ("head", "written", "power"),
    [
        ("(in thousands)", "in thousands", 3),
        ("Amounts in millions of USD", "Amounts in millions of USD", 6),
        ("(in EUR million)", "in EUR million", 6),
        ("in Mio. EUR", "in Mio", 6),
        ("Umsatz in T€", "T€", 3),
        ("€k", "€k", 3),
        ("EUR bn", "EUR bn", 9),
    ],
)
def test_heads_give_a_scale(head: str, written: str, power: int) -> None:
    assert head_scale(head) == (written, power)


def test_a_number_in_a_sentence_is_no_scale_of_others() -> None:
    assert head_scale("It grew in 5 million homes, in the thousands") is None
    assert head_scales("(in thousands) and in millions of euros") == {3, 6}


def test_units_are_known_by_their_names() -> None:
    assert find_unit("Kilometres") == find_unit("km") != find_unit("mile")
    assert find_unit("semaines") == find_unit("weeks")
    assert find_unit("C$") != find_unit("US$") == find_unit("dollars")
    assert find_unit("has") is None
