"""A table for questions: rows and columns with labels, values, units and scale."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from assistant.answering.table_qa.question.normalise import is_hard, is_year, terms
from ingest.document.model import Cell, Page, Table
from ingest.language.measures import head_scale

_ABOVE = 5  # lines above a table that describe it
_SHORT = 9  # words: a longer line is prose
_EXCEPT = re.compile(r"(?i)\bexcept\b[^)]*")
_PER_SHARE = re.compile(r"(?i)\bper (?:\w+ )?share\b")
_SHARES = re.compile(r"(?i)\bshares\b")
_PER = re.compile(r"(?i)\bper\b|\bshares?\b|\bmargin\b|\brate\b|%|\bratio\b")
_COUNTED = re.compile(
    r"(?i)\b(?:employees|headcount|staff|shares|stores|number|days|members(?:hips)?|customers)\b"
)
_TOTAL = re.compile(r"(?i)^\W*(?:grand |sub)?totals?\b|\btotals?\W*$")
_CHANGE = re.compile(r"(?i)\bchanges?\b|\bvs\.?(?:\s|$)|\bvariance\b|%|\bgrowth\b|\bincrease\b")
_TITLE = re.compile(r"(?i)\bstatements? of\b|\bunaudited\b")
_LONE = re.compile(r"\$?\s?\((\d)\)")
_MONEY = re.compile(r"[€$£¥₪₹]|[A-Z]{3}")


Rows = Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class TableRow:
    """A row below the heads."""

    index: int
    label: str
    section: str  # the row without values above it
    total: bool
    line: int  # line of the page with its label

    @cached_property
    def terms(self) -> frozenset[str]:
        return frozenset(terms(self.label)) - {"total"}

    @cached_property
    def above(self) -> frozenset[str]:
        return frozenset(terms(self.section))


@dataclass(frozen=True)
class Column:
    """A column that is not the labels of the rows."""

    index: int
    label: str
    change: bool  # it compares other columns: "Change", "2015 vs. 2014"

    @cached_property
    def terms(self) -> frozenset[str]:
        return frozenset(terms(self.label))


@dataclass(frozen=True)
class TableGrid:
    """A table of a page."""

    document: str
    page: Page
    table: Table
    rows: tuple[TableRow, ...]
    columns: tuple[Column, ...]
    corner: str  # the head over the labels of the rows
    near: str  # its caption, the headings over it, and the name of its page
    prose: str  # the description in the lines above
    header: int  # rows at the top that are heads
    scale: str  # "in millions", "€k", as written; empty when not stated
    partly: str = ""  # the exceptions of the scale, as written: "except per share data"

    def cell(self, row: TableRow, column: Column) -> Cell | None:
        cells = self.table.rows[row.index]
        return _signed(cells[column.index]) if column.index < len(cells) else None

    def scale_of(self, row: TableRow, cell: Cell) -> str:
        """The scale of a row's values: none for shares, rates and counts."""
        if cell.unit == "%" or cell.kind != "number" or self._excepted(row):
            return ""
        counted = bool(_MONEY.search(self.scale)) and bool(_COUNTED.search(row.label))
        return "" if counted or _PER.search(row.label) else self.scale

    def _excepted(self, row: TableRow) -> bool:
        """Whether the scale is not that of a row: a section of shares has it where only figures per
        share are excepted."""
        if not self.partly:
            return False
        apart = bool(_PER_SHARE.search(row.section)) or bool(_PER.search(row.label))
        return apart or bool(_SHARES.search(row.section) and _SHARES.search(self.partly))

    @cached_property
    def head_lines(self) -> range:
        """Lines of the page that show the heads of the columns, with the caption over them."""
        lines = [cell.line for row in self.table.rows[: self.header] for cell in row if cell.text]
        above = range(max(self.table.first - _ABOVE, 0), self.table.first)
        caption = self.table.caption
        lines += [n for n in above if caption and self.page.lines[n].text == caption]
        return range(min(lines), max(lines) + 1) if lines else range(0)

    @cached_property
    def near_terms(self) -> frozenset[str]:
        return frozenset(terms(f"{self.near} {self.corner}"))

    @cached_property
    def prose_terms(self) -> frozenset[str]:
        return frozenset(terms(self.prose))

    @cached_property
    def dated(self) -> bool:
        """Whether its columns or rows are years, so that no year may come from elsewhere."""
        heads = any(is_year(term) for column in self.columns for term in column.terms)
        return heads or sum(any(map(is_year, row.terms)) for row in self.rows) > 1


def grid(document: str, page: Page, table: Table) -> TableGrid | None:
    """None for a table without heads or rows."""
    header = _header(table)
    body = table.rows[header:]
    if not header or not body or max(map(len, table.rows)) < 2:
        return None
    top = [row for row in table.rows[:header] if not _titles(row)]
    heads = [_head(top, at) for at in range(max(map(len, table.rows)))]
    labels = _label_columns(body)
    dated = _dated(" ".join(heads[:labels]))
    columns = tuple(
        Column(at, _bare(f"{dated} {head}" if is_year(head) else head), bool(_CHANGE.search(head)))
        for at, head in enumerate(heads)
        if at >= labels
    )
    rows = tuple(_rows(table, header, labels))
    if not columns or not rows:
        return None
    above = list(_above(page, table))
    near = [page.title, table.caption, *(text for text in above if len(text.split()) <= _SHORT)]
    told = " ".join([*heads, *near, *above])
    scale, exceptions = head_scale(told), _EXCEPT.search(told)
    return TableGrid(
        document, page, table, rows, columns, " ".join(heads[:labels]), " ".join(near),
        " ".join(above), header, scale[0] if scale else "", exceptions[0] if exceptions else "",
    )  # fmt: skip


def value(cell: Cell) -> Decimal:
    """The exact value of a number."""
    return Decimal(repr(cell.value))


def _signed(cell: Cell) -> Cell:
    """The signed value: a digit in parentheses is negative among numbers, else perhaps a
    footnote."""
    if cell.kind == "text" and (match := _LONE.fullmatch(cell.text.strip())):
        return replace(cell, kind="number", value=-float(match[1]))
    return cell


def _header(table: Table) -> int:
    """The number of header rows; a title in the first cell alone may precede the real ones."""
    top = table.rows[: table.header]
    below = table.rows[table.header : table.header + 1]
    titled = all(not cell.text.strip() for row in top for cell in row[1:])
    headed = all(cell.kind == "text" for row in below for cell in row) and bool(below)
    return table.header + int(titled and headed and len(table.rows) > table.header + 1)


def _titles(row: Sequence[Cell]) -> bool:
    """Whether a header row holds the page's title, or a remark on all figures."""
    texts = {cell.text.strip() for cell in row} - {""}
    return len(texts) == 1 and bool(_TITLE.search(texts.pop()))


def _label_columns(body: Rows) -> int:
    """The number of label columns: the first, and text columns beside it while labels repeat."""
    width, end = max(map(len, body)), 1
    while end < width - 1 and _alike(body, end) and _wordy(body, end):
        end += 1
    return end


def _alike(body: Rows, end: int) -> bool:
    """Whether some rows begin with the same labels."""
    labels = [" ".join(cell.text for cell in row[:end]) for row in body if len(row) > end]
    return len(set(labels)) < len(labels)


def _wordy(body: Rows, at: int) -> bool:
    kinds = [row[at].kind for row in body if at < len(row) and row[at].kind != "empty"]
    return bool(kinds) and kinds.count("text") * 2 > len(kinds)


def _head(top: Rows, at: int) -> str:
    """The heads over a column, from top to bottom, each once."""
    texts = [row[at].text.strip() for row in top if at < len(row)]
    return " ".join(dict.fromkeys(text for text in texts if text))


def _dated(corner: str) -> str:
    """The corner cell, when it describes the years beside it: "Three Months Ended June 30,"."""
    return corner if any(is_hard(term) for term in terms(corner)) else ""


def _bare(label: str) -> str:
    """A head without its remark on the scale."""
    text = re.sub(r"\([^()]*\bin (?:thousands|millions|billions)[^()]*+\)", "", label, flags=re.I)
    return " ".join(text.split())


def _rows(table: Table, header: int, labels: int) -> Iterator[TableRow]:
    section = ""
    for index, cells in enumerate(table.rows[header:], start=header):
        texts = [cell.text.strip() for cell in cells]
        label = " ".join(dict.fromkeys(text for text in texts[:labels] if text))
        if not any(texts[labels:]):
            section = label
        elif label:
            yield TableRow(index, label, section, bool(_TOTAL.search(label)), cells[0].line)


def _above(page: Page, table: Table) -> Iterator[str]:
    """The lines above a table, after the table before it."""
    floor = max((t.last + 1 for t in page.tables if t.last < table.first), default=0)
    for line in page.lines[max(floor, table.first - _ABOVE) : table.first]:
        yield line.text
