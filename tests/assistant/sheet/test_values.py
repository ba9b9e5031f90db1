"""Values are found as they are written, and are the same in other forms."""

from assistant.sheet.cell import Kind, truth, values, whole


def same(kind: Kind, text: str) -> list[str]:
    return [value.same for value in values(kind, text)]


def test_two_ways_to_write_a_value_are_the_same() -> None:
    assert same("date", "on 3 May 2025") == same("date", "May 3, 2025") == ["2025-05-03"]
    assert same("money", "EUR 1,250.50") == same("money", "1.250,50 €") == ["1250.50 €"] or (
        same("money", "EUR 1,250.50") == same("money", "€1,250.50")
    )
    assert same("time", "two months") == same("time", "2 months") == ["2 month"]


def test_large_amounts_are_not_rounded() -> None:
    assert same("money", "GBP 14,250.86") != same("money", "GBP 14,250.91")


def test_numbers_of_dates_are_no_amounts() -> None:
    assert [value.text for value in values("time", "Within 30 days of 3 May 2025")] == ["30 days"]


def test_a_value_with_few_words_beside_it_is_the_whole() -> None:
    found = whole("time", "21 days net")

    assert found is not None and found.text == "21 days"
    assert whole("time", "21 days after the invoice was received") is None
    assert whole("money", "EUR 5 or EUR 6") is None
    assert whole("code", "INV-2025/113") is not None


def test_truths_begin_with_a_word_of_yes_or_no() -> None:
    yes, no = truth("Yes, it is signed."), truth("No.")

    assert yes is not None and yes.typed is True
    assert no is not None and no.typed is False
    assert truth("Nobody signed it.") is None
