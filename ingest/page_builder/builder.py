"""A page while it is written: lines in reading order, tables, figures, and where characters went.

Flowing text and office documents are written with it. The ledger is exact: what was given is what
the lines hold and what was dropped. Characters that a reader writes itself, such as bullets and
the bars between cells, count as given.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.document.model import NOWHERE, Cell, Dropped, Figure, Line, Page, Table, count
from ingest.images.embedded_images import AGAIN, Marks, Writing
from ingest.text.cell_values import row_text

UNPLACED = "text in parts of the file that are not shown"
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# Soft hyphens, zero-width spaces, and the tag characters in which text is smuggled past readers.
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff\U000e0000-\U000e007f]")
_NO_TEXT = (("control characters", _CONTROL), ("invisible characters", _INVISIBLE))


@dataclass
class Books:
    """What is counted of a page, in characters without white space."""

    given: int = 0
    dropped: Counter[str] = field(default_factory=Counter)  # by the reason
    marks: Marks = field(default_factory=Marks)  # of text in pictures


class PageBuilder:
    """Write lines, tables and figures from top to bottom, then take the page with `build`."""

    def __init__(self, books: Books | None = None) -> None:
        self.books = books or Books()
        self.lines: list[Line] = []
        self.tables: list[Table] = []
        self.figures: list[Figure] = []
        self.notes: dict[str, None] = {}  # what a person should know, each once

    def count_in(self, text: str) -> str:
        """The same text, whose characters are given."""
        self.books.given += count(text)
        return text

    def drop(self, reason: str, text: str) -> None:
        """Characters that are given and do not become lines."""
        self.books.dropped[reason] += count(text)

    def leave_out(self, reason: str, characters: int) -> None:
        """Characters that were not counted as given, and do not become lines."""
        self.books.given += characters
        self.books.dropped[reason] += characters

    def clean(self, text: str) -> str:
        """The text without characters that are none; they are dropped."""
        if text.isprintable():  # most text is, and a table may have millions of cells
            return text
        for reason, none in _NO_TEXT:
            if found := none.findall(text):
                self.drop(reason, "".join(found))
                text = none.sub("", text)
        return text

    def add_figure(self, caption: str) -> None:
        self.figures.append(Figure(NOWHERE, " ".join(caption.split())))

    def add_table(self, rows: Sequence[Sequence[Cell]], header: int = 0, caption: str = "") -> None:
        """Rows whose lines are on the page already, up to its last line."""
        lines = [cell.line for row in rows for cell in row]
        if lines:
            last = max(*lines, len(self.lines) - 1)
            self.tables.append(Table(min(lines), last, tuple(map(tuple, rows)), header, caption))

    def note_picture(self, writing: Writing) -> None:
        """What is known of the text in a picture; its lines are added one by one."""
        self.leave_out(AGAIN, writing.again)
        self.books.marks.add(writing)

    def build(self, number: int, title: str = "", between: str = " ") -> Page:
        """The page. `between` parts its notes."""
        held = sum(count(line.text) for line in self.lines)
        dropped = self.books.dropped
        if (missing := self.books.given - held - dropped.total()) > 0:
            dropped[UNPLACED] += missing
        page = Page(
            number, 0, 0, tuple(self.lines), len(self.figures),
            tables=tuple(self.tables), figures=tuple(self.figures), title=title,
            characters=held + dropped.total(), note=between.join(self.notes),
            dropped=tuple(Dropped(*entry) for entry in sorted(dropped.items()) if entry[1]),
        )  # fmt: skip
        return self.books.marks.on(page)


def placed(cell: Cell, line: int) -> Cell:
    """The cell on another line."""
    return Cell(cell.text, line, cell.value, cell.kind, cell.unit)


def bars(texts: Sequence[str]) -> str:
    """A row of a table as a line, up to the last cell that is not empty."""
    filled = max((at for at, text in enumerate(texts, 1) if text.strip()), default=0)
    return row_text(texts[:filled])
