"""A plan: the cells of a table to combine, and how."""

from dataclasses import dataclass
from decimal import Decimal

from assistant.answering.table_qa.grid import Column, TableGrid, TableRow, value
from ingest.document.model import Cell


@dataclass(frozen=True)
class Operand:
    """A cell with its row and column."""

    row: TableRow
    column: Column
    cell: Cell

    @property
    def value(self) -> Decimal:
        """Of a number."""
        return value(self.cell)


@dataclass(frozen=True)
class Plan:
    """A computation. The answer names the first operands."""

    grid: TableGrid
    operation: str
    operands: tuple[Operand, ...]
    than: tuple[str, Decimal] | None = None  # of a count: "more than", 50
    score: float = 0.0  # share of the question that it explains, 0 to about 1
