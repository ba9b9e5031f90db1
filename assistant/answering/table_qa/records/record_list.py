"""Lists: tables of which each row is a record, such as an article, a person or an invoice.

A long file has a list on several pages, whose tables have the same heads: they are one list.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from assistant.answering.table_qa.grid import Column, TableGrid, TableRow, grid, value
from assistant.answering.table_qa.plan import Operand
from assistant.answering.table_qa.question.normalise import is_year
from assistant.answering.table_qa.select_plan import Tabled

_PASSAGES = 6  # of the search, whose lists are looked at
_FEWEST = 3  # records
_MOST = 20_000  # records: a list is looked through for each question
_LONGEST = 6  # words of the usual cell of words: longer ones are sentences
_ALONE = 0.7  # share of the lines of its pages
_NUMBERS = 0.8  # share of a column's cells that are numbers, if it is one of numbers


@dataclass(frozen=True)
class Record:
    """A row of a list."""

    grid: TableGrid
    row: TableRow

    def text(self, column: Column) -> str:
        """As written; empty where the row is shorter."""
        cell = self.grid.cell(self.row, column)
        return " ".join(cell.text.split()) if cell else ""

    @property
    def hidden(self) -> bool:
        """Whether readers of the document do not see it."""
        return bool(self.grid.page.lines[self.row.line].hidden)

    def operand(self, column: Column) -> Operand | None:
        """The cell of a column; None where it is empty."""
        cell = self.grid.cell(self.row, column)
        return Operand(self.row, column, cell, self.grid) if cell and self.text(column) else None


@dataclass(frozen=True)
class RecordList:
    """The records of a document's tables that have the same heads."""

    records: tuple[Record, ...]
    columns: tuple[Column, ...]  # those of the rows' labels first

    @property
    def grid(self) -> TableGrid:
        """The first table."""
        return self.records[0].grid

    @cached_property
    def numbers(self) -> tuple[Column, ...]:
        """The columns of numbers."""
        return tuple(column for column in self.columns if self._are_numbers(column))

    @cached_property
    def words(self) -> tuple[Column, ...]:
        """The other columns: they tell records apart."""
        return tuple(column for column in self.columns if column not in self.numbers)

    @cached_property
    def alone(self) -> bool:
        """Whether the pages hold little else: on a page with sentences they may say more than a
        cell does."""
        pages = {id(record.grid.page): record.grid.page for record in self.records}.values()
        held = sum(t.last - t.first + 1 for page in pages for t in page.tables)
        return held >= _ALONE * sum(len(page.lines) for page in pages)

    @property
    def terse(self) -> bool:
        """Whether its cells are values, and no sentences."""
        lengths = [len(r.text(column).split()) for r in self.records for column in self.words]
        return sum(lengths) <= _LONGEST * len(lengths)

    @cached_property
    def names(self) -> Column:
        """The column that people call a record by: the one whose words differ most, rather than
        that of numbers of articles."""
        return max(self.words, key=self._calling)

    def totals(self, column: Column) -> bool:
        """Whether the last value of a column is the sum of the others, whatever it is called."""
        cells = [record.grid.cell(record.row, column) for record in self.records]
        values = [value(cell) for cell in cells if cell and cell.kind == "number"]
        return len(values) > _FEWEST and values[-1] != 0 and sum(values[:-1]) == values[-1]

    def _are_numbers(self, column: Column) -> bool:
        cells = [record.grid.cell(record.row, column) for record in self.records]
        kinds = [cell.kind for cell in cells if cell and cell.text.strip()]
        return bool(kinds) and kinds.count("number") >= _NUMBERS * len(kinds)

    def _calling(self, column: Column) -> float:
        texts = [record.text(column) for record in self.records]
        letters = sum(letter.isalpha() for text in texts for letter in text)
        return len(set(texts)) / len(texts) + letters / max(sum(map(len, texts)), 1)


def lists_near(
    question: str, evidence: Tabled, documents: Collection[str] | None
) -> Iterator[RecordList]:
    """The lists of which the best passages are rows, each as far as its page has it."""
    done: set[tuple[str, int, int]] = set()
    for hit in evidence.passages(question, _PASSAGES, documents):
        page = evidence.page(hit.document, hit.page)
        for table in page.tables:
            place = hit.document, hit.page, table.first
            held = hit.chunk.first <= table.last and table.first <= hit.chunk.last
            if not held or place in done:
                continue
            done.add(place)
            found = grid(hit.document, page, table)
            if found and (near := _record_list([found])):
                yield near


def whole(near: RecordList, evidence: Tabled) -> RecordList | None:
    """With the rows on other pages: of the tables of its document that have the same heads and
    stand under the same title. None where all of them are no list, or one of too many rows."""
    wanted = _key(near.grid)
    found: list[TableGrid] = []
    document = near.grid.document
    for number in dict.fromkeys(table.page for table in evidence.tables(document)):
        page = evidence.page(document, number)
        grids = filter(None, (grid(document, page, table) for table in page.tables))
        found += [one for one in grids if _key(one) == wanted]
        if sum(len(one.rows) for one in found) > _MOST:
            return None
    return _record_list(found)


def _key(of: TableGrid) -> tuple[str, str, tuple[str, ...]]:
    return of.document, of.page.title, (of.corner, *(column.label for column in of.columns))


def _record_list(grids: Sequence[TableGrid]) -> RecordList | None:
    """None for a statement: years beside each other, sections, or totals among its rows; and where
    a row has no label, so that it would be left out."""
    rows = [Record(one, row) for one in grids for row in one.rows]
    if len(rows) < sum(map(_filled, grids)):
        return None
    first = grids[0]
    years = any(is_year(term) for column in first.columns for term in column.terms)
    stated = years or any(record.row.total or record.row.section for record in rows)
    if stated or not _FEWEST <= len(rows) <= _MOST:
        return None
    labels = range(min(column.index for column in first.columns))
    head = first.corner if len(labels) == 1 else ""
    columns = [*(Column(at, head, change=False) for at in labels), *first.columns]
    found = RecordList(tuple(rows), tuple(columns))
    headed = all(column.label for column in first.columns)
    fits = found.words and headed and found.terse and not any(map(found.totals, found.numbers))
    return found if fits else None


def _filled(of: TableGrid) -> int:
    """The rows below the heads that hold anything."""
    return sum(any(cell.text.strip() for cell in row) for row in of.table.rows[of.header :])
