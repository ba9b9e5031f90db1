"""A plan: the cells of tables to combine, and how."""

from dataclasses import dataclass
from decimal import Decimal

from assistant.answering.table_qa.grid import Column, TableGrid, TableRow, value
from ingest.document.model import Cell


@dataclass(frozen=True)
class Operand:
    """A cell with its row, its column and its table."""

    row: TableRow
    column: Column
    cell: Cell
    grid: TableGrid
    magnitude: bool = False  # its sign tells only that it is paid: "(6,607)" of a cash flow

    @property
    def value(self) -> Decimal:
        """Of a number."""
        found = value(self.cell)
        return abs(found) if self.magnitude else found


@dataclass(frozen=True)
class Plan:
    """A computation. The answer names the first operands."""

    grid: TableGrid  # of its first operand
    operation: str
    operands: tuple[Operand, ...]
    than: tuple[str, Decimal] | None = None  # of a count: "more than", 50
    score: float = 0.0  # share of the question that it explains, 0 to about 1

    @property
    def grids(self) -> tuple[TableGrid, ...]:
        """The tables of its operands, in their order."""
        found: list[TableGrid] = []
        for operand in self.operands:
            if operand.grid not in found:
                found.append(operand.grid)
        return tuple(found)
