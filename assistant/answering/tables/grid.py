"""A table for questions: rows and columns with labels, values, units and scale."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from ingest.document.model import Cell, Page, Table
from ingest.language.dates import with_fiscal_years, with_quarters
from ingest.language.numbers import MONTH_OF
from ingest.language.quantities import head_scale
from ingest.language.words import STOP_WORDS, stem

# -- Normalises words of questions and table labels: stems, synonyms, quarters, months

# Words that do not describe a row or a column. Some that a search leaves out distinguish rows, as
# "other" does; of a question for a value, verbs and sizes describe nothing.
_PARTING = frozenset(
    """
after all also before between both down during few further more most no not once only other same
some through until
""".split()  # noqa: SIM905
)
_FILLER = (STOP_WORDS - _PARTING) | frozenset(
    """
achieve across altogether big bring brought came come comes contribute earn earned ended ending ends
exactly exist generate generated get gets given gives go going gone got high large look low made
make many may much must number posted reached recorded report reported s shall show small sold
unaudited us value vs went whose win won work worked working works year
""".split()  # noqa: SIM905
)
_ALIKE = {
    "revenue": "turnover sale",
    "profit": "income earning",
    "employee": "employed staff headcount people person worker workforce personnel",
    "cost": "expense expenditure spending spend spent",
    "leave": "vacation holiday",
    "annual": "yearly annually",
    "week": "weekly",
    "month": "monthly",
    "quarter": "quarterly",
    "growth": "grow grew grown",
    "share": "proportion",
    "non": "outside",
}
_CANON = {stem(other): stem(word) for word, others in _ALIKE.items() for other in others.split()}
MONTHS = tuple(f"month{number}" for number in range(1, 13))
_TOKEN = re.compile(r"[Qq][1-4]\b|\d+(?:[.,]\d+)*|[^\W\d_]+")
_STATES = re.compile(r"\bU\.S\.(?:A\.)?|\bUS\b|\bUnited States\b")
_FORM = re.compile(r"\b10-[QK]\b")
_ENDED = re.compile(r"(?i)\bquarter(?:ly period)? ended\b")
_SPANS = frozenset(map(stem, ("three", "six", "nine", "twelve")))


def terms(text: str) -> list[str]:
    """The content words in normal form and in order; some repeat."""
    text = _STATES.sub(" usa ", text.replace("’", "'"))
    text = with_fiscal_years(with_quarters(text, "Q{}".format), lambda _, year: year)
    text = _ENDED.sub("three months", _FORM.sub(" ", text))
    tokens = [token.lower() for token in _TOKEN.findall(text)]
    dated = [_month(tokens, at) or _term(token) for at, token in enumerate(tokens)]
    return [term for term in dated if term]


def is_hard(term: str) -> bool:
    """Whether it is a number, quarter, month or time span, for which another one is no match."""
    quarter = len(term) == 2 and term[0] == "q" and term[1].isdigit()
    return term[0].isdigit() or quarter or term in MONTHS or term in _SPANS


def is_year(term: str) -> bool:
    """Whether the term is a year in digits."""
    return len(term) == 4 and term.isdecimal() and term.startswith(("19", "20"))


def _month(tokens: list[str], at: int) -> str:
    """The month of a word: "may" only beside a number, "march" also alone."""
    number = MONTH_OF.get(tokens[at])
    beside = tokens[max(at - 1, 0) : at] + tokens[at + 1 : at + 2]
    dated = any(token.isdigit() for token in beside)
    sure = len(tokens[at]) > 4 or dated
    return f"month{number}" if number and sure else ""


def _term(word: str) -> str:
    if word[0].isdigit():
        return word.replace(",", "")
    base = stem(word)
    empty = word in _FILLER or word.removesuffix("s") in _FILLER
    return "" if empty else _CANON.get(base, base)


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


def grid(document: str, page: Page, table: Table) -> TableGrid | None:
    """None for a table without heads or rows."""
    header = _header(table)
    body = table.rows[header:]
    if not header or not body or max(map(len, table.rows)) < 2:
        return None
    top = [row for row in table.rows[:header] if not _titles(row)]
    width, labels = max(map(len, table.rows)), _label_columns(body)
    spread = [_spread([cell.text.strip() for cell in row], labels, width) for row in top[:-1]]
    last = [cell.text.strip() for row in top[-1:] for cell in row]
    heads = [_head([*spread, last], at) for at in range(width)]
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


def _spread(heads: Sequence[str], labels: int, width: int) -> list[str]:
    """Heads over heads, each repeated over its columns. One that is centred over several columns is
    read as the head of one of them; where the columns divide evenly, each head has as many."""
    told = [at for at, text in enumerate(heads) if at >= labels and text]
    over = (width - labels) // len(told) if told else 0
    blocks = [labels + number * over for number in range(len(told))]
    even = over * len(told) == width - labels
    if not even or any(at not in range(b, b + over) for at, b in zip(told, blocks, strict=True)):
        return list(heads)
    return [*heads[:labels], *(heads[at] for at in told for _ in range(over))]


def _head(top: Sequence[Sequence[str]], at: int) -> str:
    """The heads over a column, from top to bottom, each once."""
    texts = [row[at] for row in top if at < len(row)]
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


@dataclass(frozen=True)
class Operand:
    """A cell with its row, its column and its table."""

    row: TableRow
    column: Column
    cell: Cell
    grid: TableGrid
    magnitude: bool = False  # its sign tells only that it is paid: "(6,607)" of a cash flow
    name: str = ""  # what its record is called, where that is not the label of its row

    @property
    def value(self) -> Decimal:
        """Of a number."""
        found = value(self.cell)
        return abs(found) if self.magnitude else found
