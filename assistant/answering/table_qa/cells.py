"""The cells of rows in the period that a question names: one value a name, or two over time."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from assistant.answering.table_qa.alignment import Alignment
from assistant.answering.table_qa.candidates import Candidate, Dated, plain
from assistant.answering.table_qa.matching import states_amounts
from assistant.answering.table_qa.plan import Operand
from assistant.answering.table_qa.question.parse_question import LOOKUP, TableQuestion
from assistant.answering.table_qa.question.periods import Asked

_TABLE_LEAD = 0.05  # of a table over others that state another value, as a cosine


class Cells:
    """The rows of a document, by the names that they have."""

    def __init__(
        self, asked: TableQuestion, rows: Mapping[str, Sequence[Candidate]], alignment: Alignment
    ) -> None:
        self._asked, self._rows, self._alignment = asked, rows, alignment

    def now(self, name: str, spans: frozenset[int]) -> tuple[Operand, ...]:
        """The cells of a name in the one period that the question names, all with one value."""
        found = self._cells(self._rows[name], spans)
        if agreed := self._agreed(found):
            return agreed
        label = plain(self._rows[name][0].row.label)
        alike = [c for rows in self._rows.values() for c in rows if plain(c.row.label) == label]
        return self._agreed(self._cells(alike, spans), tables=True) if found else ()

    def _cells(self, rows: Sequence[Candidate], spans: frozenset[int]) -> list[Operand]:
        found = [
            (candidate, dated)
            for candidate in rows
            for dated in candidate.columns
            if not _earlier(candidate, dated)
        ]
        if not spans:  # a day, where no span is named
            found = [pair for pair in found if pair[1].period.months is None] or found
        else:
            found = [pair for pair in found if pair[1].period.months in spans] or found
        if len({dated.period.months for _, dated in found} - {None}) > 1:
            return []
        if not self._asked.rate or self._asked.operation != LOOKUP:
            found = [p for p in found if states_amounts(p[0].grid, p[0].row, p[1].column)] or found
        return [operand_of(candidate, dated) for candidate, dated in found]

    def _agreed(self, operands: Sequence[Operand], tables: bool = False) -> tuple[Operand, ...]:
        """Those with the value that most tables state. Where tables contradict each other, with
        `tables`, those of the table that the question is closer to; else none."""
        votes = Counter(abs(operand.value) for operand in operands).most_common()
        if not votes or (len(votes) > 1 and votes[0][1] < 2 * votes[1][1]):
            return self._closest(operands) if votes and tables else ()
        return tuple(operand for operand in operands if abs(operand.value) == votes[0][0])

    def _closest(self, operands: Sequence[Operand]) -> tuple[Operand, ...]:
        near = self._alignment.context([_told_of(operand) for operand in operands])
        ranked = sorted(zip(near, range(len(operands)), strict=True), reverse=True)
        best = operands[ranked[0][1]]
        others = [cosine for cosine, at in ranked if operands[at].value != best.value]
        return (best,) if ranked[0][0] - max(others) >= _TABLE_LEAD else ()


def _told_of(operand: Operand) -> str:
    """A row with what stands over it."""
    grid = operand.grid
    return f"{plain(operand.row.section)} {plain(operand.row.label)} {grid.near} {grid.prose}"


def _earlier(candidate: Candidate, dated: Dated) -> bool:
    return any(other.period.a_year_earlier(dated.period) for other in candidate.columns)


def then_and_now(periods: Asked, candidate: Candidate) -> tuple[Dated, Dated] | None:
    """The later column and the earlier one, where there is one of each."""
    if len(candidate.columns) != 2:
        return None
    first, last = sorted(candidate.columns, key=lambda dated: dated.period.order)
    if first.period.months != last.period.months or first.period == last.period:
        return None
    apart = last.period.a_year_earlier(first.period) or not periods.earlier
    return (last, first) if apart else None


def operand_of(candidate: Candidate, dated: Dated) -> Operand:
    """The cell of a row in a column."""
    cell = candidate.grid.cell(candidate.row, dated.column)
    assert cell is not None  # a candidate has a number there
    return Operand(candidate.row, dated.column, cell, candidate.grid)


def beside(first: Sequence[Operand], second: Sequence[Operand]) -> tuple[Operand, Operand]:
    """One of each, of the same table where that has both."""
    pairs = [(one, other) for one in first for other in second]
    return next((pair for pair in pairs if pair[0].grid is pair[1].grid), pairs[0])


def without_direction(operand: Operand) -> Operand:
    """Without a sign that tells only that it is paid: its label names no loss."""
    label = f"{operand.row.label} {operand.row.section}"
    paid = operand.value < 0 and "(" not in operand.row.label and "loss" not in label.lower()
    return replace(operand, magnitude=paid)


def comparable(one: Operand, other: Operand) -> bool:
    """Whether they have one unit and one scale."""
    scales = {o.grid.scale_of(o.row, o.cell).lower() for o in (one, other)}
    units = {one.cell.unit, other.cell.unit}
    mixed = "%" in units and len(units) > 1
    return len(scales) == 1 and not mixed and len(units - {""}) < 2
