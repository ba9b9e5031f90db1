"""Charts of numbers from tables of documents: selects the cells and draws them.

Only cell values are drawn, each cell is cited, and no image model takes part.
"""

import json
import re
import textwrap
import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from assistant.answering.tables.binding import grids
from assistant.answering.tables.grid import (
    MONTHS,
    Column,
    Operand,
    TableGrid,
    TableRow,
    is_hard,
    is_year,
    terms,
)
from assistant.errors import AssistantError
from assistant.export.documents import fonts
from assistant.i18n.translation import _
from ingest.document.model import Page
from ingest.language.dates import YEAR
from ingest.platform.process import require
from vectorstore.federation import AnyLibrary

if TYPE_CHECKING:
    from matplotlib.axes import Axes


Kind = Literal["bar", "line", "pie"]


class CannotChart(AssistantError):
    """No table fits, or its numbers do not. The message is for people."""


@dataclass(frozen=True)
class Series:
    """The numbers of one row or column, in the order of the axis."""

    label: str
    cells: tuple[Operand, ...]

    @property
    def values(self) -> list[float]:
        return [float(cell.value) for cell in self.cells]

    @property
    def texts(self) -> list[str]:
        """As the document writes them."""
        return [cell.cell.text for cell in self.cells]


@dataclass(frozen=True)
class ChartNumbers:
    """What a chart shows: series over the same labels, all in one unit."""

    grid: TableGrid
    labels: tuple[str, ...]  # of the axis
    series: tuple[Series, ...]
    over: str  # the name of the labels: "Site"; empty when the table gives none
    unit: str  # as it is written: "%", "€"
    scale: str  # "€k", "in millions"
    timed: bool  # the labels are years, quarters or months
    score: float  # how well the table fits the request, 0 to 1
    left_out: tuple[str, ...] = ()  # rows and columns that are not drawn, such as totals

    @property
    def cells(self) -> tuple[Operand, ...]:
        return tuple(cell for series in self.series for cell in series.cells)


# -- Parses a chart request into terms: numbers of something, over something, within years

_OVER = re.compile(
    r"\b(?:by|per|over(?: the)?|for each|of each|in each|for every|at each|across(?: all| the)?"
    r"|of all|for all|versus|vs\.?|against)\s++(?P<over>[\w'’-][\w\s'’-]{0,60}?)"
    r"(?=$|[,.;]|\s(?:from|since|in|between|until|for|as|and by)\b)",
    re.IGNORECASE,
)
_SINCE = re.compile(rf"\bsince\s+({YEAR})\b", re.IGNORECASE)
_FROM = re.compile(
    rf"\b(?:from|between)\s+({YEAR})\s*(?:to|until|till|through|and|-|–)\s*({YEAR})\b",
    re.IGNORECASE,
)
_TALK = re.compile(
    r"\b(?:how|what|which|much|many|developed?|evolved|changed|went|rose|fell|grew"
    r"|development of|compare|comparison"
    r"|numbers? of|amount of|figures?|values?|data|table|please|the|all|our|each|show|number"
    r"|results?)\b",
    re.IGNORECASE,
)
_YEARS = re.compile(r"\byears?\b", re.IGNORECASE)
TIMES = frozenset(terms("quarter month time date period")) | {"year"}


@dataclass(frozen=True)
class Wanted:
    """`over` are the terms of the axis, `of` those of what is counted or measured."""

    of: frozenset[str]
    over: frozenset[str]
    first: int = 0  # years, inclusive; 0: not limited
    last: int = 9999

    def within(self, label: str) -> bool:
        """Whether a label is within the requested years."""
        years = [int(term) for term in terms(label) if is_year(term)]
        return not years or any(self.first <= year <= self.last for year in years)


def wanted(text: str) -> Wanted:
    """The parts of "revenue by region since 2020": revenue, region, and 2020."""
    rest, first, last = text, 0, 9999
    if found := _FROM.search(rest):
        first, last = sorted((int(found[1]), int(found[2])))
        rest = rest.replace(found[0], " ")
    elif found := _SINCE.search(rest):
        first = int(found[1])
        rest = rest.replace(found[0], " ")
    over = " ".join(found["over"] for found in _OVER.finditer(rest))
    of = frozenset(terms(_TALK.sub(" ", _OVER.sub(" ", rest))))
    axis = frozenset(term for term in terms(over) if not is_hard(term))
    if _YEARS.search(over):
        axis |= {"year"}  # which tells nothing in other questions, and is no term
    return Wanted(of, axis - of, first, last)


# -- Finds the table of the library with the numbers to chart, and their rows or columns
# A chart needs one measure over many places: a row over the columns ("revenue by year"), a column
# over the rows ("employees by site"), or all columns side by side ("revenue by region", with a
# column for each quarter). What is asked for must be explained by the labels, the caption or the
# document.

SCORE = 0.75  # from which a table fits
_EXPLAINED = 0.7  # of the words of what is measured, at least
_MOST_SERIES = 8
_CHANGES = frozenset(terms("change growth variance"))
_OF = re.compile(r"\b(?:with|for|of|per|in|to|from|at|by|on)\b|,", re.IGNORECASE)
SHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".csv", ".tsv", ".tab")


def find(what: str, evidence: AnyLibrary, documents: Collection[str] | None = None) -> ChartNumbers:
    """The numbers that fit best. Raises CannotChart when none do."""
    asked = wanted(what)
    found: list[ChartNumbers] = []
    cards: dict[str, frozenset[str]] = {}
    for grid in grids(what, evidence, documents):
        if grid.document not in cards:
            cards[grid.document] = _card(grid.document, evidence.page(grid.document, 1))
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


def _weight(words: Iterable[str]) -> float:
    """Of words: a number or a time counts twice."""
    return sum(2.0 if is_hard(word) else 1.0 for word in words)


def _card(document: str, first: Page) -> frozenset[str]:
    """The words of a document's name and of its first page, without tables."""
    rows = {line for table in first.tables for line in range(table.first, table.last + 1)}
    beside = " ".join(line.text for at, line in enumerate(first.lines) if at not in rows)
    return frozenset(terms(f"{document.replace('_', ' ')} {beside}"))


def _readings(asked: Wanted, grid: TableGrid, card: frozenset[str]) -> Iterator[ChartNumbers]:
    columns = [column for column in grid.columns if asked.within(column.label)]
    rows = [row for row in grid.rows if not row.total and asked.within(row.label)]
    read = partial(_reading, asked, grid, card)
    named_rows = [row for row in grid.rows if _is_of(asked, row.label)]
    named_rows = [row for row in named_rows if not row.total] or named_rows
    whole = [row for row in named_rows if row.terms and row.terms <= asked.of]
    # "Sales" are not meant where "cost of sales" are.
    apart = [row for row in whole if not any(row.terms < other.terms for other in whole)]
    for row_group in (apart, *([row] for row in named_rows)):
        yield from read(row_group, columns, across=True)
    if asked.over & TIMES:  # "employees by year": all of them, not those of a site
        totals = [row for row in grid.rows if row.total]
        yield from read(totals if len(totals) == 1 else [], columns, across=True)
    columns = _dated(asked, columns)
    changes = bool(asked.of & _CHANGES)
    named = [c for c in columns if c.change == changes and _is_of(asked, c.label)]
    for column_group in (named, *([column] for column in named), _alike(grid, columns, rows)):
        yield from read(rows, column_group, across=False)


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


def _reading(
    asked: Wanted,
    grid: TableGrid,
    card: frozenset[str],
    rows: Sequence[TableRow],
    columns: Sequence[Column],
    across: bool,
) -> Iterator[ChartNumbers]:
    """`across`: each row is a series over the columns where all have numbers; else each column is
    one over the rows."""
    every: list[TableRow | Column] = [*columns] if across else [*grid.rows, *grid.columns]
    if across:
        columns = [c for c in columns if not c.change and all(_number(grid, r, c) for r in rows)]
    else:
        rows = [row for row in rows if all(_number(grid, row, column) for column in columns)]
    lines: Sequence[TableRow | Column] = rows if across else columns
    places: Sequence[TableRow | Column] = columns if across else rows
    unit = _unit(grid, rows, columns)
    if not 0 < len(lines) <= _MOST_SERIES or len(places) < 2 or unit is None:
        return
    labels = tuple(place.label for place in places)
    score = _score(asked, grid, card, rows, columns, across, _timed(labels))
    cells = [[_operand(grid, row, column) for column in columns] for row in rows]
    series = tuple(
        Series(line.label, tuple(of_line))
        for line, of_line in zip(lines, cells if across else zip(*cells, strict=True), strict=True)
    )
    corner = "" if across or (grid.scale and grid.corner.strip() == grid.scale) else grid.corner
    shown = next((c.cell.unit for of_row in cells for c in of_row if c.cell.unit), "")
    left_out = dict.fromkeys(one.label for one in every if one not in (*lines, *places))
    yield ChartNumbers(
        grid, labels, series, corner, shown, unit[1], _timed(labels), score, tuple(left_out)
    )


def _score(
    asked: Wanted,
    grid: TableGrid,
    card: frozenset[str],
    rows: Sequence[TableRow],
    columns: Sequence[Column],
    across: bool,
    timed: bool,
) -> float:
    """0 when a number or too much of the words is left."""
    heads = frozenset().union(*(column.terms for column in columns))
    above = frozenset().union(*(row.above for row in rows))
    named = above.union(*(row.terms for row in rows))
    labelled, axis = (named, heads) if across else (heads, above | frozenset(terms(grid.corner)))
    near, whole = _near(grid), _weight(asked.of)
    known, beside = labelled | near, card | grid.prose_terms | grid.near_terms
    if not whole or any(map(is_hard, asked.of - known - card)):
        return 0.0
    if not _over(asked, axis | near, timed):
        return 0.0  # "by year" is not "by region"
    explained = _weight(asked.of & known) / whole
    explained += 0.5 * _weight((asked.of - known) & beside) / whole
    if explained < _EXPLAINED:
        return 0.0
    told = _weight(asked.of & near) / whole
    return 0.75 * explained + 0.25 * max(_fit(asked, labelled, across), told)


def _fit(asked: Wanted, labelled: frozenset[str], across: bool) -> float:
    """How much of the labels is meant; of columns without their numbers, such as years."""
    words = labelled if across else frozenset(term for term in labelled if not is_hard(term))
    return _weight(words & asked.of) / _weight(words) if words else float(not across)


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
    if not cells or len(scales) > 1 or len(units - {""}) > 1 or units >= {"", "%"}:
        return None
    return max(units), scales.pop()


def _timed(labels: Sequence[str]) -> bool:
    """Years, quarters or months."""
    return bool(labels) and all(any(map(_is_time, terms(label))) for label in labels)


def _is_time(term: str) -> bool:
    quarter = len(term) == 2 and term[0] == "q" and is_hard(term)
    return is_year(term) or term in MONTHS or quarter


# -- Draws numbers as a PNG. matplotlib draws them, without a window or a display
# The file says in its own text where each number comes from.

# The colours of the app, and others beside them. Any two stay 18 apart in CIELAB for people who see
# few colours (Machado and others, 2009); of those of Okabe and Ito (2008) two come as close as 7.
_COLOURS = ("#17635D", "#E0A400", "#B3472B", "#86CABF", "#5A4A9C", "#8D8778", "#F2D98A", "#20262A")
_DOTS = 150  # to an inch
_LONG = 14  # characters: longer labels are read better beside lying bars
_LABELS = 12  # numbers that are written at their bars and points
_STYLE: dict[Any, Any] = {
    "text.parse_math": False,  # "$" is a currency
    "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True,
    "axes.grid": True, "grid.alpha": 0.3,
}  # fmt: skip
TEXT = "pincite-chart"  # the PNG text with the cells as JSON


def kind_of(numbers: ChartNumbers, asked: str) -> tuple[Kind, str]:
    """The kind of chart, and a sentence when it is not the requested one."""
    if asked == "pie":
        if not any(numbers.series[0].values):
            return "bar", _("A pie cannot show zeros alone, so bars are drawn instead.")
        if any(cell.value < 0 for cell in numbers.cells):
            return "bar", _("A pie cannot show negative numbers, so bars are drawn instead.")
        if len(numbers.series) > 1:
            label = numbers.series[0].label
            return "pie", _("A pie shows one column of numbers: this is “{label}”.", label=label)
        return "pie", ""
    if asked in ("bar", "line"):
        return ("bar" if asked == "bar" else "line"), ""
    return ("line" if numbers.timed and len(numbers.labels) > 2 else "bar"), ""


def draw(numbers: ChartNumbers, kind: Kind, title: str, source: str, path: Path) -> str:
    """Write a PNG, with `source` below the chart. Returns the letters without a font.

    Raises CannotChart without the extra that draws.
    """
    require("charts", "matplotlib", to="draw charts", error=CannotChart)
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    told = _metadata(numbers, title, source)
    families, missing = fonts("".join(told.values()))
    with matplotlib.rc_context({**_STYLE, "font.family": families}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # the person gets a notice
        figure = Figure(figsize=_size(numbers, kind), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        {"bar": _bars, "line": _lines, "pie": _pie}[kind](axes, numbers)
        axes.set_title("\n".join(textwrap.wrap(title, 70)), loc="left", fontsize=12)
        figure.supxlabel("\n".join(textwrap.wrap(source, 100)), fontsize=8, color="#555555")
        figure.savefig(path, format="png", dpi=_DOTS, metadata=told)
    return missing


def _size(numbers: ChartNumbers, kind: Kind) -> tuple[float, float]:
    """In inches: lying bars need a line each."""
    lying = kind == "bar" and _lie(numbers)
    height = 2.2 + 0.3 * len(numbers.labels) * len(numbers.series) if lying else 5.0
    return (8.0, min(max(height, 4.0), 30.0))


def _lie(numbers: ChartNumbers) -> bool:
    longest = max(map(len, numbers.labels))
    return not numbers.timed and (longest > _LONG or len(numbers.labels) > _LABELS)


def _bars(axes: "Axes", numbers: ChartNumbers) -> None:
    lying, count = _lie(numbers), len(numbers.series)
    thick = 0.8 / count
    for at, series in enumerate(numbers.series):
        values = series.values
        places = [n + (at - (count - 1) / 2) * thick for n in range(len(values))]
        colour = _COLOURS[at % len(_COLOURS)]
        draw_bars: Any = axes.barh if lying else axes.bar
        bars = draw_bars(places, values, thick, color=colour, label=series.label)
        if len(values) * count <= _LABELS * 2:
            axes.bar_label(bars, series.texts, fontsize=8, padding=2)
    _axis(axes, numbers, lying)
    (axes.axvline if lying else axes.axhline)(0, color="#333333", linewidth=0.8)


def _lines(axes: "Axes", numbers: ChartNumbers) -> None:
    places = range(len(numbers.labels))
    for at, series in enumerate(numbers.series):
        values = series.values
        colour = _COLOURS[at % len(_COLOURS)]
        axes.plot(places, values, marker="o", color=colour, label=series.label)
        if len(values) <= _LABELS:
            for place, value, text in zip(places, values, series.texts, strict=True):
                axes.annotate(
                    text, (place, value), (0, 6), textcoords="offset points", ha="center",
                    fontsize=8,
                )  # fmt: skip
    _axis(axes, numbers, lying=False)


def _pie(axes: "Axes", numbers: ChartNumbers) -> None:
    series = numbers.series[0]
    pairs = zip(numbers.labels, series.texts, strict=True)
    axes.pie(
        series.values,
        labels=[f"{label}: {text}" for label, text in pairs],
        colors=_COLOURS, startangle=90, counterclock=False, autopct="%1.0f %%",
        wedgeprops={"edgecolor": "white"}, textprops={"fontsize": 9},
    )  # fmt: skip


def _axis(axes: "Axes", numbers: ChartNumbers, lying: bool) -> None:
    """Labels as they stand in the table, and the unit of the values."""
    places = list(range(len(numbers.labels)))
    labels = ["\n".join(textwrap.wrap(label, 40 if lying else 16)) for label in numbers.labels]
    if lying:
        axes.set_yticks(places, labels)
        axes.invert_yaxis()  # the first row of the table is at the top
        axes.set_xlabel(unit(numbers))
        axes.set_ylabel(numbers.over)
        axes.grid(visible=False, axis="y")
    else:
        turned = len(labels) * max(map(len, numbers.labels)) > 110
        axes.set_xticks(
            places, labels, rotation=45 if turned else 0, ha="right" if turned else "center"
        )
        axes.set_ylabel(unit(numbers))
        axes.set_xlabel(numbers.over)
        axes.grid(visible=False, axis="x")
    if len(numbers.series) > 1:
        axes.legend(fontsize=9, frameon=False)
    (axes.xaxis if lying else axes.yaxis).set_major_formatter("{x:,g}")


def unit(numbers: ChartNumbers) -> str:
    """What the values are in, as the document writes it."""
    if numbers.unit and numbers.unit not in numbers.scale:
        return f"{numbers.unit} {numbers.scale}".strip()
    return numbers.scale


def _metadata(numbers: ChartNumbers, title: str, source: str) -> dict[str, str]:
    cells = [
        {"row": operand.row.label, "column": operand.column.label, "text": operand.cell.text}
        for operand in numbers.cells
    ]
    grid = numbers.grid
    where = {"document": grid.document, "page": grid.page.number, "table": grid.table.caption}
    data = json.dumps({**where, "cells": cells}, ensure_ascii=False)
    return {"Title": title, "Source": source, TEXT: data}
