"""Writes pages of text that flows: for formats whose lines have no place on paper.

It keeps the ledger: what is put in is counted first, then cleaned and cut into lines. Pages longer
than LINES are cut at a heading or paragraph, so that one page is little to read, keep and show.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ingest.document.model import NOWHERE, Cell, Dropped, Figure, Line, Page, Table, count
from ingest.images.embedded_images import AGAIN, Marks, Writing
from ingest.platform.progress import beat
from ingest.text.cell_values import cells, decimal_mark, header_rows, row_text

LINES = 400  # of a page, about
_CHARACTERS = 40_000  # of a page, about
_ROWS = 300  # of a table on one page
CELLS = 500_000  # of the tables of one document; rows behind are counted, not read
TOO_MANY = "rows behind the most that are read"
MOST_LINES = 1_000_000  # of one document; more do not fit into what a reader may send
TOO_LONG = "lines behind the most that are read"
PLAIN = Line("")
BEGINS = Line("", begins=True)
_LONGEST = 4000  # characters of a line; lines that are shorter are folded later
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# Soft hyphens, zero-width spaces, and the tag characters in which text is smuggled past readers.
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff\U000e0000-\U000e007f]")


class Flow:
    """One document being written from top to bottom."""

    def __init__(self, title: str = "", hidden: str = "") -> None:
        self.title = title  # of the pages to come, as of a sheet or chapter
        self.hidden = hidden  # why nobody sees the lines to come; "" when they are seen
        self.pages: list[Page] = []
        self._cells = 0  # of text tables, in all
        self._before = 0  # lines of the pages that are done
        self._unread = 0  # lines behind the most
        self._begin()

    def _begin(self) -> None:
        self._lines: list[Line] = []
        self._tables: list[Table] = []
        self._figures: list[Figure] = []
        self._characters = 0
        self._dropped: Counter[str] = Counter()
        self._pictures = 0
        self._notes: list[str] = []
        self._marks = Marks()

    @property
    def next(self) -> int:
        """The index of the line that comes next on this page."""
        return len(self._lines)

    def paragraph(self, text: str, like: Line = PLAIN, indent: str = "") -> None:
        """Running text. `like` says what its line is besides text."""
        if text.strip():
            self._turn(like)
            self._put(indent + " ".join(self._taken(text).split()), like)

    def verbatim(self, text: str, like: Line = PLAIN) -> None:
        """A line whose white space matters, such as one of a program."""
        self._turn(like)
        self._put(self._taken(text).rstrip(), like)

    def row(self, texts: Sequence[str], hidden: str = "") -> int:
        """A row of a table as a line; its index. Bars part the cells and are counted as text."""
        filled = max((at for at, text in enumerate(texts, 1) if text.strip()), default=0)
        self._add(Line(self._taken(row_text(texts[:filled])), begins=True, hidden=hidden))
        return self.next - 1

    def text_table(
        self,
        rows: Sequence[Sequence[str]],
        header: int | None = None,  # rows of heads; None: to be seen from the cells
        caption: str = "",
        hidden: Sequence[str] = (),  # of each row: why it is not seen
    ) -> None:
        """Rows of text as lines, and as a table of what the texts mean."""
        most = self._readable(rows)
        rows, rest = rows[:most], rows[most:]
        mark = decimal_mark(text for row in rows for text in row)
        typed: list[tuple[Cell, ...]] = []
        for start in range(0, most, _ROWS):
            part = rows[start : start + _ROWS]
            typed += cells(part, [0] * len(part), mark)
            beat(len(self.pages), 0)
        self.typed_table(typed, header_rows(typed) if header is None else header, caption, hidden)
        if rest:
            self.left_out(TOO_MANY, sum(count(text) for row in rest for text in row))
            self._notes.append(f"A table is too long: its last {len(rest):,} rows were not read.")

    def _readable(self, rows: Sequence[Sequence[str]]) -> int:
        """How many rows hold no more cells than are read in all."""
        for at, row in enumerate(rows):
            self._cells += len(row)
            if self._cells > CELLS:
                return at
        return len(rows)

    def typed_table(
        self,
        rows: Sequence[Sequence[Cell]],
        header: int = 0,
        caption: str = "",
        hidden: Sequence[str] = (),
    ) -> None:
        """Rows of cells as lines and table; the header is repeated on each page, and counted."""
        header = min(header, len(rows))
        for start in range(header, max(len(rows), header + 1), _ROWS):
            if start > header or self.next + min(len(rows), _ROWS) > 2 * LINES:
                self.end_page()
            numbers = [*range(header), *range(start, min(start + _ROWS, len(rows)))]
            placed = [self._placed(rows[n], hidden[n] if hidden else "") for n in numbers]
            self.table(placed, header, caption)

    def _placed(self, row: Sequence[Cell], hidden: str) -> list[Cell]:
        line = self.row([cell.text for cell in row], hidden)
        return [Cell(c.text, line, c.value, c.kind, c.unit) for c in row]

    def table(self, rows: Sequence[Sequence[Cell]], header: int = 0, caption: str = "") -> None:
        """Rows whose lines are on this page already."""
        lines = [cell.line for row in rows for cell in row]
        if lines:
            cells = tuple(tuple(row) for row in rows)
            last = max(max(lines), self.next - 1)
            self._tables.append(Table(min(lines), last, cells, header, caption))

    def figure(self, caption: str) -> None:
        self._pictures += 1
        self._figures.append(Figure(NOWHERE, " ".join(caption.split())))

    def written(self, writing: Writing, hidden: str = "") -> None:
        """What was recognised on a picture."""
        self.left_out(AGAIN, writing.again)
        for line in writing.lines:
            self.paragraph(line.text, replace(line, hidden=hidden or line.hidden))
            self._marks.add(Writing((line,)))  # behind it: a page may have been turned
        self._marks.add(replace(writing, lines=()))

    def note(self, text: str) -> None:
        """What a person should know of the page that is being written."""
        self._notes.append(text)

    def left_out(self, reason: str, characters: int) -> None:
        """Characters that were in the source and are not put in."""
        if characters:
            self._characters += characters
            self._dropped[reason] += characters

    def end_page(self, note: str = "", always: bool = False) -> None:
        """Turn the page, if there is something on it."""
        if not (self._lines or self._dropped or self._figures or always):
            return
        note = " ".join([*self._notes, *([note] if note else [])])
        dropped = tuple(Dropped(*item) for item in sorted(self._dropped.items()) if item[1])
        page = Page(
            len(self.pages) + 1, 0, 0, tuple(self._lines), self._pictures,
            tables=tuple(self._tables), figures=tuple(self._figures),
            characters=self._characters, dropped=dropped, note=note, title=self.title,
        )  # fmt: skip
        self.pages.append(self._marks.on(page))
        self._before += len(page.lines)
        self._begin()
        beat(len(self.pages), 0)

    def finished(self, note: str = "") -> tuple[Page, ...]:
        """All pages, at least one."""
        if self._unread:
            self._notes.append(f"It is too long: its last {self._unread:,} lines were not read.")
        self.end_page(note, always=not self.pages)
        return tuple(self.pages)

    def _turn(self, line: Line) -> None:
        """A full page ends: at once before a heading, later before a paragraph, latest anywhere."""
        share = 1.0 if line.heading else 1.25 if line.begins else 2.0
        if self.next >= LINES * share or self._characters >= _CHARACTERS * share:
            self.end_page()

    def _put(self, text: str, like: Line) -> None:
        if self._before + self.next >= MOST_LINES:
            self._unread += 1
            self._dropped[TOO_LONG] += count(text)
            return
        self._characters -= count(text)  # counted again on the page where each part comes to lie
        for number, part in enumerate(_cut(text)):
            self._turn(PLAIN)
            self._characters += count(part)
            self._add(replace(like, text=part, begins=like.begins and number == 0))

    def _add(self, line: Line) -> None:
        self._lines.append(replace(line, hidden=self.hidden) if self.hidden else line)

    def _taken(self, text: str) -> str:
        """The text without what is none; all of it is counted."""
        self._characters += count(text)
        if text.isprintable():  # most text is, and a table may have millions of cells
            return text
        for reason, none in (
            ("control characters", _CONTROL),
            ("invisible characters", _INVISIBLE),
        ):
            if found := none.findall(text):
                text = none.sub("", text)
                self._dropped[reason] += count("".join(found))
        return text


def _cut(text: str) -> Iterator[str]:
    """Parts of endless lines, cut between words, so that they can lie on several pages."""
    start = 0  # not the text made shorter each time: to copy the rest took minutes for 20 MB
    while len(text) - start > _LONGEST:
        at = text.rfind(" ", start + _LONGEST // 2, start + _LONGEST)
        at = at if at > 0 else start + _LONGEST
        if text[start:at].strip():
            yield text[start:at].rstrip()
        while at < len(text) and text[at].isspace():
            at += 1
        start = at
    if text[start:].strip():
        yield text[start:]
