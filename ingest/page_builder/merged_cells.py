"""Repeats merged cells of tables in documents and slides in each place that they cover.

A head over three columns is a head of each; sheets and web pages are read in the same way.
"""

from collections.abc import Sequence
from enum import Enum

from ingest.document.model import Cell

_LONG = 100  # characters: a longer text is shown once


class Covered(Enum):
    """A place covered by the cell beside or above it."""

    LEFT = "left"
    ABOVE = "above"


Entry = str | Cell | Covered | None  # None: there is no cell
Row = Sequence[Entry]


def filled(rows: Sequence[Row]) -> list[list[str | Cell]]:
    """The rows with a text or a cell in each place; a title over a whole row appears once."""
    done: list[list[str | Cell]] = []
    for row in rows:
        above = done[-1] if done else []
        texts: list[str | Cell] = []
        for at, entry in enumerate(row):
            texts.append(_filling(entry, texts[-1:], above[at : at + 1]))
        done.append(texts)
    return [texts if _parted(row) else _once(texts) for row, texts in zip(rows, done, strict=True)]


def joined(row: Row) -> bool:
    """Whether cells of this row are merged side by side, but not all into one."""
    return Covered.LEFT in row and _parted(row)


def covered_text(entry: str | Cell, shown: Entry) -> str:
    """The text that `filled` wrote into a covered place."""
    return text_of(entry) if isinstance(shown, Covered) else ""


def text_of(entry: Entry) -> str:
    """A cell's own text."""
    return entry.text if isinstance(entry, Cell) else entry if isinstance(entry, str) else ""


def _filling(entry: Entry, left: list[str | Cell], above: list[str | Cell]) -> str | Cell:
    if not isinstance(entry, Covered):
        return "" if entry is None else entry
    source = left if entry is Covered.LEFT else above
    return source[0] if source and len(text_of(source[0])) <= _LONG else ""


def _parted(row: Row) -> bool:
    """Whether the row has more than one cell."""
    return not (len(row) > 1 and all(entry is Covered.LEFT for entry in row[1:]))


def _once(texts: list[str | Cell]) -> list[str | Cell]:
    return [*texts[:1], *[""] * (len(texts) - 1)]
