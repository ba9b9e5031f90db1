"""A page while it is read: collects lines, tables and figures, and keeps the books of characters.

Characters that a loader writes itself, such as bullets and the bars between cells, are counted as
given, so that given = lines + dropped.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ingest.document.model import NOWHERE, Cell, Dropped, Figure, Line, Page, Table, count
from ingest.images.embedded_images import AGAIN, Marks, Writing
from ingest.page_builder.merged_cells import Row, covered_text, filled, joined, text_of
from ingest.text.cell_values import BAR, cells, header_rows, row_text

UNPLACED = "text in parts of the file that are not shown"
CONTROL = "control characters"
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")  # without white space
_LONGEST_HEADING = 200  # characters: a longer one is a paragraph in the wrong style
_LONGEST_LINK = 200  # characters: a longer one is for machines


@dataclass
class _Books:
    """Characters that were made and dropped; shared by the drafts of one page."""

    made: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    marks: Marks = field(default_factory=Marks)


class Draft:
    """Lines in reading order. Read one page (or one cell) into it, then take `page`."""

    def __init__(self, books: _Books | None = None) -> None:
        self._books = books or _Books()
        self._nested = books is not None
        self.lines: list[Line] = []
        self.tables: list[Table] = []
        self.figures: list[Figure] = []
        self.pictures = 0
        self.notes: dict[str, None] = {}
        self._caption = -1  # index of the line that may be the caption of the next table
        self._waiting: list[Line] = []  # of pictures in a cell or note: they stand behind it
        self._pictured = -1  # how many lines there were when the last picture was read

    def inner(self) -> "Draft":
        """For the content of a cell or a note: its own lines, the same books."""
        return Draft(self._books)

    def made(self, text: str) -> str:
        """Say that this text is not among the characters that the source gave."""
        self._books.made += count(text)
        return text

    def drop(self, reason: str, text: str) -> None:
        self._books.dropped[reason] += count(text)

    def line(self, text: str, heading: int = 0, hidden: str = "", caption: bool = False) -> None:
        """A paragraph, list item or heading; breaks in it begin new lines."""
        parts = [part for raw in text.split("\n") if (part := " ".join(self._clean(raw).split()))]
        if heading and sum(map(len, parts)) <= _LONGEST_HEADING:
            parts = [" ".join(parts)] if parts else []
        else:
            heading = 0
        if parts and caption:
            self._captioned(" ".join(parts))
            self._caption = len(self.lines)
        for number, part in enumerate(parts):
            self.lines.append(Line(part, heading=heading, hidden=hidden, begins=number == 0))
        self._follow()

    def table(self, rows: Sequence[Row], header: int = 0) -> None:
        """A row is a line; where no row is stated to be a header, the values tell."""
        if self._nested:
            self._plain(rows)
            return
        whole = [(row, texts) for row, texts in zip(rows, filled(rows), strict=True) if _any(row)]
        if not whole:
            return
        first = len(self.lines)
        clean = [self._row(row, texts) for row, texts in whole]
        typed = _typed(clean, first)
        above = self.lines[first - 1].text if self._caption == first - 1 >= 0 else ""
        self.lines += [Line(self._bars(row), begins=True) for row in clean]
        beside = {at for at, (row, _) in enumerate(whole) if joined(row)}
        known = min(header, len(typed))
        if not known or beside & set(range(known)):
            known = max(known, header_rows(typed, beside))
        self.tables.append(Table(first, len(self.lines) - 1, typed, known, above))
        self._follow()

    def figure(self, alt: str, written: Iterable[Writing] = (), hidden: str = "") -> None:
        """A picture. What it shows in words is a line too: only lines are found and cited."""
        self.pictures += 1
        alt = " ".join(self._clean(self.made(alt)).split())
        self.figures.append(Figure(NOWHERE, alt))
        if alt:
            self.line(self.made("[Figure:") + f" {alt}" + self.made("]"), hidden=hidden)
        for writing in written:
            self._write(writing, hidden)
        self._follow()
        self._pictured = len(self.lines)

    def take(self, inner: "Draft", joint: str = " ") -> str:
        """What a cell or a note says, as one text; its pictures are of this draft from now on.

        What is hidden in it becomes lines of its own here.
        """
        self.figures += inner.figures
        self.pictures += inner.pictures
        self.notes |= inner.notes
        self.lines += [line for line in inner.lines if line.hidden]
        self._waiting += inner._waiting
        return joint.join(line.text for line in inner.lines if not line.hidden)

    def page(self, number: int, given: int, title: str = "") -> Page:
        """The page; `given` are the characters that its source holds."""
        self._follow()
        kept = sum(count(line.text) for line in self.lines)
        dropped = self._books.dropped
        missing = given + self._books.made - kept - dropped.total()
        if missing > 0:
            dropped[UNPLACED] += missing
        page = Page(
            number, 0, 0, tuple(self.lines), self.pictures,
            tables=tuple(self.tables), figures=tuple(self.figures), title=title,
            characters=kept + dropped.total(), note="; ".join(self.notes),
            dropped=tuple(Dropped(*entry) for entry in dropped.items() if entry[1]),
        )  # fmt: skip
        return self._books.marks.on(page)

    def _write(self, writing: Writing, hidden: str) -> None:
        """What was recognised on a picture."""
        self._books.marks.add(writing)
        self._books.made += writing.again
        self._books.dropped[AGAIN] += writing.again
        for line in writing.lines:
            text = " ".join(self._clean(self.made(line.text)).split())
            self._waiting.append(replace(line, text=text, hidden=hidden or line.hidden))

    def _follow(self) -> None:
        """Lines of pictures come behind what held them; those of a cell behind its table."""
        if not self._nested:
            self.lines += self._waiting
            self._waiting = []

    def _clean(self, text: str) -> str:
        found = _CONTROLS.findall(text)
        if found:
            self.drop(CONTROL, "".join(found))
            text = _CONTROLS.sub("", text)
        return text

    def _row(self, row: Row, texts: Sequence[str | Cell]) -> list[str | Cell]:
        """The cells of one row without control characters; what is made for them is counted."""
        self.made("".join(map(covered_text, texts, row)))
        return [
            " ".join(self._clean(entry).split()) if isinstance(entry, str) else entry
            for entry in texts
        ]

    def _bars(self, row: Sequence[str | Cell]) -> str:
        """A row as a line, as far as there is something in it."""
        texts = [text_of(entry) for entry in row]
        while not texts[-1].strip():
            texts.pop()
        self._mark(BAR, len(texts) - 1)
        return row_text(texts)

    def _mark(self, bar: str, times: int) -> None:
        self._books.made += count(bar) * max(times, 0)

    def _plain(self, rows: Sequence[Row]) -> None:
        """A table inside of a cell: its rows are text of that cell, without bars of their own."""
        for row in rows:
            shown = [text for entry in row if (text := text_of(entry)).strip()]
            self._mark(",", len(shown) - 1)
            self.line(", ".join(shown))

    def _captioned(self, caption: str) -> None:
        """A caption right below a picture says more than its alternative text."""
        if self.figures and self._pictured == len(self.lines):
            self.figures[-1] = Figure(NOWHERE, caption)


def _any(row: Row) -> bool:
    return any(text_of(entry).strip() for entry in row)


def _typed(rows: Sequence[Sequence[str | Cell]], first: int) -> tuple[tuple[Cell, ...], ...]:
    """Cells with what they mean; those that the format has typed itself stay as they are."""
    guessed = cells([list(map(text_of, row)) for row in rows], range(first, first + len(rows)))
    return tuple(
        tuple(
            Cell(e.text, guess.line, e.value, e.kind, e.unit) if isinstance(e, Cell) else guess
            for e, guess in zip(row, line, strict=True)
        )
        for row, line in zip(rows, guessed, strict=True)
    )


def address(shown: str, target: str) -> str:
    """Where a link leads, in brackets, when its text does not say so. Nothing ever opens it."""
    bare = target.removeprefix("mailto:").strip()
    wanted = target.startswith(("http://", "https://", "mailto:")) and shown.strip()
    told = bare.partition("://")[2].rstrip("/") or bare
    return f" ({bare})" if wanted and told not in shown and len(bare) <= _LONGEST_LINK else ""


def comment_by(author: str, when: str) -> str:
    """What stands before a comment: who wrote it, and the minute when that is known."""
    known = [part for part in (author.strip(), when[:16].replace("T", " ")) if part]
    return f"Comment by {', '.join(known)}:" if author.strip() else "Comment:"
