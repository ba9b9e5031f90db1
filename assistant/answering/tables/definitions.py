"""Computes figures that have a name, such as the quick ratio, from the statements of a document.

`definitions.toml` says what they are made of. An item is bound to the row whose label is nearest to
one of the item's own, in a column of the period that is asked for; of rows that are about as near,
to the one of the table with most items, because a segment has a row "Net sales", too.
"""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache, cached_property
from pathlib import Path

from assistant.answering.tables.beside import prose
from assistant.answering.tables.compute import DEFINED, LOOKUP
from assistant.answering.tables.formula import Formula
from assistant.answering.tables.grid import Column, Operand, Plan, TableGrid, TableRow, grid
from assistant.answering.tables.periods import Asked, Period, column_periods, without_periods
from assistant.answering.tables.question import Question, Vectors
from ingest.document.model import Cell
from ingest.language.words import name_parts, stop_words
from vectorstore.federation import AnyLibrary
from vectorstore.naming.document_names import is_capital, words_of

_FILE = Path(__file__).with_name("definitions.toml")
_ASKED = 0.8  # nearness of a question to a name from which it asks for it
_SAME = 0.83  # nearness of a label to an item from which it says it
_AS_NEAR = 0.05  # of labels between which the table with most items decides
_SLIP = 0.8  # likeness of a word to one of a document's name: "Netfilx" is one of Netflix's
_DOCUMENTS = 6  # that are looked at
_SENTENCE = re.compile(r"[?.!]\s*(?=[A-Z]|$)|\n")


@dataclass(frozen=True)
class Definitions:
    """What the file says: the labels of items, and the formulas of names, the first one first."""

    items: Mapping[str, Sequence[str]]
    formulas: Mapping[str, Sequence[Formula]]

    @cached_property
    def words(self) -> frozenset[str]:
        """Of all names, in small letters."""
        told = (word for name in self.formulas for word in words_of(name))
        return frozenset(word.lower() for word in told if len(word) > 2 or word.isupper())


@cache
def definitions() -> Definitions:
    """Those of `definitions.toml`."""
    found, formulas = tomllib.loads(_FILE.read_text("utf-8")), {}
    for names, told in found["formulas"].items():
        for name in names.split(", "):
            texts = [told["is"]] if isinstance(told["is"], str) else told["is"]
            formulas[name] = tuple(Formula(name, t, told.get("percent", False)) for t in texts)
    return Definitions(found["items"], formulas)


def defined(
    question: str, evidence: AnyLibrary, documents: Collection[str] | None, vectors: Vectors
) -> Plan | None:
    """The figure that a question asks for by its name, of a document that it is about; None for
    other questions, and where an item is not printed for the period."""
    about = evidence.about(question)
    chosen = [name for name in documents if name in about or not about] if documents else about
    asked = Question(question)
    for document in sorted(chosen)[:_DOCUMENTS]:
        if name := _name(question, document, evidence, vectors):
            statements = Statements(document, evidence, vectors)
            if plan := statements.computed(*name, asked):
                return plan
    return None


def _name(
    question: str, document: str, evidence: AnyLibrary, vectors: Vectors
) -> tuple[str, str, float] | None:
    """The name that a sentence of the question is nearest to, the words that ask for it, and how
    near they are."""
    known, page = definitions(), evidence.page(document, 1)
    items = (label for labels in known.items.values() for label in labels)
    names = list(dict.fromkeys((*known.formulas, *items)))  # an item alone is no formula's name
    first = (word for word in words_of(prose(page)) if is_capital(word))
    own = {word.lower() for word in (*words_of(f"{name_parts(document)} {page.title}"), *first)}
    best: tuple[str, str, float] | None = None
    for sentence in _SENTENCE.split(question.replace("_", " ")):
        if not (core := _core(sentence, own)):
            continue
        near = vectors([_core(name, own) for name in names]) @ vectors([core])[0]
        at = int(near.argmax())
        if near[at] >= max(_ASKED, best[2] if best else 0):
            best = names[at], core, float(near[at])
    return best if best and best[0] in known.formulas else None


def _core(text: str, own: Collection[str]) -> str:
    """The words that say what is asked for: without periods, and words of the document's name."""
    kept = []
    for word in words_of(re.sub(r"[’']s\b", "", without_periods(text))):
        small = word.lower()
        empty = small in stop_words("en") or get_close_matches(small, own, 1, _SLIP)
        if small in definitions().words or not empty:
            kept.append(word)
    return " ".join(kept)


class Statements:
    """The tables of a document, whose rows items are bound to."""

    def __init__(self, document: str, evidence: AnyLibrary, vectors: Vectors) -> None:
        self._vectors = vectors
        self._grids = list(_grids(document, evidence))
        self._periods = [column_periods(grid) for grid in self._grids]
        labels = {row.label for grid in self._grids for row in grid.rows}
        self._stems = {label: frozenset(_stemmed(label)) for label in sorted(labels)}

    def computed(self, name: str, core: str, near: float, asked: Question) -> Plan | None:
        """The value that is printed under the name, else what the first formula gives whose items
        are printed. None where a word of the question that is not the name's says a row: what is
        asked for is of a part of the whole then, or adjusted."""
        rest = set(_stemmed(core)) - set(_stemmed(name))
        if rest & frozenset().union(*self._stems.values()):
            return None
        if printed := self._printed(name, asked.periods):
            return Plan(printed.grid, LOOKUP, (printed,), score=near)
        found = (self._bound(one, asked.periods) for one in definitions().formulas[name])
        plan = next(filter(None, found), None)
        return replace(plan, score=plan.score * near) if plan else None

    def _printed(self, name: str, asked: Asked) -> Operand | None:
        own = frozenset(_stemmed(name))
        near = {label: 1.0 for label, stems in self._stems.items() if stems == own}
        found = self._values(near, asked)
        return found[1][0] if found else None

    def _bound(self, formula: Formula, asked: Asked) -> Plan | None:
        values, near = {}, []
        for item in formula.items:
            found = self._values(self._near.get(item, {}), asked)
            if not found or len(found[1]) < 1 + (item in formula.means):
                return None
            values[item] = found[1][: 1 + (item in formula.means)]
            near.append(found[0])
        operands = tuple(operand for some in values.values() for operand in some)
        if any(operand.cell.unit == "%" for operand in operands):
            return None
        if len(operands) == 1:
            return Plan(operands[0].grid, LOOKUP, operands, score=min(near))
        return Plan(operands[0].grid, DEFINED, operands, score=min(near), formula=formula)

    @cached_property
    def _near(self) -> dict[str, dict[str, float]]:
        """How near the labels are to each item, of those that have one of its words."""
        found = {}
        for item, told in definitions().items.items():
            own = [frozenset(_stemmed(one)) for one in told]
            words = frozenset().union(*own)
            labels = [label for label, stems in self._stems.items() if stems & words]
            if labels:
                near = (self._vectors(labels) @ self._vectors(told).T).max(1)
                found[item] = {
                    label: 1.0 if self._stems[label] in own else float(score)
                    for label, score in zip(labels, near, strict=True)
                }
        return found

    @cached_property
    def _said(self) -> list[int]:
        """How many items each table has."""
        rows = [{row.label for row in grid.rows} for grid in self._grids]
        return [
            sum(
                any(near.get(label, 0) >= _SAME for label in labels) for near in self._near.values()
            )
            for labels in rows
        ]

    def _values(
        self, near: Mapping[str, float], asked: Asked
    ) -> tuple[float, list[Operand]] | None:
        """How near the label is, and its values: of the period that is asked for and, where there
        are such, of the ones before."""
        found = []
        for at, table in enumerate(self._grids):
            for row in table.rows:
                score = near.get(row.label, 0)
                if score >= _SAME and (values := self._of_row(at, row, asked)):
                    found.append((score, self._said[at], values))
        if not found:
            return None
        least = max(score for score, _, _ in found) - _AS_NEAR
        score, _, values = max(
            (one for one in found if one[0] >= least), key=lambda one: (one[1], one[0])
        )
        return score, values

    def _of_row(self, at: int, row: TableRow, asked: Asked) -> list[Operand]:
        grid, periods = self._grids[at], self._periods[at]
        dated = [
            (periods[column.index], _operand(row, column, cell, grid))
            for column in grid.columns
            if column.index in periods
            and (cell := grid.cell(row, column))
            and cell.kind == "number"
        ]
        return _ordered(dated, asked)


def _ordered(dated: Sequence[tuple[Period, Operand]], asked: Asked) -> list[Operand]:
    """The one of the period that is asked for, or of the last one, then those before that are as
    long. Empty where none or several fit."""
    if asked.any:
        fitting = [period for period, _ in dated if asked.fits(period)]
    else:
        fitting = [period for period, _ in dated if period.order == max(p.order for p, _ in dated)]
    if len(fitting) != 1:
        return []
    before = [
        (period.order, operand)
        for period, operand in dated
        if period.months == fitting[0].months and period.order <= fitting[0].order
    ]
    return [operand for _, operand in sorted(before, key=lambda pair: pair[0], reverse=True)]


def _operand(row: TableRow, column: Column, cell: Cell, grid: TableGrid) -> Operand:
    """Without a sign that tells only that it is paid: its label names no loss."""
    paid = "(" in cell.text and not re.search(r"\(|loss", row.label, re.IGNORECASE)
    return Operand(row, column, cell, grid, magnitude=paid)


def _grids(document: str, evidence: AnyLibrary) -> Iterator[TableGrid]:
    for number in dict.fromkeys(table.page for table in evidence.tables(document)):
        page = evidence.page(document, number)
        found = (grid(document, page, table) for table in page.tables)
        yield from filter(None, found)


def _stemmed(text: str) -> list[str]:
    return Question(text).stemmed(text)
