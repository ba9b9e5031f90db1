"""Charts of numbers from tables of documents: selects the cells and draws them.

Only cell values are drawn, each cell is cited, and no image model takes part.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from assistant.answering.table_qa.grid import TableGrid
from assistant.answering.table_qa.plan import Operand
from assistant.errors import AssistantError

Kind = Literal["bar", "line", "pie"]


class CannotChart(AssistantError):
    """No table fits, or its numbers do not. The message is for people."""


@dataclass(frozen=True)
class ChartPoint:
    """A number over its place on the axis."""

    label: str  # of the axis
    cell: Operand

    @property
    def value(self) -> Decimal:
        return self.cell.value


@dataclass(frozen=True)
class Series:
    """The numbers of one row or column, in order."""

    label: str
    points: tuple[ChartPoint, ...]


@dataclass(frozen=True)
class ChartNumbers:
    """What a chart shows: series over the same labels, all in one unit."""

    grid: TableGrid
    series: tuple[Series, ...]
    over: str  # the name of the labels: "Site"; empty when the table gives none
    unit: str  # as it is written: "%", "€"
    scale: str  # "€k", "in millions"
    timed: bool  # the labels are years, quarters or months
    score: float  # how well the table fits the request, 0 to 1
    left_out: tuple[str, ...] = ()  # rows and columns that are not drawn, such as totals

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(point.label for point in self.series[0].points)

    @property
    def cells(self) -> tuple[Operand, ...]:
        return tuple(point.cell for series in self.series for point in series.points)
