"""A plan: which cells of which table are put together, and how."""

from dataclasses import dataclass
from decimal import Decimal

from assistant.answering.table_qa.grid import Column, Grid, Row, value
from ingest.document.model import Cell


@dataclass(frozen=True)
class Operand:
    """A cell with the row and the column that it stands in."""

    row: Row
    column: Column
    cell: Cell

    @property
    def value(self) -> Decimal:
        """Of a number."""
        return value(self.cell)


@dataclass(frozen=True)
class Plan:
    """What is to be computed. The first operands are what the answer names."""

    grid: Grid
    operation: str
    operands: tuple[Operand, ...]
    than: tuple[str, Decimal] | None = None  # of a count: "more than", 50
    score: float = 0.0  # how much of the question it explains, 0 to about 1
