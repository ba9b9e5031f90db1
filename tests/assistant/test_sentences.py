"""Splitting text into sentences, and sentences into what carries their meaning."""

import pytest

from assistant.sentences import numbers, split, stems


def test_sentences_end_at_full_stops_before_a_capital() -> None:
    assert split("Leave is 25 days. Ask the lead!  Why? It helps.") == [
        "Leave is 25 days.",
        "Ask the lead!",
        "Why?",
        "It helps.",
    ]


def test_abbreviations_and_decimals_do_not_end_a_sentence() -> None:
    assert split("Rates rose to 3.5 % at Acme Inc. In 2024, e.g. Bonds fell.") == [
        "Rates rose to 3.5 % at Acme Inc. In 2024, e.g. Bonds fell."
    ]


def test_each_line_of_a_list_is_a_sentence() -> None:
    assert split("- one thing\n- another thing") == ["- one thing", "- another thing"]


def test_words_with_one_beginning_are_one() -> None:
    assert stems("employees") == stems("employee")
    assert stems("The cost of it") == stems("costs")


def test_numbers_lose_their_thousands_separators() -> None:
    assert numbers("1,500 euros, 3.5 % and 12:30") == {"1500", "3.5", "12:30"}


def test_quotes_and_brackets_stay_with_their_sentence() -> None:
    assert split('He said "Stop." Then he left (at last.) And so on.') == [
        'He said "Stop."',
        "Then he left (at last.)",
        "And so on.",
    ]


def test_an_abbreviation_in_brackets_does_not_end_a_sentence() -> None:
    assert split("Supplies (pens etc.) 120 EUR a year") == ["Supplies (pens etc.) 120 EUR a year"]


def test_nothing_but_space_is_lost() -> None:
    text = 'One (e.g. A.) two.  "Three!" 4 is next.\n\n- five etc.) Six\n'
    assert "".join("".join(split(text)).split()) == "".join(text.split())


def test_a_word_of_one_s_is_not_lost() -> None:
    assert "" not in stems("the U. S. state of Texas")


@pytest.mark.parametrize(
    "text", ["Write to P.O. Box 12.", "It was built in 70 A.D. Nero had left."]
)
def test_two_letters_with_points_do_not_end_a_sentence(text: str) -> None:
    assert split(text) == [text]
