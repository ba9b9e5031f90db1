"""Rows of an RTF table, whose cells state only their right edge."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.page_builder import Covered, Entry, Row


@dataclass
class Edge:
    """A row's statement about one of its cells, before the text."""

    right: int
    merged: Covered | None  # it continues the cell to the left or above


@dataclass
class Layout:
    """A row's statement about itself."""

    edges: list[Edge] = field(default_factory=list)
    header: bool = False
    merged: Covered | None = None  # statements about the next cell


def grid(rows: Sequence[tuple[Layout, list[str]]]) -> list[Row]:
    """Rows of equal width: a cell that is wider than a column covers those to its right."""
    rights = sorted({edge.right for layout, _ in rows for edge in layout.edges})
    column = {right: place for place, right in enumerate(rights)}
    return [_placed(layout, texts, column) for layout, texts in rows]


def _placed(layout: Layout, texts: list[str], column: dict[int, int]) -> Row:
    if len(layout.edges) != len(texts):  # not as the row announced: use it unchanged
        return list(texts)
    row: list[Entry] = []
    for edge, text in zip(layout.edges, texts, strict=True):
        row.append(edge.merged if edge.merged and not text else text)
        row += [Covered.LEFT] * (column[edge.right] + 1 - len(row))
    return row
