"""Heads become questions with a kind of answer."""

import pytest

from assistant.errors import AssistantError
from assistant.sheet.cell import column, columns, written


@pytest.mark.parametrize(
    ("head", "question", "kind"),
    [
        ("supplier", "What is the supplier?", "text"),
        ("notice period", "What is the notice period?", "time"),
        ("signed?", "Is this document signed?", "truth"),
        ("auto-renewal?", "Does this document mention auto-renewal?", "truth"),
        ("Is it signed by both?", "Is it signed by both?", "truth"),
        ("date of the contract", "What is the date of the contract?", "date"),
        ("invoice number", "What is the invoice number?", "code"),
        ("number of employees", "What is the number of employees?", "number"),
        ("Who pays for repairs?", "Who pays for repairs?", "text"),
        ("When does it end?", "When does it end?", "date"),
        ("How long is the term?", "How long is the term?", "time"),
        ("What is the total?", "What is the total?", "money"),
        ("How many working days is it?", "How many working days is it?", "time"),
        ("How many euros are due?", "How many euros are due?", "money"),
        ("How many employees are there?", "How many employees are there?", "number"),
    ],
)
def test_a_head_is_asked_as_a_question(head: str, question: str, kind: str) -> None:
    made = column(head)

    assert (made.head, made.question, made.kind) == (head, question, kind)


def test_a_head_may_have_a_question_of_its_own() -> None:
    made = column("end = When does the contract end?")

    assert (made.head, made.question, made.kind) == ("end", "When does the contract end?", "date")


def test_a_head_that_is_repeated_is_one_column() -> None:
    assert [made.head for made in columns(["total", "date", "total"])] == ["total", "date"]


@pytest.mark.parametrize("head", ["", "?", "= When?", "total = ?", "x" * 301])
def test_what_cannot_be_asked_is_refused(head: str) -> None:
    with pytest.raises(AssistantError, match="column"):
        column(head)


@pytest.mark.parametrize("text", ["signed?", "Who pays?", "end = When does the contract end?"])
def test_a_column_is_written_as_it_can_be_read_again(text: str) -> None:
    assert column(written(column(text))) == column(text)
