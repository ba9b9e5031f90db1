import pytest

from vectorstore.naming.document_names import (
    FIRST_PAGE,
    TITLE,
    Name,
    Passage,
    document_names,
    periods_of,
)

COVER = "by the check mark " * 12
MICRO = [
    Passage(
        1, "QUARTERLY REPORT\nfor the period ended June 25, 2022\nAdvanced Widget Makers, Inc."
    ),
    Passage(1, f"Common stock AWMK Nasdaq\n{COVER}"),
    Passage(2, "Sales of Advanced Widget Makers grew, and those of the Turbine grew."),
    Passage(2, "We sell the Turbine and the turbineless engine in Ohio."),
    Passage(3, "All reports of Advanced Widget Makers are a report."),
    Passage(3, "No report is late."),
]


def test_what_a_document_says_again_and_again_weighs_most() -> None:
    names = document_names("scan_17.pdf", "", MICRO).names
    assert names["advanced widget makers"] == Name(3, FIRST_PAGE)
    assert "turbine" not in names  # not on the first page
    assert "we" not in names


def test_a_symbol_on_the_first_page_and_an_abbreviation_in_brackets_are_names() -> None:
    given = [*MICRO, Passage(9, "Advanced Widget Makers (NYSE: AWM) and a card (ID)")]
    names = document_names("scan_17.pdf", "", given).names
    assert names["awmk"].place == names["awm"].place == FIRST_PAGE
    assert "id" not in names


def test_what_only_continues_a_name_or_numbers_something_is_none() -> None:
    note = "see Note {} of Widget Corp of the Company, of Turbine and who else is there or was"
    passages = [Passage(page, note.format(page)) for page in range(1, 9)]
    names = document_names("scan_17.pdf", "", passages).names
    assert "turbine" in names and "widget corp" in names
    assert {"note", "corp", "company"}.isdisjoint(names)


def test_where_all_nouns_have_capitals_only_the_title_names() -> None:
    german = "wir zahlen das Gehalt, den Urlaub, die Miete, den Bus, den Kurs und die Firma"
    passages = [Passage(page, german) for page in range(1, 9)]
    assert document_names("scan_17.pdf", "", passages).names == {}
    assert "firma" in document_names("scan_17.pdf", "Urlaub Firma", passages).names


def test_the_name_of_the_file_and_the_title_say_what_it_is_about() -> None:
    names = document_names("AWM_2022_10K.pdf", "Widget Makers", MICRO).names
    assert names["widget makers"].place == TITLE
    assert "awm" not in names  # the text never says so
    assert document_names("AWM_Turbine.png", "", []).names["awm turbine"].place == TITLE


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("PerksPlus.pdf", {"perksplus", "perks", "plus", "perks plus"}),
        ("379f44022bb27aa53efd.pdf", set()),
        ("2022 Q3 AAPL.pdf", {"aapl"}),
        ("in/Acme_3M_2018.pdf", {"acme", "3m", "acme 3m"}),
    ],
)
def test_a_file_is_named_by_its_words(file: str, words: set[str]) -> None:
    assert document_names(file, "", []).names.keys() == words


def test_a_period_stands_in_the_name_else_on_the_first_page() -> None:
    assert document_names("2023 Q1 AWM.pdf", "", MICRO).periods == ("2023", "q1")
    assert document_names("scan_17.pdf", "", MICRO).periods == ("2022", "q2")
    assert document_names("scan_17.pdf", "", []).periods == ()
    assert periods_of("the first quarter of FY22") == {"2022", "q1"}
