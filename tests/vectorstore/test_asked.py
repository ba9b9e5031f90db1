import pytest

from vectorstore.asked import BALANCE, CASH, INCOME, Names, pages, statements, titled

SHELF = Names(
    ["NIKE_2021_10K.pdf", "2022 Q3 AAPL.pdf", "Employee Handbook.pdf", "Leave.pdf",
     "reports/Report.pdf", "reports/Report 2023.pdf", "379f44022bb27.pdf", "TravelRules.pdf"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What are sales in NIKE_2021_10K.pdf?", ["NIKE_2021_10K.pdf"]),
        ("What are sales according to nike 2021 10k?", ["NIKE_2021_10K.pdf"]),
        ("What does Nike's 10-K of 2021 say of sales?", ["NIKE_2021_10K.pdf"]),  # in any order
        ("What did Nike sell in 2021?", []),
        ("What does the employee handbook say of leave?", ["Employee Handbook.pdf"]),
        ("Is there a handbook for an employee?", []),  # two words count in their order only
        ("How much leave is paid?", []),  # a common word is no name
        ("How much leave is paid by Leave.pdf?", ["Leave.pdf"]),
        ("What is in 379f44022bb27?", ["379f44022bb27.pdf"]),
        ("Which travel rules are there?", ["TravelRules.pdf"]),
        ("What is new in Report 2023.pdf?", ["reports/Report 2023.pdf"]),
        ("What is new in Report.pdf?", ["reports/Report.pdf"]),
        ("Compare the Employee Handbook with NIKE_2021_10K",
         ["Employee Handbook.pdf", "NIKE_2021_10K.pdf"]),
        ("Are managemployee handbooks sold?", []),  # whole words
        ("", []),
    ],
)  # fmt: skip
def test_documents_are_named_however_their_names_are_written(
    question: str, names: list[str]
) -> None:
    assert SHELF.named(question) == frozenset(names)


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
    assert pages(question) == numbers


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
    assert statements(question) == kinds


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
    assert titled(lines) == kinds
