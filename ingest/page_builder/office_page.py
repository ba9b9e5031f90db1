"""A page of an office document while it is read: what hangs on a text comes where it belongs.

The reader counts the characters that its source holds by itself, so that none is forgotten: those
that come to no line are dropped with a reason.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ingest.document.model import Cell, Line, Page, Table, count
from ingest.images.embedded_images import Writing
from ingest.page_builder.builder import Books, PageBuilder, bars, placed
from ingest.page_builder.merged_cells import Row, covered_text, filled, joined, text_of
from ingest.text.cell_values import cells, header_rows

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
            self._captioned(" ".join(parts))
            self._caption = len(self.lines)
        for number, part in enumerate(parts):
            self.lines.append(Line(part, heading=heading, hidden=hidden, begins=number == 0))
        self._follow()

    def table(self, rows: Sequence[Row], header: int = 0) -> None:
        """Add a table; a row is a line. Without a stated header, the values decide."""
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

    def _row(self, row: Row, texts: Sequence[str | Cell]) -> list[str | Cell]:
        """The cells of one row without control characters; what is written for them is counted."""
        self.count_in("".join(map(covered_text, texts, row)))
        return [self._text(entry) if isinstance(entry, str) else entry for entry in texts]

    def _bars(self, row: Sequence[str | Cell]) -> str:
        """A row as a line, without empty cells at its end."""
        line = bars([text_of(entry) for entry in row])
        self.books.given += count(line) - sum(count(text_of(entry)) for entry in row)
        return line

    def _plain(self, rows: Sequence[Row]) -> None:
        """Add a table inside a cell: its rows are text of that cell, without bars."""
        for row in rows:
            shown = [text for entry in row if (text := text_of(entry)).strip()]
            self.count_in("," * (len(shown) - 1))
            self.line(", ".join(shown))

    def _captioned(self, caption: str) -> None:
        """Use a caption right below a picture instead of its alternative text."""
        if self.figures and self._pictured == len(self.lines):
            self.figures[-1] = replace(self.figures[-1], caption=caption)


def _any(row: Row) -> bool:
    return any(text_of(entry).strip() for entry in row)


def _typed(rows: Sequence[Sequence[str | Cell]], first: int) -> tuple[tuple[Cell, ...], ...]:
    """Typed cells; cells that the format has typed itself stay unchanged."""
    guessed = cells([list(map(text_of, row)) for row in rows], range(first, first + len(rows)))
    return tuple(
        tuple(
            placed(entry, guess.line) if isinstance(entry, Cell) else guess
            for entry, guess in zip(row, line, strict=True)
        )
        for row, line in zip(rows, guessed, strict=True)
    )


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
