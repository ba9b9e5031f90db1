"""Computes figures that have a name, such as the quick ratio, from the statements of a document.

`definitions.toml` says what they are made of. An item is bound to the row whose label is nearest to
one of the item's own, in a column of the period that is asked for; of rows that are about as near,
to the one of the table with most items, because a segment has a row "Net sales", too.
"""

import math
import re
import tomllib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache, cached_property
from pathlib import Path

from assistant.answering.tables.beside import (
    NOTHING,
    Question,
    Vectors,
    log_probabilities,
    operation_signs,
    prose,
)
from assistant.answering.tables.compute import (
    COUNT,
    DEFINED,
    DIFFERENCE,
    GROWTH,
    HIGHEST,
    LOOKUP,
    LOWEST,
    SUM,
    Formula,
    Plan,
    result,
)
from assistant.answering.tables.grid import Operand, TableGrid, TableRow, grid
from assistant.answering.tables.periods import Asked, Period, column_periods, without_periods
from ingest.language.quantities import find_unit
from ingest.language.words import language_stem, name_parts, stop_words
from vectorstore.federation import AnyLibrary
from vectorstore.naming.document_names import is_capital, words_of
from vectorstore.retrieval.fusion import Hit

_FILE = Path(__file__).with_name("definitions.toml")
_ASKED = 0.8  # nearness of a question to a name from which it asks for it
_SAME = 0.86  # nearness of a label to an item from which it says it
CLOSE = _ASKED * _SAME  # the least that both come to
_AS_NEAR = 0.05  # of labels between which the table with most items decides
_SLIP = 0.8  # likeness of a word to one of a document's name: "Netfilx" is one of Netflix's
_SHORT = 4  # letters of a word that is one of the name only as it is written
_DOCUMENTS, _HITS = 4, 10  # that are looked at, and of so many hits, where none is named
_CHANGES = (DIFFERENCE, GROWTH, HIGHEST, LOWEST, COUNT, SUM, NOTHING)  # not the figure itself
_CHANGED = 0.8  # probability of these from which a question is left
_KIND = 5  # figures whose names have a word from which it is one of their kind
_ENDING = re.compile(r"(?i)\b(?:closing|ending|year-end)\b")  # balances: without the ones before
_MEAN = "average"
_CLAUSE = re.compile(r"[,;:()]|\s[-\u2013\u2014]\s")
_SENTENCE = re.compile(r"[?.!]\s*(?=[A-Z]|$)|\n")


@dataclass(frozen=True)
class Definitions:
    """What the file says: the labels of items, and the formulas of names, the first one first."""

    items: Mapping[str, Sequence[str]]
    other: frozenset[str]  # words that ask for another figure
    paid: frozenset[str]  # items whose sign says only that they are paid
    either: frozenset[str]  # items that are left where they are negative
    formulas: Mapping[str, Sequence[Formula]]

    @cached_property
    def words(self) -> frozenset[str]:
        """Of all names, in small letters."""
        told = (word for name in self.formulas for word in words_of(name))
        return frozenset(word.lower() for word in told if len(word) > 2 or word.isupper())

    @cached_property
    def stems(self) -> frozenset[str]:
        """Of the same words."""
        return frozenset(_stemmed(" ".join(self.words)))

    @cached_property
    def telling(self) -> frozenset[str]:
        """Words of names that are of a figure rather than of a kind, such as "margin"."""
        several = Counter(
            word
            for some in {tuple(self.alike(name)) for name in self.formulas}
            for word in _words(" ".join(some))
        )
        return frozenset(word for word in self.words if several[word] < _KIND)

    def alike(self, name: str) -> list[str]:
        """The names of the same figure."""
        texts = [formula.text for formula in self.formulas[name]]
        return [
            other
            for other, some in self.formulas.items()
            if [formula.text for formula in some] == texts
        ]


@cache
def definitions() -> Definitions:
    """Those of `definitions.toml`."""
    found, formulas = tomllib.loads(_FILE.read_text("utf-8")), {}
    for names, told in found["formulas"].items():
        for name in names.split(", "):
            texts = [told["is"]] if isinstance(told["is"], str) else told["is"]
            formulas[name] = tuple(Formula(name, t, told.get("percent", False)) for t in texts)
    return Definitions(
        found["items"], frozenset(map(str.lower, found["other"])), frozenset(found["paid"]),
        frozenset(found["either"]), formulas,
    )  # fmt: skip


@dataclass(frozen=True)
class Named:
    """The name of a figure in a question."""

    name: str
    near: float  # of the words that ask for it
    words: frozenset[str]  # of its sentence

    @property
    def formulas(self) -> Sequence[Formula]:
        """What it is computed from, the first one first."""
        return definitions().formulas[self.name]

    @cached_property
    def rest(self) -> frozenset[str]:
        """Of the words those that are not its own, nor of its items."""
        known = definitions()
        items = {item for formula in self.formulas for item in formula.items}
        labels = (label for item in items for label in known.items[item])
        own = _words(" ".join((*known.alike(self.name), *items, *labels)).replace("_", " "))
        return frozenset(word for word in self.words - own if not _is_amount(word))


def defined(
    asked: Question, evidence: AnyLibrary, documents: Collection[str] | None, vectors: Vectors,
    hits: Sequence[Hit],
) -> tuple[Named | None, Plan | None]:  # fmt: skip
    """The name of a figure that a question asks for, and what it is. None where an item is not
    printed for the period, where two documents give different values, and where several periods
    or reports could be meant. Of documents of the `hits`, which the question does not name, only
    where nothing else is said that could be a name."""
    if not definitions().stems & set(_stemmed(asked.text.replace("_", " "))):
        return None, None
    about = evidence.about(asked.text)
    near = sorted(about) or list(dict.fromkeys(hit.document for hit in hits[:_HITS]))[:_DOCUMENTS]
    near = [name for name in near if documents is None or name in documents]
    named = {name: _name(asked, name, evidence, vectors) for name in near}
    levels = {d: one for d, one in named.items() if one and _is_level(asked, one, vectors)}
    said = next(iter(levels.values()), None)
    told = [*asked.periods.days, *asked.periods.quarters, *asked.periods.years]
    if len(told) > 1 or (len(near) > 1 and not told):
        return said, None
    plans = [
        plan
        for document, one in levels.items()
        if about or not one.rest
        if (plan := Statements(document, evidence, vectors).computed(one, asked))
    ]
    values = {f"{value:.6g}" for plan in plans if (value := result(plan)) is not None}
    return said, plans[0] if len(values) == 1 and result(plans[0]) is not None else None


def _is_level(asked: Question, named: Named, vectors: Vectors) -> bool:
    """Whether the figure itself is asked for, rather than how it changed, or why."""
    assert vectors.weights is not None  # see `choose`
    signs = operation_signs(asked, frozenset(_stemmed(named.name)), vectors)
    chances = log_probabilities(signs, vectors.weights.operation)
    return sum(math.exp(chances[other]) for other in _CHANGES) < _CHANGED


def _name(asked: Question, document: str, evidence: AnyLibrary, vectors: Vectors) -> "Named | None":
    """What is asked for of a document."""
    page = evidence.page(document, 1)
    first = (word for word in words_of(prose(page)) if is_capital(word))
    own = {word.lower() for word in (*words_of(f"{name_parts(document)} {page.title}"), *first)}
    found: list[Named] = []
    for sentence in _SENTENCE.split(asked.text.replace("_", " ")):
        rest = _core(sentence, own)
        for clause in filter(None, (_core(part, own) for part in _CLAUSE.split(sentence))):
            name, near = _nearest(clause, vectors)
            found.append(Named(name, near, frozenset(map(str.lower, rest))))
    figures = [one for one in found if one.near >= _ASKED and one.name in definitions().formulas]
    return max(figures, key=lambda one: (one.near, len(one.name)), default=None)


def _nearest(words: Sequence[str], vectors: Vectors) -> tuple[str, float]:
    """The name of a figure or an item that is said, a figure's and the longest one first, or else
    is nearest."""
    names, said = _names(), f" {' '.join(_stemmed(' '.join(words)))} "
    within = [name for name, core in names.items() if f" {' '.join(_stemmed(core))} " in said]
    if within:
        return max(within, key=lambda name: (name in definitions().formulas, len(name))), 1.0
    stems = set(said.split())
    some = [name for name, core in names.items() if stems & set(_stemmed(core))]
    if not some:
        return "", 0.0
    near = vectors([names[name] for name in some]) @ vectors([" ".join(words)])[0]
    return some[int(near.argmax())], float(near.max())


@cache
def _names() -> dict[str, str]:
    """Names of figures and, as an item alone is no figure's name, labels of items: their words."""
    known = definitions()
    items = (label for labels in known.items.values() for label in labels)
    return {name: " ".join(_core(name, ())) for name in (*known.formulas, *items)}


def _core(text: str, own: Collection[str]) -> list[str]:
    """The words that say what is asked for: without periods, and words of the document's name."""
    kept = []
    for word in words_of(re.sub(r"[’']s\b", "", without_periods(text))):
        small = word.lower()
        slip = len(small) > _SHORT and get_close_matches(small, own, 1, _SLIP)
        empty = small in stop_words("en") or small in own or slip
        if small in definitions().words or not empty:
            kept.append(word)
    return kept


class Statements:
    """The tables of a document, whose rows items are bound to."""

    def __init__(self, document: str, evidence: AnyLibrary, vectors: Vectors) -> None:
        self._vectors = vectors
        self._grids = list(_grids(document, evidence))
        self._periods = [column_periods(grid) for grid in self._grids]
        labels = {row.label for grid in self._grids for row in grid.rows}
        self._stems = {label: frozenset(_stemmed(label)) for label in sorted(labels)}

    def computed(self, named: Named, asked: Question) -> Plan | None:
        """The value that is printed under the name, else what the first formula gives whose items
        are printed. None where another word of the question is of another figure, or in a label:
        what is asked for is of a part of the whole then, or adjusted."""
        if named.rest & (definitions().telling | definitions().other | self._words):
            return None
        printed = self._printed(named.name, asked.periods)
        if printed and (printed.cell.unit == "%" or not asked.for_percent):
            return Plan(printed.grid, LOOKUP, (printed,), score=named.near, figure=True)
        averaged, ending = _MEAN in _words(asked.text), bool(_ENDING.search(asked.text))
        formulas = [one.at_end if ending and not averaged else one for one in named.formulas]
        found = (self._bound(one, asked.periods, averaged) for one in formulas)
        plan = next(filter(None, found), None)
        return replace(plan, score=plan.score * named.near, figure=True) if plan else None

    @cached_property
    def _words(self) -> frozenset[str]:
        """Of all labels and sections."""
        rows = (row for table in self._grids for row in table.rows)
        return frozenset().union(*(_words(f"{row.label} {row.section}") for row in rows))

    def _printed(self, name: str, asked: Asked) -> Operand | None:
        own = frozenset(_stemmed(name))
        near = {label: 1.0 for label, stems in self._stems.items() if stems == own}
        found = self._values(near, asked)
        return found[1][0][1] if found else None

    def _bound(self, formula: Formula, asked: Asked, averaged: bool) -> Plan | None:
        """`averaged`: what a balance sheet has is taken in the mean of beginning and end."""
        found = {item: self._values(self._near(item), asked) for item in formula.items}
        bound = {item: one for item, one in found.items() if one and _is_clear(item, one[1][0][1])}
        if len(bound) < len(found):
            return None
        periods = {item: values[0][0] for item, (_, values) in bound.items()}
        if averaged and any(period.months for period in periods.values()):
            formula = formula.averaged([item for item, p in periods.items() if not p.months])
        if not _fit(formula, list(periods.values()), asked):
            return None
        operands = tuple(
            replace(operand, magnitude=item in definitions().paid and operand.value < 0)
            for item, (_, values) in bound.items()
            for _, operand in values[: 1 + (item in formula.means)]
        )
        if len(operands) < len(formula.items) + len(formula.means):
            return None
        units = {operand.cell.unit for operand in operands} - {""}
        scaled = {bool(operand.grid.scale) for operand in operands}
        if "%" in units or len(units) > 1 or len(scaled) > 1:
            return None
        near = min(score for score, _ in bound.values())
        if len(operands) == 1:
            return Plan(operands[0].grid, LOOKUP, operands, score=near)
        return Plan(operands[0].grid, DEFINED, operands, score=near, formula=formula)

    @cached_property
    def _exact(self) -> dict[str, str]:
        """The items that labels say in one of their own words."""
        own = {
            frozenset(_stemmed(one)): item
            for item, labels in definitions().items.items()
            for one in labels
        }
        return {label: own[stems] for label, stems in self._stems.items() if stems in own}

    @cached_property
    def _said(self) -> list[int]:
        """How many items each table has."""
        rows = [{row.label for row in table.rows} & self._exact.keys() for table in self._grids]
        return [len({self._exact[label] for label in labels}) for labels in rows]

    def _near(self, item: str) -> dict[str, float]:
        """How near labels are to an item, of those that have half the words of one of its own."""
        told = definitions().items[item]
        own = [frozenset(_stemmed(one)) for one in told]
        found = {label: 1.0 for label, said in self._exact.items() if said == item}
        labels = [
            label
            for label, stems in self._stems.items()
            if label not in self._exact and any(2 * len(stems & one) >= len(one) for one in own)
        ]
        if labels:
            near = (self._vectors(labels) @ self._vectors(told).T).max(1)
            found |= zip(labels, near.tolist(), strict=True)
        return found

    def _values(
        self, near: Mapping[str, float], asked: Asked
    ) -> tuple[float, list[tuple[Period, Operand]]] | None:
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

    def _of_row(self, at: int, row: TableRow, asked: Asked) -> list[tuple[Period, Operand]]:
        grid, periods = self._grids[at], self._periods[at]
        dated = [
            (periods[column.index], Operand(row, column, cell, grid))
            for column in grid.columns
            if column.index in periods
            and (cell := grid.cell(row, column))
            and cell.kind == "number"
        ]
        return _ordered(dated, asked)


def _ordered(dated: Sequence[tuple[Period, Operand]], asked: Asked) -> list[tuple[Period, Operand]]:
    """The one of the period that is asked for, or of the last one, then those before that are as
    long. Empty where none or several fit."""
    last = max((period.order for period, _ in dated), default=None)
    fitting = [p for p, _ in dated if (asked.fits(p) if asked.any else p.order == last)]
    if len(fitting) != 1:
        return []
    before = [
        pair
        for pair in dated
        if pair[0].months == fitting[0].months and pair[0].order <= fitting[0].order
    ]
    return sorted(before, key=lambda pair: pair[0].order, reverse=True)


def _fit(formula: Formula, periods: Sequence[Period], asked: Asked) -> bool:
    """Whether all end together. What is set against a balance, or counts days, is of twelve months,
    but where a shorter time is asked for."""
    spans = {period.months for period in periods} - {None}
    same = all(periods[0].same_end(period) for period in periods[1:])
    mixed = bool(spans) and any(period.months is None for period in periods)
    of_year = formula.of_year or (mixed and formula.divides and not asked.months)
    return same and len(spans) <= 1 and (not of_year or spans <= {12})


def _is_clear(item: str, operand: Operand) -> bool:
    """Whether the sign of a value is known: "Income taxes (37)" may be paid or got back."""
    label = operand.row.label.lower()
    doubtful = (operand.value < 0 and "(" not in label) or label.startswith("benefit")
    return item not in definitions().either or not doubtful


def _grids(document: str, evidence: AnyLibrary) -> Iterator[TableGrid]:
    for number in evidence.table_pages(document):
        page = evidence.page(document, number)
        found = (grid(document, page, table) for table in page.tables)
        yield from filter(None, found)


def _is_amount(word: str) -> bool:
    """Whether a word says only how a value is to be given or taken."""
    unit = find_unit(word.removesuffix("age"))
    return word == _MEAN or (unit is not None and unit.name == "%")


def _words(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in words_of(text))


def _stemmed(text: str) -> list[str]:
    """All words: "net" says much here, which search leaves out."""
    return [language_stem(word.lower(), "en") for word in words_of(text)]
