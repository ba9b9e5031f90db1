"""A page of an office document while it is read: what hangs on a text comes where it belongs.

The reader counts the characters that its source holds by itself, so that none is forgotten: those
that come to no line are dropped with a reason.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from ingest.document.model import Cell, Dropped, Figure, Line, Page, Table, characters_in, count
from ingest.images.recognition import AGAIN, UNREADABLE, Writing
from ingest.platform.process import beat
from ingest.text.cell_values import cells, decimal_mark, header_rows

# -- A page while it is written: lines in reading order, tables, figures, and where characters went
# Flowing text and office documents are written with it. The ledger is exact: what was given is what
# the lines hold and what was dropped. Characters that a reader writes itself, such as bullets and
# the bars between cells, count as given.

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
    # Of text in pictures:
    ocr: bool = False
    unread: int = 0
    faint: int = 0  # on pictures of which nothing was read
    notes: dict[str, None] = field(default_factory=dict)


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

    def count_made(self, text: str, parts: Iterable[str]) -> str:
        """The same text; what it has beyond these parts, which the source holds, is given."""
        self.books.given += count(text) - sum(map(count, parts))
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

    def note(self, text: str) -> None:
        """Add a note for people."""
        self.notes[text] = None

    def add_figure(self, caption: str) -> None:
        self.figures.append(Figure(caption=" ".join(caption.split())))

    def add_table(self, rows: Sequence[Sequence[Cell]], header: int = 0, caption: str = "") -> None:
        """Rows whose lines are on the page already, up to its last line."""
        lines = [cell.line for row in rows for cell in row]
        if lines:
            last = max(*lines, len(self.lines) - 1)
            self.tables.append(Table(min(lines), last, tuple(map(tuple, rows)), header, caption))

    def note_picture(self, writing: Writing) -> None:
        """What is known of the text in a picture; its lines are added one by one."""
        books = self.books
        self.leave_out(AGAIN, writing.again)
        books.ocr = books.ocr or bool(writing.lines)
        if writing.note == UNREADABLE:
            books.faint += writing.unread
        else:
            books.unread += writing.unread
            books.notes |= {writing.note: None} if writing.note else {}

    def build(self, number: int, title: str = "", between: str = " ") -> Page:
        """The page. `between` parts its notes. Beside text, unreadable ink counts as a drawing."""
        held = characters_in(self.lines)
        books, dropped = self.books, self.books.dropped
        faint = 0 if self.lines else books.faint
        notes = [between.join(self.notes), *books.notes, UNREADABLE if faint else ""]
        if (missing := books.given - held - dropped.total()) > 0:
            dropped[UNPLACED] += missing
        return Page(
            number, 0, 0, tuple(self.lines), len(self.figures), books.ocr,
            tables=tuple(self.tables), figures=tuple(self.figures), title=title,
            characters=held + dropped.total(), unread=books.unread + faint,
            note="; ".join(filter(None, notes)),
            dropped=tuple(Dropped(*entry) for entry in sorted(dropped.items()) if entry[1]),
        )  # fmt: skip


def placed(cell: Cell, line: int) -> Cell:
    """The same cell, shown by another line of the page (its index)."""
    return Cell(cell.text, line, cell.value, cell.kind, cell.unit)


def bars(texts: Sequence[str]) -> str:
    """A row of a table as a line, up to the last cell that is not empty."""
    filled = max((at for at, text in enumerate(texts, 1) if text.strip()), default=0)
    return " | ".join(" ".join(text.split()) for text in texts[:filled])


# -- Writes pages of flowing text, for formats whose lines have no place on paper
# Pages longer than LINES are cut at a heading or paragraph, so that one page is little to read,
# keep and show.

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
_PART = re.compile(r"\S.{1999,3999}(?=\s|\Z)|\S.{0,3999}", re.DOTALL)  # of an endless one


class Flow(PageBuilder):
    """One document being written from top to bottom; as a builder, the page that is written."""

    def __init__(self, title: str = "") -> None:
        super().__init__()
        self.title = title  # title of the following pages, such as a sheet or chapter
        self.hidden = ""  # why the following lines are hidden
        self.pages: list[Page] = []
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
        return len(self.lines) - 1

    def text_table(
        self,
        rows: Iterable[Sequence[str]],
        header: int | None = None,  # header rows; None: inferred from the cells
        caption: str = "",
        hidden: Sequence[str] = (),  # for each row: why it is hidden
    ) -> None:
        """Add rows of text as lines, and as a table of typed cells, within the limit of cells."""
        read: list[Sequence[str]] = []
        rest = characters = 0
        for row in rows:
            self._cells += len(row)
            if self._cells <= CELLS:
                read.append(row)
            else:
                rest, characters = rest + 1, characters + sum(map(count, row))
        mark = decimal_mark(text for row in read for text in row)
        typed: list[tuple[Cell, ...]] = []
        for start in range(0, len(read), _ROWS):
            part = read[start : start + _ROWS]
            typed += cells(part, [0] * len(part), mark)
            beat(len(self.pages), 0)
        self.typed_table(typed, header_rows(typed) if header is None else header, caption, hidden)
        self.leave_out(TOO_MANY, characters)
        if rest:
            self.note(f"The file is too long: its last {rest:,} rows were not read.")

    def typed_table(
        self, rows: Sequence[Sequence[Cell]], header: int = 0, caption: str = "",
        hidden: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Add rows of cells as lines and table; each page repeats the header, which counts."""
        header = min(header, len(rows))
        for start in range(header, max(len(rows), header + 1), _ROWS):
            if start > header or len(self.lines) + min(len(rows), _ROWS) > 2 * LINES:
                self.end_page()
            numbers = [*range(header), *range(start, min(start + _ROWS, len(rows)))]
            shown = [self._placed(rows[n], hidden[n] if hidden else "") for n in numbers]
            self.add_table(shown, header, caption)

    def _placed(self, row: Sequence[Cell], hidden: str) -> list[Cell]:
        line = self.row([cell.text for cell in row], hidden)
        return [placed(cell, line) for cell in row]

    def written(self, writing: Writing, hidden: str = "") -> None:
        """Add text that was recognised on a picture."""
        self.note_picture(Writing(again=writing.again))
        for line in writing.lines:
            self.paragraph(line.text, replace(line, hidden=hidden or line.hidden))
            self.note_picture(Writing((line,)))  # after it: a new page may have begun
        self.note_picture(replace(writing, lines=(), again=0))

    def end_page(self, note: str = "", always: bool = False) -> None:
        """End the page, if it is not empty."""
        if not (self.lines or self.books.dropped.total() or self.figures or always):
            return
        if note:
            self.note(note)
        self.pages.append(self.build(len(self.pages) + 1, self.title))
        self._before += len(self.lines)
        super().__init__()
        beat(len(self.pages), 0)

    def finished(self, note: str = "") -> tuple[Page, ...]:
        """End the document: all of its pages, at least one. `note` goes on the last page."""
        if self._unread:
            self.note(f"It is too long: its last {self._unread:,} lines were not read.")
        self.end_page(note, always=not self.pages)
        return tuple(self.pages)

    def _turn(self, line: Line) -> None:
        """End a full page before a heading, later before a paragraph, at the latest anywhere."""
        share = 1.0 if line.heading else 1.25 if line.begins else 2.0
        full = len(self.lines) >= LINES * share
        if full or self.books.given >= _CHARACTERS * share:
            self.end_page()

    def _put(self, text: str, like: Line) -> None:
        if self._before + len(self.lines) >= MOST_LINES:
            self._unread += 1
            self.drop(TOO_LONG, text)
            return
        self.books.given -= count(text)  # each part is counted on the page where it lies
        parts = _PART.findall(text) if len(text) > _LONGEST else [text] if text.strip() else []
        for number, part in enumerate(parts):  # over pages
            self._turn(PLAIN)
            shown = self.count_in(part.rstrip())
            self._add(replace(like, text=shown, begins=like.begins and number == 0))

    def _add(self, line: Line) -> None:
        self.lines.append(replace(line, hidden=self.hidden) if self.hidden else line)

    def _taken(self, text: str) -> str:
        """The text without control characters; everything is counted."""
        return self.clean(self.count_in(text))


# -- Repeats merged cells of tables in documents and slides in each place that they cover
# A head over three columns is a head of each; sheets and web pages are read in the same way.

_LONG = 100  # characters: a longer text is shown once


class Covered(Enum):
    """A place covered by the cell beside or above it."""

    LEFT = "left"
    ABOVE = "above"


Entry = str | Covered | None  # None: there is no cell
Row = Sequence[Entry]


def filled(rows: Sequence[Row]) -> list[list[str]]:
    """The rows with a text in each place; a title over a whole row appears once."""
    done: list[list[str]] = []
    for row in rows:
        above = done[-1] if done else []
        texts: list[str] = []
        for at, entry in enumerate(row):
            texts.append(_filling(entry, texts[-1:], above[at : at + 1]))
        done.append(texts)
    return [
        texts if _parted(row) else [*texts[:1], *[""] * (len(texts) - 1)]
        for row, texts in zip(rows, done, strict=True)
    ]


def _filling(entry: Entry, left: list[str], above: list[str]) -> str:
    if not isinstance(entry, Covered):
        return entry or ""
    source = left if entry is Covered.LEFT else above
    return source[0] if source and len(source[0]) <= _LONG else ""


def _parted(row: Row) -> bool:
    """Whether the row has more than one cell."""
    return not (len(row) > 1 and all(entry is Covered.LEFT for entry in row[1:]))


@dataclass
class Inline:
    """The text of a paragraph by the reason for hiding it ("" is visible), and what follows it:
    drawings, notes and comments."""

    draft: "OfficePage"  # the page, cell or note that it is read for
    paper: bool = True  # white letters cannot be seen
    text: dict[str, str] = field(default_factory=lambda: defaultdict(str))
    hanging: list[Callable[["OfficePage"], None]] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        return not any(text.strip() for text in self.text.values())

    def make(self, hidden: str, text: str) -> None:
        """Add text that the source does not hold."""
        self.text[hidden] += self.draft.count_in(text)

    def end_link(self, hidden: str, before: int, target: str) -> None:
        """Add the address of a link, whose text begins behind so many characters."""
        self.make(hidden, address(self.text[hidden][before:], target))


# Why characters of a file do not become lines, and what a page says of itself.
DELETED = "text deleted under tracked changes"
COPY = "second copies of drawings for old programs"
REPEATED = "repeated headers and footers"
PAGE_NUMBERS = "page numbers"
NOT_READ = "an embedded document is not read"
_LONGEST_HEADING = 200  # characters: a longer one is a paragraph in the wrong style
_LONGEST_LINK = 200  # characters: a longer one is for machines


class OfficePage(PageBuilder):
    """Lines in reading order. Read one page (or one cell) into it, then take `page`."""

    def __init__(self, books: Books | None = None) -> None:
        super().__init__(books)
        self._nested = books is not None
        self._caption = -1  # index of the line that may be the caption of the next table
        self._waiting: list[Line] = []  # lines of pictures in a cell or note: they follow it
        self._pictured = -1  # number of lines when the last picture was read
        self._margins: set[str] = set()

    def inner(self) -> "OfficePage":
        """A draft for a cell or a note: its own lines, the same account."""
        return OfficePage(self.books)

    def line(self, text: str, heading: int = 0, hidden: str = "", caption: bool = False) -> None:
        """Add a paragraph, list item or heading; breaks in it begin new lines."""
        parts = [part for raw in text.split("\n") if (part := self._text(raw))]
        if heading and sum(map(len, parts)) <= _LONGEST_HEADING:
            parts = [" ".join(parts)] if parts else []
        else:
            heading = 0
        if parts and caption:
            if self.figures and self._pictured == len(self.lines):  # right below a picture
                self.figures[-1] = replace(self.figures[-1], caption=" ".join(parts))
            self._caption = len(self.lines)
        for number, part in enumerate(parts):
            self.lines.append(Line(part, heading=heading, hidden=hidden, begins=number == 0))
        self._follow()

    def paragraph(
        self, found: Inline, label: str = "", heading: int = 0, caption: bool = False
    ) -> None:
        """Add a paragraph behind the label of its list, if it has text, and what hangs on it."""
        for hidden, text in found.text.items():
            if text.strip():
                mark = f"{self.count_in(label)} " if label else ""
                self.line(mark + text, heading, hidden, caption)
                label = ""
        for hang in found.hanging:
            hang(self)

    def table(self, rows: Sequence[Row], header: int = 0) -> None:
        """Add a table; a row is a line. Without a stated header, the values decide."""
        if self._nested:
            self._plain(rows)
            return
        whole = [(row, texts) for row, texts in zip(rows, filled(rows), strict=True)
                 if any(isinstance(entry, str) and entry.strip() for entry in row)]  # fmt: skip
        if not whole:
            return
        first = len(self.lines)
        above = self.lines[first - 1].text if self._caption == first - 1 >= 0 else ""
        shown = [self._row(row, texts) for row, texts in whole]
        typed = cells(shown, range(first, first + len(shown)))
        # Cells that are merged side by side, but not all into one.
        beside = {at for at, (row, _) in enumerate(whole) if Covered.LEFT in row and _parted(row)}
        known = min(header, len(typed))
        if not known or beside & set(range(known)):
            known = max(known, header_rows(typed, beside))
        self.tables.append(Table(first, len(self.lines) - 1, typed, known, above))
        self._follow()

    def figure(self, alt: str, written: Iterable[Writing] = (), hidden: str = "") -> None:
        """Add a picture. Its text becomes a line, because only lines are found and cited."""
        alt = self._text(self.count_in(alt))
        self.add_figure(alt)
        if alt:
            self.line(self.count_in("[Figure:") + f" {alt}" + self.count_in("]"), hidden=hidden)
        for writing in written:
            self._write(writing, hidden)
        self._follow()
        self._pictured = len(self.lines)

    def take(self, inner: "OfficePage", joint: str = " ") -> str:
        """The text of a cell or a note; its pictures move to this draft.

        Hidden text in it becomes separate lines here.
        """
        self.figures += inner.figures
        self.notes |= inner.notes
        self.lines += [line for line in inner.lines if line.hidden]
        self._waiting += inner._waiting
        return joint.join(line.text for line in inner.lines if not line.hidden)

    def remark(self, mark: str, inner: "OfficePage", joint: str = " ") -> None:
        """A note, comment or text box that says something, as a paragraph behind its mark."""
        if text := self.take(inner, joint):
            self.line(f"{self.count_in(mark)} {text}")

    def margin(self, inner: "OfficePage") -> None:
        """A header or footer, after the text: each wording once, and no numbers of pages."""
        text = self.take(inner, "\n")
        if text in self._margins or text.strip().isdecimal():
            self.drop(REPEATED if text in self._margins else PAGE_NUMBERS, text)
        else:
            self.line(text)
        self._margins.add(text)

    def page(self, number: int, given: int, title: str = "") -> Page:
        """The finished page; `given` are the characters of its source."""
        self._follow()
        self.books.given += given
        return self.build(number, title, between="; ")

    def _write(self, writing: Writing, hidden: str) -> None:
        """Add text that was recognised on a picture."""
        self.note_picture(writing)
        for line in writing.lines:
            text = self._text(self.count_in(line.text))
            self._waiting.append(replace(line, text=text, hidden=hidden or line.hidden))

    def _follow(self) -> None:
        """Add the lines of pictures after their container; those of a cell after its table."""
        if not self._nested:
            self.lines += self._waiting
            self._waiting = []

    def _text(self, raw: str) -> str:
        return " ".join(self.clean(raw).split())

    def _row(self, row: Row, texts: Sequence[str]) -> list[str]:
        """Add a row as a line. Its cells, without control characters; what is written for them,
        also into covered places, is counted."""
        self.count_in("".join(t for t, e in zip(texts, row, strict=True) if isinstance(e, Covered)))
        clean = list(map(self._text, texts))
        self.lines.append(Line(self.count_made(bars(clean), clean), begins=True))
        return clean

    def _plain(self, rows: Sequence[Row]) -> None:
        """Add a table inside a cell: its rows are text of that cell, without bars."""
        for row in rows:
            shown = [entry for entry in row if isinstance(entry, str) and entry.strip()]
            self.count_in("," * (len(shown) - 1))
            self.line(", ".join(shown))


def address(shown: str, target: str) -> str:
    """A link's target in brackets, when its text does not show it. Nothing ever opens it."""
    bare = target.removeprefix("mailto:").strip()
    wanted = target.startswith(("http://", "https://", "mailto:")) and shown.strip()
    told = bare.partition("://")[2].rstrip("/") or bare
    return f" ({bare})" if wanted and told not in shown and len(bare) <= _LONGEST_LINK else ""


def comment_by(author: str, when: str) -> str:
    """The prefix of a comment: its author, and the minute when known."""
    known = [part for part in (author.strip(), when[:16].replace("T", " ")) if part]
    return f"Comment by {', '.join(known)}:" if author.strip() else "Comment:"
