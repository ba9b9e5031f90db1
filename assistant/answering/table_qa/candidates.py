"""The rows of a document's tables that may be operands of a question, each with its cells in the
period that the question names."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from assistant.answering.table_qa.grid import Column, TableGrid, TableRow, grid
from assistant.answering.table_qa.question.periods import (
    Asked,
    Period,
    column_periods,
    period_of,
    quarters_of,
)
from assistant.answering.table_qa.select_plan import PASSAGES, Tabled

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


def documents_of(question: str, evidence: Tabled, documents: Collection[str] | None) -> list[str]:
    """The documents of the best passages, best first."""
    hits = evidence.passages(question, PASSAGES, documents)
    return list(dict.fromkeys(hit.document for hit in hits))[:_DOCUMENTS]


def candidates(asked: Asked, document: str, evidence: Tabled) -> list[Candidate]:
    """All rows with numbers of a document; none when no table has the period."""
    fiscal = bool(_FISCAL.search(f"{asked.text} {evidence.page(document, 1).text}"))
    found = [row for grid in _grids(document, evidence) for row in _of_table(asked, grid, fiscal)]
    return _named(found) if any(candidate.columns for candidate in found) else []


def _grids(document: str, evidence: Tabled) -> Iterator[TableGrid]:
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
