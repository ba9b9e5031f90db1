"""Periods of columns and of questions."""

import pytest

from assistant.answering.tables.grid import grid
from assistant.answering.tables.periods import (
    Period,
    asked_periods,
    column_periods,
    period_of,
    without_periods,
)
from ingest.document.model import Cell, Line, Page, Table


@pytest.mark.parametrize(
    ("head", "period"),
    [
        ("June 25, 2022", Period(2022, 6, 25)),
        ("Three Months Ended June 25, 2022", Period(2022, 6, 25, 3)),
        ("12 months ended 31 March 2031", Period(2031, 3, 31, 12)),
        ("Year Ended December 31, 2022", Period(2022, 12, 31, 12)),
        ("Q4 2026", Period(2026, 12, 31, 3)),
        ("2019", Period(2019)),
        ("2019 vs. 2018", None),
        ("Carrying amount", None),
    ],
)
def test_a_head_says_its_period(head: str, period: Period | None) -> None:
    assert period_of(head) == period


@pytest.mark.parametrize(
    ("question", "period", "fits"),
    [
        ("in the three months ended June 25, 2022", Period(2022, 6, 25, 3), True),
        ("in the three months ended June 25, 2022", Period(2022, 6, 25, 9), False),
        ("in the three months ended June 25, 2022", Period(2022, 6, 25), True),
        ("at the end of June 2022", Period(2022, 6, 25), True),
        ("on June 26, 2022", Period(2022, 6, 25), False),
        ("in Q2 2022", Period(2022, 7, 2, 3), True),
        ("in the second quarter of 2022", Period(2022, 9, 30, 3), False),
        ("in 2022", Period(2022, 12, 31, 12), True),
        ("in 2022", Period(2022, 3, 31, 3), False),
    ],
)
def test_a_period_is_one_that_a_question_asks_for(
    question: str, period: Period, fits: bool
) -> None:
    assert asked_periods(question).fits(period) is fits


def test_a_question_without_its_periods_keeps_what_it_asks_for() -> None:
    asked = "What were sales in the three months ended June 25, 2022 against the year before?"
    assert without_periods(asked) == "What were sales in the against the ?"


def test_a_head_over_two_columns_counts_for_both() -> None:
    three, nine = "Three Months Ended March 31, 2022", "Nine Months Ended March 31, 2022"
    heads = ("", "2023", three, "2023", nine)
    body = [Cell("Sales", 1), *(Cell(str(n), 1, float(n), "number") for n in (4, 3, 9, 8))]
    rows = (tuple(Cell(text, 0) for text in heads), tuple(body))
    page = Page(1, 0, 0, tuple(Line(" ".join(cell.text for cell in row)) for row in rows))
    found = grid("Report.pdf", page, Table(0, 1, rows, 1))
    assert found is not None
    assert list(column_periods(found).values()) == [
        Period(2023, 3, 31, 3),
        Period(2022, 3, 31, 3),
        Period(2023, 3, 31, 9),
        Period(2022, 3, 31, 9),
    ]
