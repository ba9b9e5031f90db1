"""Lists: tables of which each row is a record, such as an article, a person or an invoice.

A long file has a list on several pages, whose tables have the same heads: they are one list.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from assistant.answering.tables.compute import AVERAGE, COUNT, LOOKUP, SUM, Plan, told_plan
from assistant.answering.tables.grid import (
    Column,
    Operand,
    TableGrid,
    TableRow,
    grid,
    is_year,
    value,
)
from assistant.i18n.translation import DEFAULT_LANGUAGE, LANGUAGES, speaking
from ingest.language.words import language_of_question, language_stem, stop_words
from vectorstore.federation import AnyLibrary

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
    question: str, evidence: AnyLibrary, documents: Collection[str] | None
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


def whole(near: RecordList, evidence: AnyLibrary) -> RecordList | None:
    """With the rows on other pages: of the tables of its document that have the same heads and
    stand under the same title. None where all of them are no list, or one of too many rows."""
    wanted = _key(near.grid)
    found: list[TableGrid] = []
    document = near.grid.document
    for place in evidence.table_pages(document):
        page = evidence.page(document, place)
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
    below = (row for one in grids for row in one.table.rows[one.header :])
    if len(rows) < sum(any(cell.text.strip() for cell in row) for row in below):
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


# -- Which values of a list a question mentions, by the stems of its language

_TOKEN = re.compile(r"[^\W_]+")
_TELLING = 4  # letters of a word that alone may tell a value of several words
_MOST_OF = 0.5  # share of that value's letters that it has
# What turns a question round is no part of a value, and no choice of values tells it.
_EXCEPTING = {
    "de": "nicht kein keine keinem keinen keiner keines ohne außer außerhalb weder abgesehen nie",
    "en": "not no nor never cannot without except excluding outside besides other than",
    "es": "no ni nunca sin excepto salvo menos fuera ningún ninguno ninguna",
    "fr": "ne n pas jamais ni sans sauf hors hormis aucun aucune",
    "it": "non né mai senza tranne eccetto fuori nessun nessuno nessuna",
}

_SHORT_NOT = re.compile(r"n['’]t\b")  # "aren't"

Span = tuple[int, int]  # the first token, and the one behind the last


@dataclass(frozen=True)
class Mentions:
    """The values that a question mentions, by the column they stand in."""

    values: dict[Column, frozenset[str]]
    heads: frozenset[Column]  # columns whose heads it mentions
    unknown: tuple[str, ...]  # its numbers that are no part of a value

    def records(self, of: RecordList) -> list[Record]:
        """The records that have them: in each column one of the values."""
        return [
            record
            for record in of.records
            if all(record.text(column) in some for column, some in self.values.items())
        ]


def mentions(question: str, of: RecordList) -> Mentions:
    """Whole values, and parts of them that no other value has."""
    language = language_of_question(question)
    asked = _tokens(question, language)
    found = list(_whole(asked, of, language)) or list(_parts(asked, of, language))
    values: dict[Column, set[str]] = defaultdict(set)
    for column, text, span in found:
        wider = (o for _, _, o in found if o != span and o[0] <= span[0] and span[1] <= o[1])
        if not any(wider):
            values[column].add(text)
    small = stop_words(language)
    heads = [
        c
        for c in of.columns
        if _find(asked, _tokens(c.label, language)) and c.label.lower() not in small
    ]
    told = {at for _, _, span in found for at in range(*span)}
    unknown = tuple(
        token for at, token in enumerate(asked) if token[0].isdigit() and at not in told
    )
    return Mentions(
        {column: frozenset(some) for column, some in values.items()}, frozenset(heads), unknown
    )


def turns_round(question: str) -> bool:
    """Whether a question is about all but what it mentions."""
    excepting = _EXCEPTING.get(language_of_question(question), "").split()
    spelt = _SHORT_NOT.sub(" not", question.lower())
    return any(token in excepting for token in _TOKEN.findall(spelt))


def knows_exceptions(question: str) -> bool:
    """Whether `turns_round` knows the language of a question."""
    return language_of_question(question) in _EXCEPTING


def _whole(
    asked: Sequence[str], of: RecordList, language: str
) -> Iterator[tuple[Column, str, Span]]:
    for column in of.words:
        for text in dict.fromkeys(record.text(column) for record in of.records):
            tokens = _tokens(text, language)
            if any(not token.isdigit() for token in tokens):
                for span in _find(asked, tokens):
                    yield column, text, span


def _parts(
    asked: Sequence[str], of: RecordList, language: str
) -> Iterator[tuple[Column, str, Span]]:
    """By a word that stands in one value alone, of all columns."""
    holders: dict[str, set[tuple[Column, str]]] = defaultdict(set)
    for column in of.words:
        for text in dict.fromkeys(record.text(column) for record in of.records):
            for token in _tokens(text, language):
                holders[token].add((column, text))
    small = stop_words(language)
    heads = {token for column in of.columns for token in _tokens(column.label, language)}
    for at, token in enumerate(asked):
        telling = len(token) >= _TELLING and token not in small and not token[0].isdigit()
        if telling and token not in heads and len(holders.get(token, ())) == 1:
            ((column, text),) = holders[token]
            if len(token) >= _MOST_OF * sum(map(len, _tokens(text, language))):
                yield column, text, (at, at + 1)


def _tokens(text: str, language: str) -> list[str]:
    return [language_stem(token, language) for token in _TOKEN.findall(text.lower())]


def _find(asked: Sequence[str], tokens: Sequence[str]) -> list[Span]:
    """Where tokens stand one behind the other."""
    size = len(tokens)
    starts = range(len(asked) - size + 1) if size else ()
    return [(at, at + size) for at in starts if list(asked[at : at + size]) == list(tokens)]


# -- A program over a list: what to compute, of which column, over which records
# `assistant/tools/tabular.py` lets the chat model choose one; code does the rest.

_COLUMNS = 20  # that are offered
_SHOWN = 2  # records, as examples
_CELL = 60  # characters of a cell that the model reads


@dataclass(frozen=True)
class AskedList:
    """A question, and the list that it is about."""

    question: str
    near: RecordList
    mentions: Mentions
    records: tuple[Record, ...]  # that it is about

    def shown(self, most: int = _SHOWN) -> list[str]:
        """The heads and some records, as lines; none that readers of the document do not see."""
        columns = self.near.columns[:_COLUMNS]
        some = dict.fromkeys([*self.records, *self.near.records])
        rows = [
            [record.text(column)[:_CELL] for column in columns]
            for record in some
            if not record.hidden
        ]
        heads = [column.label[:_CELL] for column in columns]
        return [" | ".join(row) for row in [heads, *rows[:most]]]

    def offered(self, operation: str) -> list[str]:
        """Heads of the columns that may hold the answer: numbers, or for a look-up all but those of
        the values in question."""
        columns: Sequence[Column] = self.near.numbers
        if operation == LOOKUP:
            columns = [c for c in self.near.columns if c not in self.mentions.values]
        heads = [column.label for column in columns if column.label]
        return list(dict.fromkeys(heads))[:_COLUMNS]


def asked_list(
    question: str, evidence: AnyLibrary, documents: Collection[str] | None
) -> AskedList | None:
    """The list near a question of which it mentions a value or a head. None where it mentions
    nothing, a number that no value has, or values that no record has together."""
    if turns_round(question):
        return None
    found = [
        (near, said)
        for near in lists_near(question, evidence, documents)
        for said in [mentions(question, near)]
        if (said.values or said.heads) and not said.unknown
    ]
    if not found:
        return None
    near = whole(max(found, key=lambda one: len(one[1].values))[0], evidence)
    if near is None:
        return None
    said = mentions(question, near)
    records = tuple(said.records(near))
    return AskedList(question, near, said, records) if records and not said.unknown else None


def computed(asked: AskedList, operation: str, head: str) -> Plan | None:
    """The plan of a program; None where its column is absent, cells are empty, or units differ."""
    if operation == COUNT:
        operands = [record.operand(asked.near.names) for record in asked.records]
    else:
        column = next((c for c in asked.near.columns if c.label == head), None)
        operands = [record.operand(column) for record in asked.records] if column else []
    cells = [_called(one, asked) for one in operands if one is not None]
    if not cells or (operation in (SUM, AVERAGE, COUNT) and len(cells) < len(operands)):
        return None
    if operation == LOOKUP:
        return Plan(asked.near.grid, LOOKUP, tuple(cells), score=1.0) if len(cells) == 1 else None
    units = {one.cell.unit for one in cells}
    numbers = operation == COUNT or all(one.cell.kind == "number" for one in cells)
    if len(cells) < 2 or not numbers or (len(units) > 1 and operation != COUNT):
        return None
    return Plan(asked.near.grid, operation, tuple(cells), score=1.0)


def _called(operand: Operand, asked: AskedList) -> Operand:
    """With the name of its record in place of the row's label, which may be a number."""
    name = Record(operand.grid, operand.row).text(asked.near.names)
    row = replace(operand.row, label=name)
    return replace(operand, row=row, name=" ".join(name.split())) if name else operand


def sentence(plan: Plan, question: str) -> str:
    """One sentence in the language of the question. In English where the app does not speak it."""
    language = language_of_question(question)
    with speaking(language if language in LANGUAGES else DEFAULT_LANGUAGE):
        return told_plan(plan)
