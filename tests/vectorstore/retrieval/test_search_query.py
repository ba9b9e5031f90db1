import pytest

from vectorstore.retrieval.search_query import (
    BALANCE,
    CASH,
    INCOME,
    SearchQuery,
    old_versions,
    titled_statements,
)


@pytest.mark.parametrize(
    ("question", "numbers"),
    [
        ("What is on page 5?", {5}),
        ("What is on page(12) and on Slide 3?", {12, 3}),
        ("Who signed the last page?", {-1}),
        ("Which sites does the cover page name, and the second page?", {1, 2}),
        ("What does the first paragraph say?", set()),
        ("How many pages has it?", set()),
        ("Is a page 5.5 cm wide?", set()),
        ("FİNAL PAGE, la\u017ft page, éfinal page", set()),
    ],
)
def test_pages_are_named_by_number_or_by_place(question: str, numbers: set[int]) -> None:
    assert SearchQuery(question).pages == numbers


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("What is the quick ratio in FY2021?", {BALANCE}),
        ("Compute the inventory turnover.", {BALANCE, INCOME}),
        ("What is the EBITDA margin?", {INCOME, CASH}),
        ("How much was paid in dividends?", {CASH}),
        ("How many days of leave are paid?", set()),
        ("Who may salesclerks ask?", set()),
    ],
)
def test_what_is_computed_from_a_statement_points_at_it(question: str, kinds: set[str]) -> None:
    assert SearchQuery(question).statements == kinds


@pytest.mark.parametrize(
    ("lines", "kinds"),
    [
        (["NIKE, INC.", "CONSOLIDATED BALANCE SHEETS", "MAY 31,"], {BALANCE}),
        (["Consolidated Statements of Operations", "(in millions)"], {INCOME}),
        (["Condensed Consolidated Statements of Cash Flows (unaudited)"], {CASH}),
        (["Statement of profit or loss and other comprehensive income"], {INCOME}),
        (
            ["Our balance sheet is strong, " + "and we say so in a sentence that is long " * 2],
            set(),
        ),
        (["Cash flows in winter", "A novel"], set()),
        ([], set()),
    ],
)
def test_a_statement_is_known_by_its_title(lines: list[str], kinds: set[str]) -> None:
    assert titled_statements(lines) == kinds


NEWER = {
    "Travel policy v1.md": "Travel policy v2.md",
    "Handbook (old).md": "Handbook.md",
    "Employee Rules 2023.md": "Employee Rules 2024.md",
    "Security Policy v1 (2024).pdf": "Security Policy v2 (2026).pdf",
}


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What was paid in version 1 of the travel policy?", {"Travel policy v1.md"}),
        ("What was paid by the old travel policy?", {"Travel policy v1.md"}),
        ("What is in the previous version of the handbook?", {"Handbook (old).md"}),
        ("How long is the week in the 2023 rules?", {"Employee Rules 2023.md"}),
        ("How long is the week by the employee rules of 2023?", {"Employee Rules 2023.md"}),
        ("What does the security policy of 2024 say?", {"Security Policy v1 (2024).pdf"}),
        ("What is paid by the travel policy?", set()),
        ("What is in version 3 of the travel policy?", set()),
        ("How many old books does the handbook name?", set()),
        ("What do the rules say of 1999 and of 2023, the year of the flood?", set()),
    ],
)
def test_an_old_version_is_asked_for_in_plain_words(question: str, names: set[str]) -> None:
    assert old_versions(question, NEWER) == names


def test_a_comparison_needs_both_versions() -> None:
    assert SearchQuery("What has changed since the old handbook?").compares_versions
    assert not SearchQuery("What does the old handbook say?").compares_versions
