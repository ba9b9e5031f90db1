import pytest

from vectorstore.naming.document_names import Passage, document_names, periods_of

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
    names = document_names("scan_17.pdf", "", MICRO).weights
    assert names["advanced widget makers"] == (0.5, 3)
    assert "turbine" not in names  # in two passages
    assert "report" not in names  # mostly in lower case
    assert "ohio" not in names  # a sentence mentions it once
    assert "we" not in names


def test_the_first_page_abbreviates_a_name() -> None:
    names = document_names("scan_17.pdf", "", MICRO).weights
    assert names["awmk"][0] == names["advanced widget makers"][0]


def test_the_name_of_the_file_and_the_title_weigh_as_much_as_possible() -> None:
    names = document_names("AWM_2022_10K.pdf", "The Turbine", MICRO).weights
    assert names["turbine"][0] == 1
    assert "awm" not in names  # the text never says so
    assert document_names("AWM_Turbine.png", "", []).weights["awm turbine"][0] == 1


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
    assert document_names(file, "", []).weights.keys() == words


def test_a_period_stands_in_the_name_else_on_the_first_page() -> None:
    assert document_names("2023 Q1 AWM.pdf", "", MICRO).periods == ("2023", "q1")
    assert document_names("scan_17.pdf", "", MICRO).periods == ("2022", "q2")
    assert document_names("scan_17.pdf", "", []).periods == ()
    assert periods_of("the first quarter of FY22") == {"2022", "q1"}
