"""Writes pages of flowing text, for formats whose lines have no place on paper.

Pages longer than LINES are cut at a heading or paragraph, so that one page is little to read, keep
and show.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ingest.document.model import Cell, Line, Page, count
from ingest.images.embedded_images import Writing
from ingest.page_builder.builder import PageBuilder, bars, placed
from ingest.platform.progress import beat
from ingest.text.cell_values import cells, decimal_mark, header_rows

LINES = 400  # of a page, about
_CHARACTERS = 40_000  # of a page, about
_ROWS = 300  # of a table on one page
CELLS = 500_000  # of the tables of one document; further rows are counted, not read
TOO_MANY = "rows behind the most that are read"
MOST_LINES = 1_000_000  # of one document; more do not fit into a reader's output
TOO_LONG = "lines behind the most that are read"
PLAIN = Line("")
BEGINS = Line("", begins=True)
_LONGEST = 4000  # characters of a line; lines that are shorter are folded later


class Flow:
    """One document being written from top to bottom."""

    def __init__(self, title: str = "", hidden: str = "") -> None:
        self.title = title  # title of the following pages, such as a sheet or chapter
        self.hidden = hidden  # why the following lines are hidden; "" when visible
        self.pages: list[Page] = []
        self._page = PageBuilder()
        self._cells = 0  # of text tables, in all
        self._before = 0  # lines of the pages that are done
        self._unread = 0  # lines beyond the limit

    def paragraph(self, text: str, like: Line = PLAIN, indent: str = "") -> None:
        """Add running text. `like` holds further fields of its line."""
        if text.strip():
            self._turn(like)
            self._put(indent + " ".join(self._taken(text).split()), like)

    def verbatim(self, text: str, like: Line = PLAIN) -> None:
        """Add a line whose white space matters, such as source code."""
        self._turn(like)
        self._put(self._taken(text).rstrip(), like)

    def row(self, texts: Sequence[str], hidden: str = "") -> int:
        """Add a table row as a line and return its index. The bars between cells count as text."""
        self._add(Line(self._taken(bars(texts)), begins=True, hidden=hidden))
        return len(self._page.lines) - 1

    def text_table(
        self,
        rows: Sequence[Sequence[str]],
        header: int | None = None,  # header rows; None: inferred from the cells
        caption: str = "",
        hidden: Sequence[str] = (),  # for each row: why it is hidden
    ) -> None:
        """Add rows of text as lines, and as a table of typed cells."""
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
            self.leave_out(TOO_MANY, sum(count(text) for row in rest for text in row))
            self.note(f"A table is too long: its last {len(rest):,} rows were not read.")

    def _readable(self, rows: Sequence[Sequence[str]]) -> int:
        """How many rows fit into the limit of cells."""
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
        """Add rows of cells as lines and table; each page repeats the header, which counts."""
        header = min(header, len(rows))
        for start in range(header, max(len(rows), header + 1), _ROWS):
            if start > header or len(self._page.lines) + min(len(rows), _ROWS) > 2 * LINES:
                self.end_page()
            numbers = [*range(header), *range(start, min(start + _ROWS, len(rows)))]
            shown = [self._placed(rows[n], hidden[n] if hidden else "") for n in numbers]
            self.table(shown, header, caption)

    def _placed(self, row: Sequence[Cell], hidden: str) -> list[Cell]:
        line = self.row([cell.text for cell in row], hidden)
        return [placed(cell, line) for cell in row]

    def table(self, rows: Sequence[Sequence[Cell]], header: int = 0, caption: str = "") -> None:
        """Add a table whose lines are on this page already."""
        self._page.add_table(rows, header, caption)

    def figure(self, caption: str) -> None:
        self._page.add_figure(caption)

    def written(self, writing: Writing, hidden: str = "") -> None:
        """Add text that was recognised on a picture."""
        self._page.note_picture(Writing(again=writing.again))
        for line in writing.lines:
            self.paragraph(line.text, replace(line, hidden=hidden or line.hidden))
            self._page.note_picture(Writing((line,)))  # after it: a new page may have begun
        self._page.note_picture(replace(writing, lines=(), again=0))

    def note(self, text: str) -> None:
        """Add a note for people to the current page."""
        self._page.notes[text] = None

    def leave_out(self, reason: str, characters: int) -> None:
        """Record characters of the source that are left out."""
        self._page.leave_out(reason, characters)

    def end_page(self, note: str = "", always: bool = False) -> None:
        """End the page, if it is not empty."""
        page = self._page
        if not (page.lines or page.books.dropped.total() or page.figures or always):
            return
        if note:
            self.note(note)
        self.pages.append(page.build(len(self.pages) + 1, self.title))
        self._before += len(page.lines)
        self._page = PageBuilder()
        beat(len(self.pages), 0)

    def finished(self, note: str = "") -> tuple[Page, ...]:
        """All pages, at least one."""
        if self._unread:
            self.note(f"It is too long: its last {self._unread:,} lines were not read.")
        self.end_page(note, always=not self.pages)
        return tuple(self.pages)

    def _turn(self, line: Line) -> None:
        """End a full page before a heading, later before a paragraph, at the latest anywhere."""
        share = 1.0 if line.heading else 1.25 if line.begins else 2.0
        full = len(self._page.lines) >= LINES * share
        if full or self._page.books.given >= _CHARACTERS * share:
            self.end_page()

    def _put(self, text: str, like: Line) -> None:
        if self._before + len(self._page.lines) >= MOST_LINES:
            self._unread += 1
            self._page.drop(TOO_LONG, text)
            return
        self._page.books.given -= count(text)  # each part is counted on the page where it lies
        for number, part in enumerate(_cut(text)):
            self._turn(PLAIN)
            self._add(
                replace(like, text=self._page.count_in(part), begins=like.begins and number == 0)
            )

    def _add(self, line: Line) -> None:
        self._page.lines.append(replace(line, hidden=self.hidden) if self.hidden else line)

    def _taken(self, text: str) -> str:
        """The text without control characters; everything is counted."""
        return self._page.clean(self._page.count_in(text))


def _cut(text: str) -> Iterator[str]:
    """Endless lines in parts, cut between words, so that they can spread over pages."""
    start = 0  # not by shortening the text: copying the rest took minutes for 20 MB
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
