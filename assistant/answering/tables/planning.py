"""Makes scored plans from a question and a table: the operands of the operation."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TypeVar

from assistant.answering.tables.compute import best, result
from assistant.answering.tables.grid import (
    MONTHS,
    Column,
    Operand,
    Plan,
    TableGrid,
    TableRow,
    grid,
    is_year,
    terms,
)
from assistant.answering.tables.matching import CHANGES, Match
from assistant.answering.tables.question import (
    AVERAGE,
    COUNT,
    GROWTH,
    HIGHEST,
    LOOKUP,
    LOWEST,
    SHARE,
    SUM,
    Asked,
    Period,
    TableQuestion,
    column_periods,
    period_of,
    quarters_of,
)
from ingest.document.model import Page
from vectorstore.federation import AnyLibrary

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


# -- Selects, from the plans that rules make of the tables near a question, the certain one

PASSAGES = 60  # passages of the search whose pages' tables are examined
SCORE = 0.8  # score of a plan from which it is an answer
MARGIN = 0.04  # lead over the best plan with another result
_NO_NUMBER = re.compile(r"\W*(?:where|when|who|whom|whose|why)\b", re.IGNORECASE)
MANY = 3  # tables with the same result, which then outweigh fewer


def certain(ranked: Sequence[Plan]) -> Plan | None:
    """The best plan, when it is good and no other result is as likely."""
    if not ranked or ranked[0].score < SCORE:
        return None
    near = [plan for plan in ranked if ranked[0].score - plan.score < MARGIN]
    tables = {(told(p), p.grid.document, p.grid.page.number, p.grid.table.first) for p in near}
    votes = Counter(result for result, *_ in tables).most_common(2)
    if len(votes) > 1 and votes[0][1] < max(MANY, 2 * votes[1][1]):
        return None
    return next(plan for plan in near if told(plan) == votes[0][0])


def ranking(
    wanted: TableQuestion, evidence: AnyLibrary, documents: Collection[str] | None = None
) -> list[Plan]:
    """All plans that the tables near a question allow, best first."""
    question = wanted.text
    cards: dict[str, frozenset[str]] = {}
    found = []
    for near in grids(question, evidence, documents):
        if near.document not in cards:
            cards[near.document] = card(near.document, evidence.page(near.document, 1))
        found += [
            plan for plan in plans(wanted, near, cards[near.document]) if computes(plan, question)
        ]
    # Of extremes as good, the one of more cells: a table of five years against one of three. Else
    # the one of fewer: a total that a document states.
    sign = -1 if wanted.operation in (HIGHEST, LOWEST) else 1
    found.sort(key=lambda plan: (-round(plan.score, 6), sign * len(plan.operands)))
    return [plan for plan in found if not any(_outdates(other, plan) for other in found)]


def _outdates(later: Plan, plan: Plan) -> bool:
    """Whether an extreme is found alike, for the same rows, in a later column of its table: a
    question that names no period gets the latest value, and "the fewest" is no less certain for
    being true of the year before as well."""
    if plan.operation not in (HIGHEST, LOWEST) or later.score < plan.score:
        return False
    if later.grid is not plan.grid or _rows(later) != _rows(plan):
        return False
    dates = [{date_of(operand.column) for operand in one.operands} for one in (later, plan)]
    if any(len(found) != 1 or () in found for found in dates):
        return False
    return max(dates[0]) > max(dates[1])


def _rows(plan: Plan) -> tuple[frozenset[int], frozenset[int]]:
    """The rows that are compared, and those that have the extreme."""
    compared = frozenset(operand.row.index for operand in plan.operands)
    return compared, frozenset(operand.row.index for operand in best(plan))


def computes(plan: Plan, question: str) -> bool:
    """Whether there is a result of the kind in question: no number answers "where"."""
    if plan.operation != LOOKUP:
        return result(plan) is not None
    return plan.operands[0].cell.kind != "number" or not _NO_NUMBER.match(question)


def told(plan: Plan) -> tuple[object, ...]:
    """The answer of a plan: plans with the same answer do not contradict each other."""
    if plan.operation in (HIGHEST, LOWEST):
        found = best(plan)
        return (found[0].value, *sorted(operand.row.label for operand in found))
    value = result(plan)
    return (value if value is not None else plan.operands[0].cell.text,)


def grids(
    question: str, evidence: AnyLibrary, documents: Collection[str] | None
) -> Iterator[TableGrid]:
    """The tables on the pages of the best passages, and all those of the best document."""
    hits = evidence.passages(question, PASSAGES, documents)
    if not hits:
        return
    places = [(hit.document, hit.page) for hit in hits]
    best = hits[0].document
    places += [(best, table.page) for table in evidence.tables(best)]
    for document, number in dict.fromkeys(places):
        page = evidence.page(document, number)
        for table in page.tables:
            if (found := grid(document, page, table)) is not None:
                yield found


def card(document: str, first: Page) -> frozenset[str]:
    """The words of a document's name and of its first page, without tables."""
    rows = {line for table in first.tables for line in range(table.first, table.last + 1)}
    beside = " ".join(line.text for at, line in enumerate(first.lines) if at not in rows)
    return frozenset(terms(f"{document.replace('_', ' ')} {beside}"))


# -- The rows of a document's tables that may be operands of a question, each with its cells in the
# period that the question names.

_DOCUMENTS = 3  # the best ones
_OTHER_SIGN = re.compile(
    r"(?i)[ /]\((?:loss|losses|gains?|deficit|expenses?|benefit|provision|decrease|decline"
    r"|used in)\)"
)
_FISCAL = re.compile(r"(?i)\bfiscal\b")


@dataclass(frozen=True)
class Dated:
    """A column and its period, which its head says."""

    column: Column
    period: Period


@dataclass(frozen=True)
class Candidate:
    """A row that has numbers."""

    name: str  # its label, with the section where that is "Total", or that of another row, too
    grid: TableGrid
    row: TableRow
    columns: tuple[Dated, ...]  # of the period, with a number; none where it has another period


def documents_of(
    question: str, evidence: AnyLibrary, documents: Collection[str] | None
) -> list[str]:
    """The documents of the best passages, best first."""
    hits = evidence.passages(question, PASSAGES, documents)
    return list(dict.fromkeys(hit.document for hit in hits))[:_DOCUMENTS]


def candidates(asked: Asked, document: str, evidence: AnyLibrary) -> list[Candidate]:
    """All rows with numbers of a document; none when no table has the period."""
    fiscal = bool(_FISCAL.search(f"{asked.text} {evidence.page(document, 1).text}"))
    found = [row for grid in _grids(document, evidence) for row in _of_table(asked, grid, fiscal)]
    return _named(found) if any(candidate.columns for candidate in found) else []


def _grids(document: str, evidence: AnyLibrary) -> Iterator[TableGrid]:
    for number in dict.fromkeys(table.page for table in evidence.tables(document)):
        page = evidence.page(document, number)
        for table in page.tables:
            if (found := grid(document, page, table)) is not None:
                yield found


def _of_table(asked: Asked, grid: TableGrid, fiscal: bool) -> Iterator[Candidate]:
    columns = _columns(asked, grid, fiscal)
    for row in grid.rows:
        dated = tuple(dated for dated in columns if _is_number(grid, row, dated.column))
        if row.label.strip() and (dated or any(_is_number(grid, row, c) for c in grid.columns)):
            yield Candidate(plain(row.label), grid, row, dated)


def _columns(asked: Asked, grid: TableGrid, fiscal: bool) -> list[Dated]:
    """The columns of the periods that are asked for, and those of a year earlier."""
    periods = column_periods(grid)
    columns = [_dated(c, periods[c.index]) for c in grid.columns if c.index in periods]
    now = _now(asked, grid.document, columns, fiscal)
    return [
        one
        for one in columns
        if one in now or any(other.period.a_year_earlier(one.period) for other in now)
    ]


def _now(asked: Asked, document: str, columns: Sequence[Dated], fiscal: bool) -> list[Dated]:
    """A document that is named after a quarter is about that one: its newest columns. Of others,
    which quarter a day is in is sure only where its years are those of the calendar."""
    if not asked.quarters:
        return [dated for dated in columns if asked.fits(dated.period)]
    own = quarters_of(PurePath(document).stem.replace("_", " ").replace("-", " "))
    if len(own) != 1:
        said = [dated for dated in columns if quarters_of(dated.column.label)]
        return [dated for dated in (said if fiscal else columns) if asked.fits(dated.period)]
    quarterly = [dated for dated in columns if dated.period.months in (None, 3)]
    newest = max((dated.period.order for dated in quarterly), default=None)
    named = own[0] in asked.quarters
    return [dated for dated in quarterly if named and dated.period.order == newest]


def _dated(column: Column, period: Period) -> Dated:
    """A head that says only a part of its period gets all of it."""
    whole = column if period_of(column.label) == period else replace(column, label=str(period))
    return Dated(whole, period)


def _is_number(grid: TableGrid, row: TableRow, column: Column) -> bool:
    cell = grid.cell(row, column)
    return cell is not None and cell.kind == "number"


def plain(label: str) -> str:
    """A label in one line, without its colon and what it says of the other sign: "Net income
    (loss)"."""
    return _OTHER_SIGN.sub("", " ".join(label.split()).rstrip(":"))


def _named(found: Sequence[Candidate]) -> list[Candidate]:
    count = Counter((id(c.grid), c.name.lower()) for c in found)
    return [
        replace(c, name=f"{c.name} ({section})")
        if (section := plain(c.row.section))
        and (count[id(c.grid), c.name.lower()] > 1 or not c.row.terms)
        else c
        for c in found
        if c.row.terms or c.row.section
    ]
