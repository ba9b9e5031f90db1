"""Makes scored plans from a question and a table: the operands of the operation."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from assistant.answering.table_qa.grid import Column, TableGrid, TableRow
from assistant.answering.table_qa.matching import CHANGES, Match
from assistant.answering.table_qa.plan import Operand, Plan
from assistant.answering.table_qa.question.normalise import MONTHS, is_year
from assistant.answering.table_qa.question.parse_question import (
    AVERAGE,
    COUNT,
    GROWTH,
    HIGHEST,
    LOOKUP,
    LOWEST,
    SHARE,
    SUM,
    TableQuestion,
)  # fmt: skip

_Part = TypeVar("_Part", TableRow, Column)
_PRECISE = 0.25  # what a label counts that is asked for as a whole
_OTHERWISE = 0.2  # lost by percentages of something where an amount is asked
_SPANNED = 0.06  # lost by figures of some months where a day or a year is named
_HEADED = 0.08  # the same of the head of a column
_HEAD = 0.5  # of a head that is asked for, from which all of a column may be meant


def plans(asked: TableQuestion, grid: TableGrid, card: frozenset[str]) -> Iterator[Plan]:
    """All plans that the table allows; `card`: the words of the document's name and first page."""
    match = Match(asked, grid, card)
    makers = {
        LOOKUP: _lookups, SUM: _sums, AVERAGE: _sums, SHARE: _shares, HIGHEST: _extremes,
        LOWEST: _extremes,
        COUNT: _counts,
    }  # fmt: skip
    yield from makers.get(asked.operation, _pairs)(match)


def _lookups(match: Match) -> Iterator[Plan]:
    change = bool(match.asked.words & CHANGES)
    for row in match.may_be():
        for column in match.one_column(change):
            yield from _plan(match, LOOKUP, [(row, column)])


def _pairs(match: Match) -> Iterator[Plan]:
    """Two columns of one row, or two rows of one column; the later or first-named comes first."""
    columns, rows = match.columns(), match.rows()
    operation = match.asked.operation
    if len(columns) == 2:
        first, second = _later_first(match, columns)
        for row in match.may_be():
            yield from _plan(match, operation, [(row, first), (row, second)])
    if operation == GROWTH and len(columns) < 2:
        yield from _stated(match)
    if len(rows) == 2 and operation != GROWTH and not match.asked.over_time:
        first_row, second_row = _as_asked(match, rows)
        for column in match.one_column(change=False):
            yield from _plan(match, operation, [(first_row, column), (second_row, column)])


def _stated(match: Match) -> Iterator[Plan]:
    """A change in percent that a column of the table states."""
    columns = [column for column in match.grid.columns if column.change]
    if len(columns) == 1:
        for row in match.may_be():
            cell = match.grid.cell(row, columns[0])
            if cell is not None and cell.unit == "%":
                yield from _plan(match, LOOKUP, [(row, columns[0])])


def _sums(match: Match) -> Iterator[Plan]:
    """Rows of one column, or columns of one row; else the stated total, or all rows."""
    operation = match.asked.operation
    rows = match.rows()
    parts = [row for row in rows if not row.total]
    rows = _between(match, parts if len(parts) > 1 else rows, match.grid.rows)
    if len(rows) > 1:
        for column in match.one_column(change=False):
            yield from _plan(match, operation, [(row, column) for row in rows])
    columns = _between(match, match.columns(), match.grid.columns)
    if len(columns) > 1:
        for row in match.may_be():
            yield from _plan(match, operation, [(row, column) for column in columns])
    if operation == SUM and len(rows) < 2:
        yield from _lookups(match)
    if not rows and (match.asked.everything or operation == AVERAGE):
        yield from _whole_columns(match, operation)


def _between(match: Match, ends: list[_Part], every: Sequence[_Part]) -> list[_Part]:
    """ "From 2019 to 2021" names two of three."""
    if len(ends) != 2 or not match.asked.range:
        return ends
    first, last = sorted(part.index for part in ends)
    return [part for part in every if first <= part.index <= last]


def _shares(match: Match) -> Iterator[Plan]:
    """A row and the row it is a part of; the total when none is named."""
    rows = match.rows()
    for column in match.one_column(change=False):
        if len(rows) == 2:
            part, whole = _part_first(match, rows, column)
            yield from _plan(match, SHARE, [(part, column), (whole, column)])
        elif len(rows) == 1 and not rows[0].total:
            totals = [r for r in match.grid.rows if r.total and r.section == rows[0].section]
            after = [row for row in totals if row.index > rows[0].index]
            if after:
                yield from _plan(match, SHARE, [(rows[0], column), (after[0], column)])


def _extremes(match: Match) -> Iterator[Plan]:
    yield from _whole_columns(match, match.asked.operation)
    columns = [c for c in match.grid.columns if _year(match, c) and not c.change]
    if match.asked.kind == {"year"} and len(columns) > 1:
        for row in match.may_be():
            yield from _plan(match, match.asked.operation, [(row, c) for c in columns])


def _counts(match: Match) -> Iterator[Plan]:
    yield from _whole_columns(match, COUNT)


def _whole_columns(match: Match, operation: str) -> Iterator[Plan]:
    """All rows of a column of the same kind: of one section, without totals."""
    some = operation in (HIGHEST, LOWEST, COUNT)  # a cell without a number is left out
    change = bool(match.asked.words & CHANGES) or operation in (HIGHEST, LOWEST)
    for rows in _groups(match):
        if len(rows) < 2 or not match.kind_is(rows):
            continue
        if operation == SUM and any(row.total for row in match.grid.rows):
            continue  # the table states it
        for column in match.one_column(change):
            if match.head_precision(column) < _HEAD:
                continue  # "total assets" is not the sum of what is headed "carrying amount"
            cells = [(row, column) for row in rows if _number(match.grid, row, column)]
            if len(cells) > 1 and (some or len(cells) == len(rows)):
                yield from _plan(match, operation, cells, labels=False)


def _groups(match: Match) -> Iterator[Sequence[TableRow]]:
    """The rows of each section in question; of all, when there is only one."""
    sections = dict.fromkeys(row.section for row in match.grid.rows)
    for section in sections:
        rows = [r for r in match.grid.rows if r.section == section and not r.total]
        if rows and (len(sections) == 1 or match.asks_for(rows[0].above)):
            yield rows


def _plan(
    match: Match, operation: str, places: Sequence[tuple[TableRow, Column]], labels: bool = True
) -> Iterator[Plan]:
    """The plan; None when a cell is missing, cells differ in kind, or a number or name is left."""
    operands = [
        Operand(row, column, cell, match.grid)
        for row, column in places
        for cell in [match.grid.cell(row, column)]
        if cell is not None and cell.kind not in ("empty", "truth")
    ]
    if len(operands) < len(places) or not _alike(operation, operands):
        return
    rows = list({operand.row.index: operand.row for operand in operands}.values())
    covered = match.coverage(rows, [operand.column for operand in operands], labels)
    if covered:
        named = [match.precision(row) for row in rows]
        if match.asked.range:
            named = [share for share in named if share] or named  # what lies between is not named
        precise = min(named) if labels else 1.0
        headed = min(match.head_precision(operand.column) for operand in operands)
        if match.asked_otherwise(operands[0].cell.unit):
            covered -= _OTHERWISE
        if any(match.spans_otherwise(operand.column) for operand in operands):
            covered -= _SPANNED
        score = covered + _PRECISE * (precise - 1.0) + _HEADED * (headed - 1.0)
        yield Plan(match.grid, operation, tuple(operands), match.asked.than, score)


def _alike(operation: str, operands: Sequence[Operand]) -> bool:
    """Whether they are numbers with one unit; a look-up may have any value."""
    if operation == LOOKUP:
        return True
    units = {operand.cell.unit for operand in operands}
    mixed = len(units - {""}) > 1 or ("%" in units and len(units) > 1)
    return not mixed and all(operand.cell.kind == "number" for operand in operands)


def _number(grid: TableGrid, row: TableRow, column: Column) -> bool:
    cell = grid.cell(row, column)
    return cell is not None and cell.kind == "number"


def _year(match: Match, column: Column) -> bool:
    """Whether a year distinguishes the column from the others."""
    return any(map(is_year, match.heads[column.index]))


def _part_first(match: Match, rows: Sequence[TableRow], column: Column) -> Sequence[TableRow]:
    one, other = rows
    if one.total != other.total:
        return (other, one) if one.total else (one, other)
    cells = [match.grid.cell(row, column) for row in rows]
    sizes = [abs(float(c.value)) if c and isinstance(c.value, float) else 0.0 for c in cells]
    return rows if sizes[0] <= sizes[1] else (other, one)


def _as_asked(match: Match, rows: Sequence[TableRow]) -> list[TableRow]:
    """Sorted in the order of the question; years the later first."""
    years = [max((int(term) for term in row.terms if is_year(term)), default=0) for row in rows]
    if all(years):
        return [row for _, row in sorted(zip(years, rows, strict=True), key=lambda p: -p[0])]
    own = [row.terms.difference(*(o.terms for o in rows if o is not row)) for row in rows]
    places = [_place(match.asked.terms, words) for words in own]
    return [row for _, row in sorted(zip(places, rows, strict=True), key=lambda pair: pair[0])]


def _later_first(match: Match, columns: Sequence[Column]) -> list[Column]:
    """Sorted by date; columns without dates in the order of the question."""
    dates = {column.index: date_of(column) for column in columns}
    if all(dates.values()):
        return sorted(columns, key=lambda column: dates[column.index], reverse=True)
    places = {c.index: _place(match.asked.terms, match.heads[c.index]) for c in columns}
    return sorted(columns, key=lambda column: places[column.index])


def _place(terms: Sequence[str], words: frozenset[str]) -> int:
    return min((at for at, term in enumerate(terms) if term in words), default=len(terms))


def date_of(column: Column) -> tuple[int, ...]:
    """The date in a head: year, month and quarter; empty when it has no year, or several."""
    years = [int(term) for term in column.terms if is_year(term)]
    if len(years) != 1:
        return ()
    months = [MONTHS.index(term) + 1 for term in column.terms if term in MONTHS]
    quarters = [int(t[1]) for t in column.terms if len(t) == 2 and t[0] == "q"]
    return years[0], max(months, default=0), max(quarters, default=0)
