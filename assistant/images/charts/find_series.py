"""Finds the table of the library with the numbers to chart, and their rows or columns.

A chart needs one measure over many places: a row over the columns ("revenue by year"), a column
over the rows ("employees by site"), or all columns side by side ("revenue by region", with a column
for each quarter). What is asked for must be explained by the labels, the caption or the document.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from assistant.answering.table_qa.grid import Column, TableGrid, TableRow
from assistant.answering.table_qa.matching import CHANGES, Match, weight
from assistant.answering.table_qa.plan import Operand
from assistant.answering.table_qa.question.normalise import MONTHS, is_hard, is_year, terms
from assistant.answering.table_qa.select_plan import Tabled, card, grids
from assistant.images.charts import CannotChart, ChartNumbers, ChartPoint, Series
from assistant.images.charts.parse_request import TIMES, Wanted, wanted

SCORE = 0.75  # from which a table fits
_EXPLAINED = 0.7  # of the words of what is measured, at least
_MOST_SERIES = 8
_OF = re.compile(r"\b(?:with|for|of|per|in|to|from|at|by|on)\b|,", re.IGNORECASE)
SHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".csv", ".tsv", ".tab")


def find(what: str, evidence: Tabled, documents: Collection[str] | None = None) -> ChartNumbers:
    """The numbers that fit best. Raises CannotChart when none do."""
    asked = wanted(what)
    found: list[ChartNumbers] = []
    cards: dict[str, frozenset[str]] = {}
    for grid in grids(what, evidence, documents):
        if grid.document not in cards:
            cards[grid.document] = card(grid.document, evidence.page(grid.document, 1))
        found += _readings(asked, grid, cards[grid.document])
    best = max(
        found, key=lambda numbers: (round(numbers.score, 4), len(numbers.cells)), default=None
    )
    if best is None or best.score < SCORE:
        raise CannotChart(
            f"No table in your documents has the numbers for “{what}”. Say it in the words of the "
            "table: what is counted, and by what, such as “revenue by region”."
        )
    return best


def _readings(asked: Wanted, grid: TableGrid, card: frozenset[str]) -> Iterator[ChartNumbers]:
    match = Match(asked.asked, grid, card)
    columns = [column for column in grid.columns if asked.within(column.label)]
    rows = [row for row in grid.rows if not row.total and asked.within(row.label)]
    named_rows = [row for row in match.rows() if _is_of(asked, row.label)]
    for row_group in (named_rows, *([row] for row in match.may_be() if _is_of(asked, row.label))):
        yield from _of_rows(asked, grid, card, row_group, columns)
    if asked.over & TIMES:  # "employees by year": all of them, not those of a site
        totals = [row for row in grid.rows if row.total]
        yield from _of_rows(asked, grid, card, totals if len(totals) == 1 else (), columns)
    columns = _dated(asked, columns)
    changes = bool(asked.of & CHANGES)
    named = [c for c in columns if c.change == changes and _is_of(asked, c.label)]
    for column_group in (named, *([column] for column in named), _alike(grid, columns, rows)):
        yield from _of_columns(asked, grid, card, column_group, rows)


def _is_of(asked: Wanted, label: str) -> bool:
    """Whether the request asks for the thing that a label names: "Dinner with customers" are no
    customers, "Cost of sales" no sales."""
    return bool(frozenset(terms(_OF.split(label)[0])) & asked.of)


def _dated(asked: Wanted, columns: Sequence[Column]) -> list[Column]:
    """The columns of the requested year or quarter; all when none is requested or present."""
    hard = {term for term in asked.of if is_hard(term)}
    return [c for c in columns if hard and hard <= c.terms] or list(columns)


def _alike(grid: TableGrid, columns: Sequence[Column], rows: Sequence[TableRow]) -> list[Column]:
    """All columns of one unit: a column for each year, beside a change in percent."""
    first = next((unit for c in columns if (unit := _unit(grid, rows, [c])) is not None), None)
    return [c for c in columns if not c.change and _unit(grid, rows, [c]) == first is not None]


def _of_rows(
    asked: Wanted,
    grid: TableGrid,
    card: frozenset[str],
    rows: Sequence[TableRow],
    columns: Sequence[Column],
) -> Iterator[ChartNumbers]:
    """Each row is a series over the columns."""
    over = [c for c in columns if not c.change and all(_number(grid, row, c) for row in rows)]
    labelled: frozenset[str] = frozenset().union(*(row.terms | row.above for row in rows))
    timed = _timed([column.label for column in over])
    if not rows or len(over) < 2 or _unit(grid, rows, over) is None:
        return
    fit = weight(labelled & asked.of) / weight(labelled) if labelled else 0.0
    heads = frozenset().union(*(column.terms for column in over))
    score = _score(asked, grid, card, labelled, fit, timed, heads)
    series = tuple(
        Series(row.label, tuple(ChartPoint(c.label, _operand(grid, row, c)) for c in over))
        for row in rows
    )
    yield _numbers(grid, series, "", timed, score, [c.label for c in columns if c not in over])


def _of_columns(
    asked: Wanted,
    grid: TableGrid,
    card: frozenset[str],
    columns: Sequence[Column],
    rows: Sequence[TableRow],
) -> Iterator[ChartNumbers]:
    """Each column is a series over the rows."""
    over = [row for row in rows if all(_number(grid, row, column) for column in columns)]
    if not columns or len(columns) > _MOST_SERIES or len(over) < 2:
        return
    if _unit(grid, over, columns) is None:
        return
    labelled = frozenset().union(*(column.terms for column in columns))
    soft = frozenset(term for term in labelled if not is_hard(term))
    fit = weight(soft & asked.of) / weight(soft) if soft else 1.0
    timed = _timed([row.label for row in over])
    heads = frozenset(terms(grid.corner)).union(*(row.above for row in over))
    score = _score(asked, grid, card, labelled, fit, timed, heads)
    series = tuple(
        Series(
            column.label, tuple(ChartPoint(row.label, _operand(grid, row, column)) for row in over)
        )
        for column in columns
    )
    left = [row.label for row in grid.rows if row not in over]
    left += [column.label for column in grid.columns if column not in columns]
    corner = "" if grid.scale and grid.corner.strip() == grid.scale else grid.corner
    yield _numbers(grid, series, corner, timed, score, left)


def _score(
    asked: Wanted,
    grid: TableGrid,
    card: frozenset[str],
    labelled: frozenset[str],
    fit: float,
    timed: bool,
    heads: frozenset[str],
) -> float:
    """0 when a number or too much of the words is left; `fit`: how much of the labels is meant."""
    near = _near(grid)
    known = labelled | near
    explained = weight(asked.of & known) / weight(asked.of) if asked.of else 0.0
    explained += (
        0.5
        * weight((asked.of - known) & (card | grid.prose_terms | grid.near_terms))
        / max(weight(asked.of), 1)
    )
    hard = {term for term in asked.of - known - card if is_hard(term)}
    if hard or explained < _EXPLAINED:
        return 0.0
    if not _over(asked, heads | near, timed):
        return 0.0  # "by year" is not "by region"
    told = weight(asked.of & near) / weight(asked.of)
    return 0.75 * explained + 0.25 * max(fit, told)


def _over(asked: Wanted, axis: frozenset[str], timed: bool) -> bool:
    """Whether the labels are the requested axis: "site", or years for "over time"."""
    things = asked.over - TIMES
    return bool(things & axis) if things else timed or not asked.over


def _near(grid: TableGrid) -> frozenset[str]:
    """What is said of this very table: its caption, else the headings over it; the name of a sheet.

    The title of a document, and lines that repeat on its pages, say little of one table.
    """
    title = grid.page.title
    told = grid.table.caption or grid.near.removeprefix(title)
    sheet = title if grid.document.lower().endswith(SHEETS) else ""
    return frozenset(terms(f"{told} {sheet} {grid.corner}"))


def _numbers(
    grid: TableGrid,
    series: tuple[Series, ...],
    over: str,
    timed: bool,
    score: float,
    left_out: Sequence[str],
) -> ChartNumbers:
    cells = [point.cell for one in series for point in one.points]
    unit = next((operand.cell.unit for operand in cells if operand.cell.unit), "")
    scale = grid.scale_of(cells[0].row, cells[0].cell)
    return ChartNumbers(
        grid, series, over, unit, scale, timed, score, tuple(dict.fromkeys(left_out))
    )


def _number(grid: TableGrid, row: TableRow, column: Column) -> bool:
    """The number of a visible cell."""
    cell = grid.cell(row, column)
    hidden = cell is not None and grid.page.lines[cell.line].hidden
    return cell is not None and cell.kind == "number" and not hidden


def _operand(grid: TableGrid, row: TableRow, column: Column) -> Operand:
    cell = grid.cell(row, column)
    assert cell is not None
    return Operand(row, column, cell, grid)


def _unit(
    grid: TableGrid, rows: Sequence[TableRow], columns: Sequence[Column]
) -> tuple[str, str] | None:
    """The one unit and scale of the numbers; None when there are several, or none is a number.

    Statements write "$" in the first row alone: no unit is like any that is not a percentage.
    """
    cells = [(row, grid.cell(row, c)) for row in rows for c in columns if _number(grid, row, c)]
    units = {cell.unit for _, cell in cells if cell is not None}
    scales = {grid.scale_of(row, cell) for row, cell in cells if cell is not None}
    if (
        not cells
        or len(scales) > 1
        or len(units - {""}) > 1
        or units > {"", "%"}
        or units == {"", "%"}
    ):
        return None
    return max(units), scales.pop()


def _timed(labels: Sequence[str]) -> bool:
    """Years, quarters or months."""
    return bool(labels) and all(any(map(_is_time, terms(label))) for label in labels)


def _is_time(term: str) -> bool:
    quarter = len(term) == 2 and term[0] == "q" and is_hard(term)
    return is_year(term) or term in MONTHS or quarter
