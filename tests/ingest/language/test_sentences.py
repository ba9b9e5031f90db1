"""Splitting text into sentences, and sentences into what carries their meaning."""

import pytest

from ingest.language.sentences import is_code, numbers, split, split_answer, stems


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


@pytest.mark.parametrize("fence", ["```", "~~~", "````"])
def test_fenced_code_in_an_answer_is_one_sentence(fence: str) -> None:
    code = f"{fence}python\nx = 1.0\n\nprint('Done. Now what?')\n{fence}"
    parts = split_answer(f"First this. Then that:\n{code}\nThe end.")
    assert parts == ["First this.", "Then that:", code, "The end."]
    assert [is_code(part) for part in parts] == [False, False, True, False]


def test_code_whose_fence_is_not_closed_yet_is_one_sentence() -> None:
    assert split_answer("So:\n```\na = 1\nb = 2") == ["So:", "```\na = 1\nb = 2"]


def test_text_without_code_is_split_as_ever() -> None:
    text = "Use `a.b` here. It is fine.\n- one\n- two"
    assert split_answer(text) == split(text)
