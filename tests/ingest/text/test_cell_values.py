import pytest

from ingest.document.model import Cell
from ingest.page_builder import bars
from ingest.text.cell_values import cell, cells, decimal_mark, header_rows


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("5", 5, ""),
        ("2019", 2019, ""),
        ("-5", -5, ""),
        ("\u22125", -5, ""),
        ("1,234", 1234, ""),
        ("1,234.5", 1234.5, ""),
        ("1.234,5", 1234.5, ""),
        ("1.234.567", 1234567, ""),
        ("1'234.50", 1234.5, ""),
        ("12\u00a0345", 12345, ""),
        ("1,23,456", 123456, ""),
        ("2,41,09,64,064.50", 2410964064.5, ""),
        ("0.123", 0.123, ""),
        (".5", 0.5, ""),
        ("3,14", 3.14, ""),
        ("1.2e-05", 1.2e-05, ""),
        ("(1,234)", -1234, ""),
        ("12 %", 12, "%"),
        ("(3.5)%", -3.5, "%"),
        ("(3.5%)", -3.5, "%"),
        ("EUR 12", 12, "EUR"),
        ("12,50 €", 12.5, "€"),
        ("$1.2m", 1_200_000, "$"),
        ("$ (1,234)", -1234, "$"),
        ("($5)", -5, "$"),
        ("-$3.4 billion", -3.4e9, "$"),
        ("5 kg", 5, "kg"),
    ],
)
def test_numbers_are_read(text: str, value: float, unit: str) -> None:
    found = cell(text, 3)
    assert found == Cell(text, 3, pytest.approx(value), "number", unit)


@pytest.mark.parametrize(
    "text",
    [
        "1.234",
        "1.2m",
        "007",
        "00",
        "$000",
        "(3)",
        "(2019)",
        "1,2,3",
        "1 234",
        "12-34",
        "$1 %",
        "1.2.3",
        "01/02/2024",
        "31 Foo 2024",
        "31.02.2024",
        "2024-13-01",
        "No",
        "yes",
        "v2",
        "(5",
        "5)",
        "x",
        "1e5",
        "12345678901234567890",
        "+49 89 1234",
    ],
)
def test_what_is_ambiguous_stays_text(text: str) -> None:
    assert cell(text, 0) == Cell(text, 0)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2024-01-31", "2024-01-31"),
        ("2024-01-31T10:00", "2024-01-31T10:00"),
        ("2024-01-31 10:00:05+02:00", "2024-01-31 10:00:05+02:00"),
        ("2024/1/31", "2024-01-31"),
        ("31.01.2024", "2024-01-31"),
        ("31/01/2024", "2024-01-31"),
        ("01/31/2024", "2024-01-31"),
        ("5/5/2024", "2024-05-05"),
        ("31 January 2024", "2024-01-31"),
        ("31-Jan-2024", "2024-01-31"),
        ("Jan 31, 2024", "2024-01-31"),
        ("September 1st, 2024", "2024-09-01"),
    ],
)
def test_dates_become_iso(text: str, iso: str) -> None:
    assert cell(text, 0) == Cell(text, 0, iso, "date")


@pytest.mark.parametrize("text", ["", "  ", "-", "—", "n/a"])
def test_placeholders_are_empty(text: str) -> None:
    assert cell(text, 0) == Cell(text, 0, None, "empty")


def test_truth_is_read() -> None:
    assert cell("TRUE", 0).value is True
    assert cell("✗", 0).value is False


def test_a_table_agrees_on_its_decimal_mark() -> None:
    english = cells([["1.234", "2.5"], ["1,500", "7"]], [0, 1])
    assert [c.value for row in english for c in row] == [1.234, 2.5, 1500, 7]
    german = cells([["1.234", "2,5"], ["12,125", "7"]], [0, 1])
    assert [c.value for row in german for c in row] == [1234, 2.5, 12.125, 7]


def test_contradicting_numbers_prove_no_decimal_mark() -> None:
    assert decimal_mark(["1,234.5", "7.1"]) == "."
    assert decimal_mark(["1.234,5", "7.1"]) == ""
    assert decimal_mark(["1,234", "words", "1.234"]) == ""


def test_cells_know_their_line() -> None:
    assert [[c.line for c in row] for row in cells([["a"], ["b"]], [4, 6])] == [[4], [6]]


def test_a_row_is_one_line() -> None:
    assert bars(["a\n b", "", "c", ""]) == "a b |  | c"


def test_words_above_values_are_a_header() -> None:
    assert header_rows(cells([["Item", "2019"], ["Rent", "5"]], [0, 1])) == 1
    assert header_rows(cells([["Name", "Town"], ["Ann", "Rome"]], [0, 1])) == 1
    assert header_rows(cells([["Rent", "5"], ["Food", "6"]], [0, 1])) == 0
    assert header_rows(cells([["Name", "Town"]], [0])) == 0


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([["", "", "Year to June", ""], ["", "2019", "2018", "2017"], ["Rent", "5", "6", "7"]], 2),
        ([["", "June 1, 2019", "June 2, 2018"], ["", "(in thousands)", ""], ["Rent", "5", "6"]], 2),
        ([["", "2019", "2018"], ["(in thousands)", "", ""], ["Rent", "5", "6"]], 2),
        ([["", "2019", "2018"], ["Assets:", "", ""], ["Cash", "5", "6"]], 1),
        ([["Item", "Status", "Price"], ["Rent", "paid", "5"], ["Food", "open", "6"]], 1),
        ([["Item", "2019"], ["", "12"], ["Rent", "5"]], 1),
        ([["", "", "To May 31,"], ["(in millions)", "2019", "2018"], ["Rent", "5", "6"]], 2),
        ([["Film", "Year"], ["Alien", "1979"], ["Heat", "1995"], ["Jaws", "1975"]], 1),
        ([["", "Year"], ["Alien", "1979"], ["Heat", "1995"], ["Jaws", "1975"]], 1),
        ([["Key", "Value"], ["Founded", "1998"], ["Employees", "1,200"], ["Offices", "12"]], 1),
        ([["Item", "Q1"], ["Alpha", "pending"], ["Beta", "12"], ["Gamma", "4"]], 1),
        ([["(a)"], [], ["B", "12"]], 1),
    ],
)  # fmt: skip
def test_heads_may_stand_in_several_rows(rows: list[list[str]], found: int) -> None:
    assert header_rows(cells(rows, list(range(len(rows))))) == found
