"""Groups the lines of a page into blocks: a paragraph, a list item, a table row."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from ingest.chunking.headings import Headings
from ingest.chunking.running_headers import Repeated, repeated
from ingest.document.model import NOWHERE, Document, Page, Table
from ingest.text import reflow as running

TOKENS = 100  # of a passage, about
LONGEST = 200  # of a passage, without its title and the repeated head of its table
_CAPTION, _HEAD = 20, 40  # tokens of a table's caption and header that are repeated
_GAP = 0.6  # of a line's height: more space above a line begins a paragraph
_BULLETS = ("•", "-", "\u2013", "▪", "●", "◦", "*")
_SENTENCE_ENDS = (".", "!", "?", ":", ";")


@dataclass(frozen=True)
class Block:
    """Lines of a page that belong together: `first` to `last`, inclusive."""

    first: int
    last: int
    tokens: int
    heading: bool = False
    row: bool = False  # of a table
    tied: bool = False  # to the block before: the first rows stay with their table's header
    hidden: bool = False
    caption: str = ""  # of the table around it
    head: str = ""  # header of that table, unless the block is part of it


class Blocks:
    """Cuts pages of one document into blocks. Repeated headers and footers are in none."""

    def __init__(self, document: Document) -> None:
        self._running: Repeated = repeated(document)
        self.headings = Headings(document, self._running)

    def of(self, page: Page) -> Iterator[Block]:
        """The blocks of a page, in order."""
        tables = _Tables(page)
        first: int | None = None
        tokens = 0
        for index, line in enumerate(page.lines):
            left_out = (page.number, index) in self._running.again
            if first is not None and (left_out or self._cut(page, index, tokens, tables)):
                yield self._block(page, first, index - 1, tokens, tables)
                first = None
            if left_out:
                continue
            if first is None:
                first, tokens = index, 0
            tokens += running.about_tokens(line.text)
        if first is not None:
            yield self._block(page, first, len(page.lines) - 1, tokens, tables)

    def _block(self, page: Page, first: int, last: int, tokens: int, tables: "_Tables") -> Block:
        return Block(
            first,
            last,
            tokens,
            heading=self.headings.is_heading(page, first),
            row=first in tables.inside,
            tied=first in tables.tied,
            hidden=bool(page.lines[first].hidden),
            caption=tables.caption(first),
            head=tables.head(first),
        )

    def _cut(self, page: Page, index: int, tokens: int, tables: "_Tables") -> bool:
        before, line = page.lines[index - 1], page.lines[index]
        if bool(before.hidden) != bool(line.hidden):
            return True
        if index in tables.inside and index - 1 in tables.inside:
            # A row that is longer than a passage is cut like a paragraph.
            return index in tables.rows or _full(page, index, tokens, LONGEST)
        return (
            index in tables.rows
            or index - 1 in tables.inside
            or self.headings.is_heading(page, index)
            or self.headings.is_heading(page, index - 1)
            or _begins(page, index)
            or _full(page, index, tokens, TOKENS)
        )


def _begins(page: Page, index: int) -> bool:
    before, line = page.lines[index - 1], page.lines[index]
    if line.begins or line.text.startswith(_BULLETS):
        return True
    if NOWHERE in (before.box, line.box):
        return False
    height = max(line.box.y1 - line.box.y0, 1.0)
    gap = line.box.y0 - before.box.y1
    return gap > _GAP * height or gap < -2 * height  # the next column


def _full(page: Page, index: int, tokens: int, most: int) -> bool:
    """Cuts a paragraph that is longer than a passage, at the end of a sentence if possible."""
    ended = page.lines[index - 1].text.endswith(_SENTENCE_ENDS)
    return tokens >= (most * 0.7 if ended else most)


class _Tables:
    """Where the rows of a page's tables begin, and the headers above them."""

    def __init__(self, page: Page) -> None:
        self.inside: dict[int, Table] = {}  # line -> its table
        self.rows: set[int] = set()  # lines at which a row begins
        self.tied: set[int] = set()  # those of the header except its first, and of the first row
        self._body: dict[int, int] = {}  # first line of a table -> of its rows below the header
        for table in page.tables:
            starts = _row_starts(table)
            self.inside.update(dict.fromkeys(range(table.first, table.last + 1), table))
            self.rows.update(starts)
            header = max((c.line for row in table.rows[: table.header] for c in row), default=-1)
            first = next((line for line in starts if line > header), table.first + 1)
            self._body[table.first] = first
            if table.header:
                self.tied.update(line for line in starts if table.first < line <= first)

    def caption(self, line: int) -> str:
        table = self.inside.get(line)
        return running.shortened(running.plain(table.caption), _CAPTION) if table else ""

    def head(self, line: int) -> str:
        table = self.inside.get(line)
        return _head(table) if table and line >= self._body[table.first] else ""


def _row_starts(table: Table) -> list[int]:
    """Lines at which a row begins: all cells before belong to earlier rows, and none after does."""
    spans = [(min(c.line for c in row), max(c.line for c in row)) for row in table.rows if row]
    lowest = list(accumulate((first for first, _ in reversed(spans)), min))[::-1]
    starts, reached = [table.first], -1
    for (first, last), later in zip(spans, lowest, strict=True):
        if later > reached and first > starts[-1]:
            starts.append(first)
        reached = max(reached, last)
    return starts


def _head(table: Table) -> str:
    rows = (
        " | ".join(cell.text for cell in row if cell.text.strip())
        for row in table.rows[: table.header]
    )
    return running.shortened("\n".join(row for row in rows if row), _HEAD)
