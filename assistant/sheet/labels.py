"""Certain cells: a line or a row of a table names the column itself, and gives one value.

`Notice period: two months` answers a column "notice period" without a model. Where labels only
resemble the head, or give two values, nothing is certain.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from assistant.sheet.column import Column, Kind
from assistant.sheet.values import Value, whole
from ingest.document.model import Line, Page, Table
from ingest.language.words import content_words, stems

_COLON = re.compile(r"^\s*+(?P<label>[^\s:|][^:|]{0,58}?[^\s:|])\s*+:\s++(?P<entry>\S.*)$")
BLANK = re.compile(r"__|\.{4}|…{2}|^[\s-]*$")  # to be filled in by hand
GENERIC: dict[Kind, frozenset[str]] = {
    "date": stems("date day"),
    "money": stems("amount sum price"),
    "time": stems("period duration term terms length"),
    "code": stems("number nr id code"),
}
_SMALL = frozenset({"of", "the", "our", "your"})  # "for the supplier" labels something else


@dataclass(frozen=True)
class Labelled:
    """A value with its place."""

    value: Value
    page: Page
    at: int  # index of the line
    rows: int = 1  # lines that it takes

    @property
    def lines(self) -> Sequence[Line]:
        return self.page.lines[self.at : self.at + self.rows]


def labelled(column: Column, pages: Iterable[Page]) -> Labelled | None:
    """The one value that stands at a label of this name, wherever it is repeated; else None."""
    wanted = telling(column.head, column.kind) or stems(column.head)
    if not wanted:
        return None
    found = [one for page in pages for one in _of_page(column, wanted, page)]
    return found[0] if len({one.value.same for one in found}) == 1 else None


def _of_page(column: Column, wanted: frozenset[str], page: Page) -> Iterator[Labelled]:
    typed = column.kind not in ("text", "truth")
    for label, entry, at in _pairs(page, len(content_words(column.head)), typed):
        named = telling(label, column.kind) or stems(label)
        if named != wanted or page.lines[at].hidden or BLANK.search(entry):
            continue
        if not {*label.lower().split()} <= {*content_words(label), *_SMALL}:
            continue
        if value := whole(column.kind, entry):
            yield Labelled(value, page, at)


def _pairs(page: Page, words: int, typed: bool) -> Iterator[tuple[str, str, int]]:
    """Labels with their entries and the index of their line."""
    for table in page.tables:
        yield from _of_table(table)
    for at, line in enumerate(page.lines):
        if match := _COLON.match(line.text):
            yield match["label"], match["entry"], at
        elif typed:  # a PDF has no mark between a label and a number far to its right
            said = line.text.split()
            yield " ".join(said[:words]), " ".join(said[words:]), at


def _of_table(table: Table) -> Iterator[tuple[str, str, int]]:
    for row in table.rows:
        entries = [cell for cell in row[1:] if cell.text.strip()]
        if len(entries) == 1:
            yield row[0].text.rstrip(" :"), entries[0].text, entries[0].line
    if table.header == 1 and len(table.rows) == 2:  # heads above the only row
        for head, cell in zip(*table.rows, strict=False):
            yield head.text.rstrip(" :"), cell.text, cell.line


def telling(head: str, kind: Kind) -> frozenset[str]:
    """The stems of a head without words for the kind itself, which tell one value from another as
    little as "value" would: of "notice period" the first."""
    return stems(head) - GENERIC.get(kind, frozenset())


def line_of(page: Page, quote: str) -> int:
    """The number of the line with which a quote begins, from 1; 0 where none does."""
    first = quote.split("\n", 1)[0].strip()
    numbers: Sequence[int] = [
        number for number, line in enumerate(page.lines, 1) if line.text.strip() == first
    ]
    return numbers[0] if numbers else 0
