"""Figures that have a name, from files to answers: what they are made of is found and cited."""

from decimal import Decimal

import pytest

from assistant.answering.tables.compute import Formula
from assistant.answering.tables.definitions import definitions
from tests.assistant.answering.tables.conftest import answer
from vectorstore.embedding.embedder import Embedder
from vectorstore.library import Library

YEAR = "| Year Ended December 31, 2062 | Year Ended December 31, 2061 |\n|---|---|---|\n"
DAY = "| December 31, 2062 | December 31, 2061 |\n|---|---|---|\n"
REPORT = (
    "# Zorbex Inc. annual report\n\nStatements of operations (in millions)\n\n"
    f"| Item {YEAR}| Total revenue | 800 | 700 |\n| Cost of sales | 600 | 520 |\n"
    "| Operating income | 120 | 90 |\n| Net income (loss) | (40) | 30 |\n"
    "| Interest expense | 0 | 0 |\n| Income before income taxes | (20) | 40 |\n"
    "| Provision for income taxes | (8) | 10 |\n\n"
    "Statements of cash flows (in thousands)\n\n"
    f"| Item {YEAR}| Net cash from operations | 90,000 | 70,000 |\n"
    "| Purchases of property and equipment | (30,000) | (20,000) |\n"
    "| Dividends paid | (3) | (3) |\n\n"
    "Balance sheets (in millions)\n\n"
    f"| Item {DAY}| Cash and cash equivalents | 50 | 40 |\n| Inventories | 160 | 140 |\n"
    "| Total current assets | 300 | 260 |\n| Total assets | 1,000 | 900 |\n"
    "| Total current liabilities | 150 | 130 |\n| Total liabilities | 1,250 | 1,100 |\n"
    "| Total shareholders' equity | (250) | (200) |\n\n"
    f"Notes\n\n| Item {YEAR}| Depreciation and amortization | 30 | 28 |\n\n"
    "Segments (in millions)\n\n"
    f"| Item {YEAR}| Boats | | |\n| Total revenue | 90 | 60 |\n| Operating income | 9 | 6 |\n"
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Library:
    folder = tmp_path_factory.mktemp("reports")
    (folder / "Zorbex 2062.md").write_text(REPORT, "utf-8")
    (folder / "Leave.md").write_text("# Leave\n\nEmployees have 25 days of leave.\n", "utf-8")
    library = Library(folder / "library", "main", lambda: embedder)
    library.add([folder / "Zorbex 2062.md", folder / "Leave.md"])
    return library


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("What was Zorbex's current ratio at the end of 2062?", "(300) / "),
        ("current ratio of zorbx 2062, two decimals?", "= 2."),  # a slip of the hand
        ("What was our current ratio on December 31, 2061?", "= 2."),  # no document is named
        ("What is Zorbex's gross margin for 2062? Answer in percent.", "= 25.00 %"),
        ("How large was Zorbex's operating margin in 2062?", "(120) / "),  # not that of the boats
        ("What was the net profit margin of Zorbex in 2062?", "= -5.00 %"),
        ("Zorbex inventory turnover 2062", "the mean of "),
        ("What was Zorbex's return on assets in 2062, on average assets?", "= -4.21 %"),
        ("What was the free cash flow of Zorbex in 2062?", "= 60,000 (in thousands)"),
        ("What was the asset turnover of Zorbex in 2062?", "= 0.8421"),
        ("What was the payout ratio of Zorbex in 2061?", "Dividends paid (3) / "),
        ("What was the debt to equity ratio of Zorbex in 2062?", "= -5"),
        ("What was the operating cash flow margin of Zorbex in 2062?", "= 11.25 %"),  # two scales
    ],
)
def test_a_figure_is_computed(library: Library, question: str, part: str) -> None:
    done = answer(library, question)
    assert part in (done.text if done else "")


@pytest.mark.parametrize(
    "question",
    [
        "What was Zorbex's current ratio in 2060?",
        "What was Zorbex's quick ratio in 2062?",  # no receivables
        "What was the operating margin of Zorbex's boats in 2062?",
        "What was the adjusted gross margin of Ferrolux in 2062?",  # of another company
        "How did the current ratio of Zorbex change from 2061 to 2062?",
        "What were Zorbex's current ratio and inventory turnover in 2062?",  # two
        "Why was the gross margin of Zorbex so low in 2062?",
        "What was Zorbex's effective tax rate in 2062?",  # paid, or got back?
        "What was Zorbex's interest coverage in 2062?",  # nothing to divide by
        "What was Zorbex's EBITDA in 2062?",  # of tables with a scale and without one
        "What was the Boats gross margin of Zorbex in 2062?",
    ],
)
def test_what_is_not_printed_is_left(library: Library, question: str) -> None:
    done = answer(library, question)
    assert done is None, done.text


def test_each_operand_is_cited_in_its_own_table(library: Library) -> None:
    done = answer(library, "What was the asset turnover of Zorbex in 2062?")
    assert done is not None
    quotes = {citation.mark: citation.quote for citation in done.citations}
    assert [(cell.row, cell.text) for cell in done.cells] == [
        ("Total revenue", "800"),
        ("Total assets", "1,000"),
        ("Total assets", "900"),
    ]
    assert all(cell.text in quotes[cell.mark] for cell in done.cells)


def test_formulas_have_known_items() -> None:
    known = definitions()
    for name, formulas in known.formulas.items():
        for formula in formulas:
            assert set(formula.items) <= known.items.keys(), name
            formula.told({item: ["a", "b"] for item in formula.items})
            values = {item: [Decimal(at), Decimal(1)] for at, item in enumerate(formula.items, 3)}
            assert formula.value(values).is_finite(), name


def test_a_formula_is_computed_and_told() -> None:
    formula = Formula("turnover", "365 * mean(stock) / (sales - returns)")
    assert formula.items == ("stock", "sales", "returns")
    values = {"stock": [4, 2], "sales": [10], "returns": [5]}
    assert formula.value({item: [*map(Decimal, some)] for item, some in values.items()}) == 219
    told = formula.told({"stock": ["S (4)", "S (2)"], "sales": ["N (10)"], "returns": ["R (5)"]})
    assert told == "365 * the mean of S (4) and S (2) / (N (10) - R (5))"
