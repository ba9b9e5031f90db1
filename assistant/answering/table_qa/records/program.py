"""A program over a list: what to compute, of which column, over which records.

The chat model chooses the computation and the column, each as one letter of a list of choices, by
its probabilities; no rule knows the words of a language. Code does the rest: which records are
meant, arithmetic, and citations. Programs over tables that a model writes are of Cheng et al.,
Binding Language Models in Symbolic Languages, 2023; here the model may only choose.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from assistant.answering.table_qa.grid import Column
from assistant.answering.table_qa.plan import Operand, Plan
from assistant.answering.table_qa.question.parse_question import (
    AVERAGE,
    COUNT,
    HIGHEST,
    LOOKUP,
    LOWEST,
    SUM,
)
from assistant.answering.table_qa.records.mentions import (
    Mentions,
    knows_exceptions,
    mentions,
    turns_round,
)
from assistant.answering.table_qa.records.record_list import Record, RecordList, lists_near, whole
from assistant.answering.table_qa.select_plan import Tabled

CHOICES = {
    LOOKUP: "a value of one row",
    HIGHEST: "the highest or most",
    LOWEST: "the lowest, least or fewest",
    SUM: "the sum of values",
    AVERAGE: "the average of values",
    COUNT: "how many rows match",
}
NO_COLUMN = "none of these columns"
# A choice counts from this probability on (benchmarks/results/lists.md).
SURE_OF_OPERATION, SURE_OF_COLUMN = 0.5, 0.6
# Log-odds of the model that the list holds the answer: a condition that no column tells ("who speak
# English") is no value, and is seen by nothing else.
HELD = 1.9
_COLUMNS = 20  # that are offered
_SHOWN, _JUDGED = 2, 20  # records, as examples and for that judgement
_CELL = 60  # characters of a cell that the model reads


class Chooser(Protocol):
    """Chooses among some answers to a question about a list."""

    def operation(self, question: str, shown: Sequence[str]) -> tuple[str, float]:
        """One of CHOICES, and its probability. Raises Stopped."""
        ...

    def column(
        self, question: str, shown: Sequence[str], heads: Sequence[str]
    ) -> tuple[str, float]:
        """One of the heads or NO_COLUMN, and its probability. Raises Stopped."""
        ...

    def held(self, question: str, document: str, shown: Sequence[str]) -> float:
        """The log-odds that these lines of a document hold the answer. Raises Stopped."""
        ...


@dataclass(frozen=True)
class AskedList:
    """A question, and the list that it is about."""

    question: str
    near: RecordList
    mentions: Mentions
    records: tuple[Record, ...]  # that it is about

    def shown(self, most: int = _SHOWN) -> list[str]:
        """The heads and some records, as lines; none that readers of the document do not see."""
        columns = self.near.columns[:_COLUMNS]
        some = dict.fromkeys([*self.records, *self.near.records])
        rows = [
            [record.text(column)[:_CELL] for column in columns]
            for record in some
            if not record.hidden
        ]
        heads = [column.label[:_CELL] for column in columns]
        return [" | ".join(row) for row in [heads, *rows[:most]]]


def asked_list(
    question: str, evidence: Tabled, documents: Collection[str] | None
) -> AskedList | None:
    """The list near a question of which it mentions a value or a head. None where it mentions
    nothing, a number that no value has, or values that no record has together."""
    if turns_round(question):
        return None
    found = [
        (near, said)
        for near in lists_near(question, evidence, documents)
        for said in [mentions(question, near)]
        if (said.values or said.heads) and not said.unknown
    ]
    if not found:
        return None
    near = whole(max(found, key=lambda one: len(one[1].values))[0], evidence)
    if near is None:
        return None
    said = mentions(question, near)
    records = tuple(said.records(near))
    return AskedList(question, near, said, records) if records and not said.unknown else None


def chosen(asked: AskedList, chooser: Chooser) -> tuple[str, str] | None:
    """The operation and the head of its column, empty for a count; None where the model is not
    sure. Raises Stopped."""
    operation, sure = chooser.operation(asked.question, asked.shown())
    if sure < SURE_OF_OPERATION or operation == LOOKUP:
        operation = ""
    if len(asked.records) == 1:
        simple = asked.near.alone and operation in ("", SUM, COUNT)
        operation = LOOKUP if simple else ""
    if not operation:
        return None
    heads = _offered(asked, operation)
    head, sure = chooser.column(asked.question, asked.shown(), heads) if heads else (NO_COLUMN, 1.0)
    known = head != NO_COLUMN and sure >= SURE_OF_COLUMN
    if known == (operation == COUNT):  # what is counted are rows, not values of a column
        return None
    if operation != LOOKUP and not _holds(asked, chooser):
        return None
    return operation, "" if operation == COUNT else head


def _holds(asked: AskedList, chooser: Chooser) -> bool:
    """Whether the list holds what a question over several records is about. Raises Stopped."""
    if not knows_exceptions(asked.question):
        return False
    shown = asked.shown(_JUDGED)
    return chooser.held(asked.question, asked.near.grid.document, shown) >= HELD


def computed(asked: AskedList, operation: str, head: str) -> Plan | None:
    """The plan of a program; None where its column is absent, cells are empty, or units differ."""
    if operation == COUNT:
        operands = [record.operand(asked.near.names) for record in asked.records]
    else:
        column = next((c for c in asked.near.columns if c.label == head), None)
        operands = [record.operand(column) for record in asked.records] if column else []
    cells = [_called(one, asked) for one in operands if one is not None]
    if not cells or (operation in (SUM, AVERAGE, COUNT) and len(cells) < len(operands)):
        return None
    if operation == LOOKUP:
        return Plan(asked.near.grid, LOOKUP, tuple(cells), score=1.0) if len(cells) == 1 else None
    units = {one.cell.unit for one in cells}
    numbers = operation == COUNT or all(one.cell.kind == "number" for one in cells)
    if len(cells) < 2 or not numbers or (len(units) > 1 and operation != COUNT):
        return None
    return Plan(asked.near.grid, operation, tuple(cells), score=1.0)


def _offered(asked: AskedList, operation: str) -> list[str]:
    """Heads of the columns that may hold the answer: numbers, or for a look-up all but those of
    the values in question."""
    columns: Sequence[Column] = asked.near.numbers
    if operation == LOOKUP:
        columns = [c for c in asked.near.columns if c not in asked.mentions.values]
    heads = [column.label for column in columns if column.label]
    return list(dict.fromkeys(heads))[:_COLUMNS]


def _called(operand: Operand, asked: AskedList) -> Operand:
    """With the name of its record in place of the row's label, which may be a number."""
    name = Record(operand.grid, operand.row).text(asked.near.names)
    return replace(operand, row=replace(operand.row, label=name)) if name else operand
