import json
from pathlib import Path

import pytest

from ingest.language.words import (
    content_words,
    indexed,
    indexed_passage,
    match,
    name_parts,
    stem,
    stems,
    written_otherwise,
)


@pytest.mark.parametrize("text", ["FY18", "FY2018", "FY 2018", "fiscal year 2018", "fy '18"])
def test_a_fiscal_year_is_found_however_it_is_written(text: str) -> None:
    assert "2018" in indexed(text).replace(text, "", 1)
    assert "2018" in content_words(text)


def test_other_letters_before_numbers_stay() -> None:
    assert indexed("FYI 18 and Q1 2018") == "FYI 18 and Q1 2018"


def test_words_that_say_nothing_are_dropped() -> None:
    assert content_words("What is the leave of the Employees?") == ["leave", "employees"]


def test_numbers_stay_whole() -> None:
    assert content_words("pay 1,250.50 or 3.5") == ["pay", "1,250.50", "3.5"]


def test_a_query_of_empty_words_keeps_them() -> None:
    assert match("who is it?") == '"who" OR "is" OR "it"'


def test_a_query_without_words_matches_nothing() -> None:
    assert match("") == match("?! \"' *") == ""


def test_a_pasted_page_is_cut() -> None:
    assert match(" ".join(f"word{n}" for n in range(500))).count(" OR ") == 39


def test_pasted_numbers_are_cut() -> None:
    assert match(" ".join(f"{n},000" for n in range(100, 600))).count(" OR ") == 79


def test_a_file_name_becomes_the_words_that_people_use() -> None:
    assert name_parts("2023_Q1-AnnualReport.pdf") == "2023 Q1 Annual Report"


@pytest.mark.parametrize(
    ("query", "otherwise"),
    [
        ("1,200 units", ["1200"]),
        ("1200 units in 2021", ["1,200"]),  # a year has no comma
        ("1,250.50 or 3.5", ["1250.50"]),
        ("sales in Q3", ["third quarter"]),
        ("sales in the Third Quarter", ["q3"]),
        ("on March 5, 2023", ["2023 03 05"]),
        ("on 5th March 2023", ["2023 03 05"]),
        ("am 5. März 2023", ["2023 03 05"]),
        ("in March 2023", ["2023 03"]),
        ("since 2023-03-05", ["march 2023"]),
        ("id 123-45678, SQ3, part 12345x, 192.168.1.1000", []),
        ("you may go in 2021", []),
        ("APRİL 2023, APRİL 5, 2023, 5 APRİL 2023, the fir\u017ft quarter", []),
        ("APRIL 2023 in Kraków, überapril 2023", ["2023 04"]),
        ('who says "Annual Leave, paid"?', ["annual leave paid"]),
        ("who says “never, ever” or 'perhaps'?", ["never ever"]),
        ('the "Leave" page', []),  # one word is among the words
    ],
)
def test_numbers_quarters_and_dates_are_found_however_they_are_written(
    query: str, otherwise: list[str]
) -> None:
    assert written_otherwise(query) == otherwise
    for phrase in otherwise:
        assert f'OR "{phrase}"' in match(query)


def test_a_passage_has_the_words_of_its_headings() -> None:
    assert (
        indexed_passage("Paid in FY18.", ["Part 1", "Leave"]) == "Paid in FY18 2018.\nPart 1 Leave"
    )
    assert indexed_passage("Paid.", []) == "Paid."


def test_the_words_of_an_index_are_those_of_libraries_that_exist() -> None:
    """Recorded with version 0.1.0: a library that it made is searched with words of today."""
    rows = (Path(__file__).parent / "recorded_words.jsonl").read_text("utf-8").splitlines()
    assert len(rows) > 100
    for row in map(json.loads, rows):
        assert indexed(row["text"]) == row["indexed"]
        assert content_words(row["text"]) == row["words"]


@pytest.mark.parametrize(
    "words",
    [
        "employee employees employed",
        "claim claimed claiming claims",
        "quarterly quarter quarters",
        "Kündigungsfrist Kündigungsfristen",
        "новый новая нового",
        "المدرسة مدرسة",
    ],
)
def test_forms_of_one_word_have_one_stem(words: str) -> None:
    assert len(set(map(stem, words.lower().split()))) == 1


def test_stems_are_of_words_that_carry_meaning_and_numbers_stay_whole() -> None:
    assert stems("The cost of it") == stems("costs") != frozenset()
    assert stems("in 2018 for 1,250.50") == {"2018", "1,250.50"}
    assert "" not in stems("the U. S. state of Texas")
