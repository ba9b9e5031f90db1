"""Binds a question to cells of tables: the operation, its rows and its columns, all at once.

Every plan that a table allows is scored by a log-linear choice model (McFadden, Conditional logit
analysis of qualitative choice behavior, 1974), from what its rows and columns have in common with
the question: words, periods, and nearness of meaning. A head over the question's vector tells the
operation. No rule knows the words of a question. The weights are those of
benchmarks/fitting/fit_tables.py, for each of the two embedding models that Pincite comes with; by
another model nothing is bound.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.answering.tables.compute import (
    AVERAGE,
    DIFFERENCE,
    GROWTH,
    HIGHEST,
    LOOKUP,
    LOWEST,
    OPERATIONS,
    RATIO,
    SUM,
    best,
    result,
)
from assistant.answering.tables.grid import Operand, Plan, TableGrid, grid, is_year, terms
from assistant.answering.tables.periods import asked_periods, column_periods, without_periods
from ingest.language.identify import language_of_question
from ingest.language.quantities import find_unit
from ingest.language.words import language_stem, name_parts, stop_words
from vectorstore.embedding.embedder import Embedder
from vectorstore.federation import AnyLibrary

Floats = NDArray[np.float32]
Cells = tuple[tuple[int, int], ...]  # row and column of each
NOTHING = "none"  # no value of a table answers
CLASSES = (*OPERATIONS, NOTHING)
_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_NAME = re.compile(r"\b[A-Z][\w&.-]*")
_PAIRED = 8  # rows that are tried in pairs, the closest ones
_WEIGHTS = Path(__file__).with_name("weights.npz")


class Question:
    """A question, as words and periods."""

    def __init__(self, text: str) -> None:
        self.text, self._language = text, language_of_question(text)
        self.periods = asked_periods(text)
        told = [*self.periods.years, *(day.year or 0 for day in self.periods.days)]
        self.years = sorted({*told, *(year for year, _ in self.periods.quarters)})
        self.core = without_periods(text) or text
        self.stems = tuple(dict.fromkeys(self.stemmed(self.core)))

    @property
    def for_percent(self) -> bool:
        """Whether it names percentages."""
        words = re.findall(r"%|[^\W\d_]+", self.text)
        units = (find_unit(word.lower().removesuffix("age")) for word in words)
        return any(unit is not None and unit.name == "%" for unit in units)

    def stemmed(self, text: str) -> list[str]:
        """The stems of the words that say something, in the question's language."""
        small = stop_words(self._language)
        words = [word.lower() for word in _WORD.findall(re.sub(r"[’']s\b", "", text))]
        return [language_stem(word, self._language) for word in words if word not in small]

    def masked(self, known: Collection[str]) -> str:
        """What tells the operation: the words that a table has, too, become "_"."""
        words = re.findall(r"[^\W_]+|[%$€£]", self.core)
        return " ".join("_" if set(self.stemmed(word)) & set(known) else word for word in words)


class Vectors:
    """Texts as vectors, each computed once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Floats] = {}

    @property
    def weights(self) -> "Weights | None":
        """What was fitted to its vectors; None for another model."""
        return _fitted(self._embedder.identity)

    def __call__(self, texts: Sequence[str]) -> Floats:
        """Shape (len(texts), dimensions)."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known |= zip(new, self._embedder.passages(new) if new else (), strict=True)
        found: Floats = np.stack([self._known[text] for text in texts])
        return found


@dataclass(frozen=True)
class Weights:
    """Fitted by benchmarks/fitting/fit_tables.py, leaving the tested documents out."""

    operation: Floats  # (2 * dimensions + 1, classes): a logistic regression, its bias last
    plan: Floats  # (len(FEATURES),)
    sure: Floats  # (len(SIGNS) + 1,): a logistic regression, its bias last


@cache
def _fitted(identity: str) -> Weights | None:
    name = identity.split(":")[0]
    if not _WEIGHTS.exists():
        return None  # before they are fitted
    with np.load(_WEIGHTS) as file:
        if f"{name}/plan" not in file or str(file[f"{name}/identity"]) != identity:
            return None
        parts = [
            file[f"{name}/{part}"].astype(np.float32) for part in ("operation", "plan", "sure")
        ]
    return Weights(*parts)


class Beside:
    """A table beside a question. Rows and columns are numbered as in the grid."""

    def __init__(self, asked: Question, grid: TableGrid, vectors: Vectors, about: str = "") -> None:
        """`about`: the first page of its document."""
        page = grid.page
        self.asked, self.grid, self.vectors = asked, grid, vectors
        places = [(r, c) for r in range(len(grid.rows)) for c in range(len(grid.columns))]
        cells = {(r, c): grid.cell(grid.rows[r], grid.columns[c]) for r, c in places}
        self.units = {p: cell.unit for p, cell in cells.items() if cell and cell.kind == "number"}
        self.numbers = {p: float(cells[p].value) for p in self.units}  # type: ignore
        self.labels = [_line(row.label) for row in grid.rows]
        self.heads = [_line(column.label) for column in grid.columns]
        self.sections = [_line(row.section) for row in grid.rows]
        self.total = [row.total for row in grid.rows]
        periods = column_periods(grid)
        self.periods = [periods.get(column.index) for column in grid.columns]
        self.row_years = [{int(t) for t in terms(label) if is_year(t)} for label in self.labels]
        self.near = frozenset(asked.stemmed(f"{grid.near} {grid.prose} {grid.corner}"))
        inside = {n for t in page.tables for n in range(t.first, t.last + 1)}
        text = " ".join(line.text for n, line in enumerate(page.lines) if n not in inside)
        names = name_parts(grid.document)
        self.page = frozenset(asked.stemmed(f"{page.title} {names} {about} {text}"))

    @cached_property
    def label_stems(self) -> list[frozenset[str]]:
        return [frozenset(self.asked.stemmed(label)) for label in self.labels]

    @cached_property
    def section_stems(self) -> list[frozenset[str]]:
        return [frozenset(self.asked.stemmed(section)) for section in self.sections]

    @cached_property
    def head_stems(self) -> list[frozenset[str]]:
        return [frozenset(self.asked.stemmed(head)) for head in self.heads]

    @cached_property
    def words(self) -> frozenset[str]:
        """The stems of labels, sections and heads."""
        return frozenset().union(*self.label_stems, *self.section_stems, *self.head_stems)

    @cached_property
    def words_said(self) -> float:
        """The share of the question's words that its best row, its heads and its caption have."""
        others = self.near.union(*self.head_stems)
        said = set(self.asked.stems)
        rows = [a | b for a, b in zip(self.label_stems, self.section_stems, strict=True)]
        best = max(
            (len(said & stems) + len(said & (others - stems)) / 2 for stems in rows), default=0
        )
        return best / max(len(said), 1)

    @cached_property
    def question_vectors(self) -> Floats:
        """Of the question, and of what tells its operation: both one behind the other."""
        texts = [self.asked.core, self.asked.masked(self.words) or "-"]
        return np.concatenate(self.vectors(texts))

    @cached_property
    def operations(self) -> dict[str, float]:
        """The log-probability of each."""
        weights = self.vectors.weights
        assert weights is not None  # see `choose`
        return log_probabilities(self.question_vectors, weights.operation)

    @cached_property
    def row_signs(self) -> Floats:
        """(rows, ROW): nearness, and words in common."""
        core, said = self.vectors([self.asked.core])[0], set(self.asked.stems)
        near = self.vectors([label or "-" for label in self.labels]) @ core
        pairs = zip(self.labels, self.sections, strict=True)
        whole = self.vectors([f"{a or '-'} ({b})" if b else a or "-" for a, b in pairs]) @ core
        low, rare = self.asked.text.lower(), self._rarity
        signs = [
            [
                near[r], max(near[r], whole[r]), _share(stems, said, rare),
                _share(self.section_stems[r], said, rare),
                len(self.labels[r]) > 3 and self.labels[r].lower() in low,
                not stems & said, len(stems & said) / max(len(said), 1), self.total[r],
            ]
            for r, stems in enumerate(self.label_stems)
        ]  # fmt: skip
        found = np.array(signs, np.float32)
        return np.concatenate([found, found[:, :3] - found[:, :3].max(0)], 1)

    @cached_property
    def _rarity(self) -> dict[str, float]:
        count = len(self.labels)
        return {
            word: float(np.log(1 + count / sum(word in stems for stems in self.label_stems)))
            for word in frozenset().union(*self.label_stems)
        }

    @cached_property
    def column_signs(self) -> Floats:
        """(columns, COLUMN)."""
        core, said = self.vectors([self.asked.core])[0], set(self.asked.stems)
        near = self.vectors([head or "-" for head in self.heads]) @ core
        worded = [frozenset(w for w in stems if not w.isdigit()) for stems in self.head_stems]
        signs = [
            [
                near[c], _share(stems, said, {}), not stems,
                self.grid.columns[c].change and self.periods[c] is None,
                self.periods[c] is not None, len(stems & said) / max(len(said), 1),
                len(stems - said),
            ]
            for c, stems in enumerate(worded)
        ]  # fmt: skip
        found = np.array(signs, np.float32)
        return np.concatenate([found, found[:, [0, 1, 5]] - found[:, [0, 1, 5]].max(0)], 1)


def log_probabilities(vectors: Floats, head: Floats) -> dict[str, float]:
    """Of each operation, by the head of `Weights`."""
    scores = vectors @ head[:-1] + head[-1]
    scores -= scores.max()
    return dict(zip(CLASSES, (scores - np.log(np.exp(scores).sum())).tolist(), strict=True))


def plans(beside: Beside) -> list[tuple[str, Cells]]:
    """Every plan that the table allows: operations over single cells, over columns of one row, over
    pairs of rows, and over all rows of a section."""
    rows, columns = range(len(beside.labels)), range(len(beside.heads))
    found: list[tuple[str, Cells]] = [(LOOKUP, (place,)) for place in beside.numbers]
    for r in rows:
        found += _of_row(beside, r, [c for c in columns if (r, c) in beside.numbers])
    closest = np.argsort(-(beside.row_signs[:, 0] + beside.row_signs[:, 2]))[:_PAIRED]
    for c in columns:
        paired = sorted(int(r) for r in closest if (int(r), c) in beside.numbers)
        for one, other in combinations(paired, 2):
            found += _of_rows(beside, one, other, c)
        found += _of_sections(beside, c)
    return found


def _of_row(beside: Beside, row: int, columns: Sequence[int]) -> Iterator[tuple[str, Cells]]:
    order = {c: period.order for c in columns if (period := beside.periods[c])}
    for one, other in combinations(columns, 2):
        later, earlier = one, other
        if one in order and other in order and order[one] < order[other]:
            later, earlier = other, one
        pair = ((row, later), (row, earlier))
        yield from ((operation, pair) for operation in (DIFFERENCE, GROWTH, AVERAGE, SUM, RATIO))
        yield RATIO, pair[::-1]
    dated = [c for c in columns if c in order]
    for some in {tuple(dated), tuple(columns)}:
        if len(some) > 1:
            cells = tuple((row, c) for c in some)
            wide = (AVERAGE, SUM) if len(some) > 2 else ()
            yield from ((operation, cells) for operation in (HIGHEST, LOWEST, *wide))


def _of_rows(beside: Beside, one: int, other: int, column: int) -> Iterator[tuple[str, Cells]]:
    """Rows of years are compared with the earlier one, others in the order of the question."""
    years = [max(beside.row_years[row], default=0) for row in (one, other)]
    said = beside.asked.stems
    places = [
        min((said.index(stem) for stem in beside.label_stems[row] if stem in said), default=99)
        for row in (one, other)
    ]
    turned = years[0] < years[1] if all(years) else places[1] < places[0]
    first, last = (other, one) if turned else (one, other)
    pair = ((first, column), (last, column))
    yield from ((operation, pair) for operation in (DIFFERENCE, GROWTH, AVERAGE, SUM, RATIO))
    yield RATIO, pair[::-1]


def _of_sections(beside: Beside, column: int) -> Iterator[tuple[str, Cells]]:
    sections: dict[str, list[int]] = {}
    for row, section in enumerate(beside.sections):
        if (row, column) in beside.numbers and not beside.total[row]:
            sections.setdefault(section, []).append(row)
    every = [row for rows in sections.values() for row in rows]
    years = beside.asked.years
    between = [
        r for r in every if years and any(years[0] <= y <= years[-1] for y in beside.row_years[r])
    ]
    groups = [*sections.values(), every, between]
    for rows in dict.fromkeys(map(tuple, groups)):
        if len(rows) > 1:
            cells = tuple((row, column) for row in rows)
            yield from ((operation, cells) for operation in (SUM, AVERAGE, HIGHEST, LOWEST))


ROW = ("near", "with section", "said", "section said", "as written", "unsaid", "of question",
       "total", "less near", "less with section", "less said")  # fmt: skip
COLUMN = ("near", "said", "undescribed", "change", "dated", "of question", "beside the question",
          "less near", "less said", "less of question")  # fmt: skip


def features(beside: Beside, tried: Sequence[tuple[str, Cells]]) -> Floats:
    """(plans, features): means and minima over rows and columns, and of the whole plan."""
    rows, columns = _members(tried, 0, len(beside.labels)), _members(tried, 1, len(beside.heads))
    ends = np.array([[cells[0], cells[-1]] for _, cells in tried])
    row, column = beside.row_signs, beside.column_signs
    few = (rows > 0).sum(1) <= 2
    lowest = np.minimum(row[ends[:, 0, 0]], row[ends[:, 1, 0]])
    mean = rows @ row
    parts = [
        mean, np.where(few[:, None], lowest, mean),
        columns @ column, np.minimum(column[ends[:, 0, 1]], column[ends[:, 1, 1]]),
        _whole(beside, tried, rows, columns, ends),
    ]  # fmt: skip
    return np.concatenate(parts, 1).astype(np.float32)


def _members(tried: Sequence[tuple[str, Cells]], axis: int, size: int) -> Floats:
    """(plans, size): which rows or columns a plan has, as shares of 1."""
    found = np.zeros((len(tried), size), np.float32)
    for at, (_, cells) in enumerate(tried):
        found[at, [cell[axis] for cell in cells]] = 1
    return found / found.sum(1, keepdims=True)


def _covered(beside: Beside, rows: Floats, columns: Floats) -> NDArray[np.bool_]:
    """(plans, stems of the question): whether a label or head says it; of many rows, each."""
    said = beside.asked.stems
    labels = [a | b for a, b in zip(beside.label_stems, beside.section_stems, strict=True)]
    in_rows = np.array([[word in stems for word in said] for stems in labels], np.float32)
    in_heads = np.array([[word in s for word in said] for s in beside.head_stems], np.float32)
    by_rows = rows @ in_rows.reshape(len(labels), len(said))
    needed = np.where((rows > 0).sum(1) > 2, 1 - 1e-4, 1e-4)[:, None]
    return (by_rows >= needed) | (columns @ in_heads.reshape(len(beside.heads), len(said)) > 0)


def _whole(
    beside: Beside, tried: Sequence[tuple[str, Cells]], rows: Floats, columns: Floats,
    ends: NDArray[np.int_],
) -> Floats:  # fmt: skip
    asked, count = beside.asked, len(tried)
    covered = _covered(beside, rows, columns)
    holding = [sum(word in stems for stems in beside.label_stems) for word in asked.stems]
    rare = np.log(1 + len(beside.labels) / np.maximum(holding, 1))
    around = np.array([word in beside.near for word in asked.stems], bool)
    on_page = np.array([word in beside.page for word in asked.stems], bool)
    total = max(float(rare.sum()), 1e-6)
    several_rows, several = (rows > 0).sum(1), (columns > 0).sum(1)
    operations = np.array([operation for operation, _ in tried])
    told = [
        np.array([beside.operations[operation] for operation in operations]),
        covered @ rare / total if len(rare) else np.zeros(count),
        (covered | around) @ rare / total if len(rare) else np.zeros(count),
        (covered | around | on_page) @ rare / total if len(rare) else np.zeros(count),
        *_times(beside, rows, columns, [len(cells) for _, cells in tried]),
        several_rows > 2, several_rows == 2, several > 1, several > 2,
        *_amounts(beside, tried, operations),
        (operations == RATIO) & np.array(beside.total)[ends[:, 1, 0]],
    ]  # fmt: skip
    for operation in OPERATIONS:
        here = operations == operation
        told += [here, here & (several_rows == 2), here & (several_rows > 2)]
    return np.stack([np.asarray(one, np.float32) for one in told], 1)


def _times(
    beside: Beside, rows: Floats, columns: Floats, sizes: Sequence[int]
) -> list[NDArray[np.float32]]:
    """Whether a plan has the periods of the question, and no others."""
    asked, years = beside.asked, beside.asked.years
    fits = np.array([p is not None and asked.periods.fits(p) for p in beside.periods], np.float32)
    row_fits = np.array([bool(of & set(years)) for of in beside.row_years], np.float32)
    hit = np.zeros(len(rows), np.float32)
    for year in years:
        at = [(p is not None and p.year == year) or str(year) in head
              for p, head in zip(beside.periods, beside.heads, strict=True)]  # fmt: skip
        in_rows = [year in of for of in beside.row_years]
        hit += (columns @ np.array(at, np.float32) > 0) | (rows @ np.array(in_rows, np.float32) > 0)
    last = max((period.order for period in beside.periods if period), default=None)
    latest = np.array([p is not None and p.order == last for p in beside.periods], np.float32)
    dated_rows = np.array([bool(of) for of in beside.row_years], np.float32)
    several = np.maximum((columns > 0).sum(1), (rows > 0) @ dated_rows)  # periods
    spread = years[-1] - years[0] + 1 if years else 0
    dated = sum(period is not None for period in beside.periods)
    none = not asked.periods.any
    found = [
        hit / len(years) if years else hit,
        np.maximum(columns @ fits, rows @ row_fits) if asked.periods.any else hit * 0,
        (np.array(sizes) <= 2) & (np.array(sizes) > max(len(years), 1)),
        none * (columns @ latest),
        none & (several == dated) & (several > 1),
        bool(years) & ((several == spread) | (several == len(years))) & (several > 1),
        (several == spread) & (several > 2),
    ]
    return [np.asarray(one, np.float32) for one in found]


def _amounts(
    beside: Beside, tried: Sequence[tuple[str, Cells]], operations: NDArray[np.str_]
) -> list[NDArray[np.float32]]:
    """Whether values are percentages where the question is for some, in one unit, and in order."""
    rated = np.array(
        [np.mean([beside.units[p] == "%" or "%" in beside.heads[p[1]] for p in cells])
         for _, cells in tried], np.float32,
    )  # fmt: skip
    asks = float(beside.asked.for_percent)
    mixed = [len({beside.units[p] for p in cells} - {""}) > 1 for _, cells in tried]
    first, last = (
        np.array([abs(beside.numbers[cells[end]]) for _, cells in tried]) for end in (0, -1)
    )
    found = [
        rated * asks, rated * (1 - asks), (1 - rated) * asks * (operations == LOOKUP),
        rated * np.isin(operations, (GROWTH, RATIO)), rated * asks * (operations == DIFFERENCE),
        (rated > 0) & (rated < 1), mixed, (operations == RATIO) & (first <= last),
    ]  # fmt: skip
    return [np.asarray(one, np.float32) for one in found]


def _line(text: str) -> str:
    return " ".join(text.split()).rstrip(":")


def _share(words: Collection[str], said: Collection[str], rare: dict[str, float]) -> float:
    whole = sum(rare.get(word, 1.0) for word in words)
    return sum(rare.get(word, 1.0) for word in words if word in said) / whole if whole else 0.0


# -- Chooses: the tables near a question, the plan that fits best, and whether it is an answer

_PASSAGES = 60  # of the search, whose pages' tables are looked at
_TABLES = 6  # of them that are bound, the ones with most of the question's words
_TOLD = 40  # plans whose results are compared, the best ones
SURE = 0.5  # probability from which a plan is an answer

SIGNS = ("chance", "lead", "operation", "nothing", "covered", "covered around", "covered on page",
         "near", "years", "unknown names")  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """The plan that fits a question best."""

    plan: Plan
    signs: Floats  # of its being right, see SIGNS

    def chance(self, weights: Weights) -> float:
        """The probability that it is right."""
        return float(1 / (1 + np.exp(-(self.signs @ weights.sure[:-1] + weights.sure[-1]))))


def choose(
    question: str, evidence: AnyLibrary, documents: Collection[str] | None = None
) -> Plan | None:
    """The plan that answers a question, with its probability as score; None when none surely does,
    and for libraries of other embedding models than the two that weights are fitted to."""
    vectors, asked = Vectors(evidence.embedder()), Question(question)
    if vectors.weights is None or not asked.stems:
        return None
    near = list(_near(asked, evidence, documents, vectors))
    tried = [plans(beside) for beside in near]
    signs = [features(*pair) for pair in zip(near, tried, strict=True) if pair[1]]
    choice = chosen(near, vectors.weights, tried, np.concatenate(signs)) if signs else None
    sure = choice.chance(vectors.weights) if choice else 0.0
    return replace(choice.plan, score=sure) if choice and sure >= SURE else None


def chosen(
    near: Sequence[Beside], weights: Weights, tried: Sequence[Sequence[tuple[str, Cells]]],
    signs: Floats,
) -> Choice | None:  # fmt: skip
    """The best plan of all tables; None without one. `tried` are their plans, `signs` the features
    of all of them, in this order."""
    every = [(beside, plan) for beside, some in zip(near, tried, strict=True) for plan in some]
    if not every:
        return None
    scores = signs @ weights.plan
    order = np.argsort(-scores)[:_TOLD]
    chances = np.exp(scores - scores.max())
    chances /= chances.sum()
    made = [(int(at), _plan(every[at][0], *every[at][1])) for at in order]
    told = [(at, plan, answer) for at, plan in made if (answer := answer_of(plan)) is not None]
    if not told:
        return None
    first, plan, answer = told[0]
    same = sum(chances[at] for at, _, other in told if other == answer)
    rival = next((scores[at] for at, _, other in told if other != answer), scores[first] - 10)
    beside = every[first][0]
    return Choice(plan, _signs(beside, signs[first], float(same), float(scores[first] - rival)))


def _plan(beside: Beside, operation: str, cells: Cells) -> Plan:
    operands = []
    for row, column in cells:
        cell = beside.grid.cell(beside.grid.rows[row], beside.grid.columns[column])
        assert cell is not None  # plans are made of numbers
        made = Operand(beside.grid.rows[row], beside.grid.columns[column], cell, beside.grid)
        operands.append(_without_direction(made) if operation == RATIO else made)
    return Plan(beside.grid, operation, tuple(operands))


def _without_direction(operand: Operand) -> Operand:
    """Without a sign that tells only that it is paid: its label names no loss."""
    label = f"{operand.row.label} {operand.row.section}"
    paid = operand.value < 0 and "(" not in operand.row.label and "loss" not in label.lower()
    return replace(operand, magnitude=paid)


def answer_of(plan: Plan) -> tuple[object, ...] | None:
    """What a plan answers: plans with the same answer do not contradict each other. None where
    nothing can be computed."""
    value = result(plan)
    if value is None:
        return None
    if plan.operation not in (HIGHEST, LOWEST):
        return (round(value, 6),)
    rows = len({operand.row.index for operand in plan.operands}) > 1
    names = [one.row.label if rows else one.column.label for one in best(plan)]
    return (value, *sorted(names))


def _signs(beside: Beside, row: Floats, same: float, lead: float) -> Floats:
    """See SIGNS; `row`: the features of the plan."""
    asked = beside.asked
    told = beside.words | beside.near | beside.page
    names = frozenset(asked.stemmed(" ".join(_NAME.findall(asked.text[1:]))))
    whole = len(ROW) * 2 + len(COLUMN) * 2
    found = [
        same, min(lead, 10.0), row[whole], beside.operations[NOTHING], *row[whole + 1 : whole + 4],
        row[0], row[whole + 4] if asked.years else 1.0, len(names - told),
    ]  # fmt: skip
    return np.array(found, np.float32)


def _near(
    asked: Question, evidence: AnyLibrary, documents: Collection[str] | None, vectors: Vectors
) -> Iterator[Beside]:
    """The tables near a question that have most of its words."""
    found = list(grids(asked.text, evidence, documents))
    first = {name: evidence.page(name, 1).text for name in {grid.document for grid in found}}
    near = [Beside(asked, grid, vectors, first[grid.document]) for grid in found]
    order = sorted(range(len(near)), key=lambda at: (-near[at].words_said - 1 / (2 + at), at))
    return (near[at] for at in order[:_TABLES])


def grids(
    question: str, evidence: AnyLibrary, documents: Collection[str] | None
) -> Iterator[TableGrid]:
    """The tables on the pages of the best passages, and all those of the best document."""
    hits = evidence.passages(question, _PASSAGES, documents)
    if not hits:
        return
    places = [(hit.document, hit.page) for hit in hits]
    places += [(hits[0].document, table.page) for table in evidence.tables(hits[0].document)]
    for document, number in dict.fromkeys(places):
        page = evidence.page(document, number)
        for table in page.tables:
            if (found := grid(document, page, table)) is not None:
                yield found
