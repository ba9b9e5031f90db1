"""Binds a question to cells of tables: the operation, its rows and its columns, all at once.

Every plan that a table allows is scored by a log-linear choice model (McFadden, Conditional logit
analysis of qualitative choice behavior, 1974), from what its rows and columns have in common with
the question: words, periods, and nearness of meaning. A head over the question's vector tells the
operation. The weights are those of benchmarks/fitting/fit_tables.py, for each of the two embedding
models that Pincite comes with; by another model nothing is bound.
"""

import math
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from assistant.answering.tables.beside import (
    NOTHING,
    Beside,
    Floats,
    Question,
    Vectors,
    Weights,
    prose,
)
from assistant.answering.tables.compute import (
    AVERAGE,
    COUNT,
    DIFFERENCE,
    GROWTH,
    HIGHEST,
    LOOKUP,
    LOWEST,
    OPERATIONS,
    RATIO,
    SUM,
    Plan,
    best,
    result,
)
from assistant.answering.tables.definitions import Named, defined
from assistant.answering.tables.grid import Operand, TableGrid, grid
from ingest.language.words import language_of_question
from vectorstore.federation import AnyLibrary
from vectorstore.naming.document_names import words_of
from vectorstore.retrieval.fusion import Hit

Cells = tuple[tuple[int, int], ...]  # row and column of each
_NAME = re.compile(r"\b[A-Z][\w&.-]*")
_WIDE = 12  # columns that are tried in pairs, the first ones
_MOST = 100  # columns of a table that is looked at
_TIME = re.compile(r"(?i)\b(?:when|years?|quarters?|months?|periods?|dates?|days?)\b")


def plans(beside: Beside) -> list[tuple[str, Cells]]:
    """Every plan that the table allows: operations over single cells, over columns of one row, over
    pairs of rows, and over all rows of a section."""
    columns = range(len(beside.heads))
    found: list[tuple[str, Cells]] = [
        (LOOKUP, (place,))
        for place in beside.numbers
        if place[0] in beside.meant and place[1] in beside.said_columns
    ]
    for r in beside.tried:
        found += _of_row(beside, r, [c for c in columns if (r, c) in beside.numbers])
    for c in columns:
        paired = [r for r in beside.closest if (r, c) in beside.numbers]
        for one, other in combinations(paired, 2):
            found += _of_rows(beside, one, other, c)
        found += _of_sections(beside, c)
    return found


def _of_row(beside: Beside, row: int, columns: Sequence[int]) -> Iterator[tuple[str, Cells]]:
    order = {c: period.order for c in columns if (period := beside.periods[c])}
    for one, other in combinations(columns[:_WIDE], 2):
        later, earlier = one, other
        both = order if one in order and other in order else _mentioned(beside, one, other)
        if both.get(one, ()) < both.get(other, ()):
            later, earlier = other, one
        pair = ((row, later), (row, earlier))
        yield from ((operation, pair) for operation in (DIFFERENCE, GROWTH, AVERAGE, SUM, RATIO))
        yield RATIO, pair[::-1]
    dated = [c for c in columns if c in order]
    for some in {tuple(dated), tuple(columns)}:
        if len(some) > 1:
            cells = tuple((row, c) for c in some)
            wide = (AVERAGE, SUM) if len(some) > 2 else ()
            yield from ((op, cells) for op in (HIGHEST, LOWEST, *wide))


def _mentioned(beside: Beside, *columns: int) -> dict[int, tuple[int, ...]]:
    """Where a question names columns without a period, if all of them: "from H1 to H2"."""
    said = beside.asked.stemmed(beside.asked.text)
    own = {c: beside.head_stems[c].difference(*(beside.head_stems[o] for o in columns if o != c))
           for c in columns}  # fmt: skip
    places = {c: [said.index(stem) for stem in own[c] if stem in said] for c in columns}
    return {c: (min(at),) for c, at in places.items()} if all(places.values()) else {}


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
            some = (SUM, AVERAGE, HIGHEST, LOWEST)
            yield from ((operation, cells) for operation in some)


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
    shares: Floats = found / found.sum(1, keepdims=True)
    return shares


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
        *_extremes(beside, operations, several_rows > 1, several > 1),
    ]  # fmt: skip
    for operation in OPERATIONS:
        here = operations == operation
        told += [here, here & (several_rows == 2), here & (several_rows > 2)]
    return np.stack([np.asarray(one, np.float32) for one in told], 1)


def _extremes(
    beside: Beside, operations: NDArray[np.str_], over_rows: NDArray[np.bool_],
    over_columns: NDArray[np.bool_],
) -> list[NDArray[np.bool_]]:  # fmt: skip
    """Whether an extreme is of what is asked for: of times, or of what the corner names."""
    extreme = np.isin(operations, (HIGHEST, LOWEST))
    of_time = bool(_TIME.search(beside.asked.text))
    of_corner = bool(beside.corner & set(beside.asked.stems))
    return [
        extreme & over_columns & of_time, extreme & over_columns & (not of_time),
        extreme & over_rows & of_corner, extreme & over_columns & of_corner,
    ]  # fmt: skip


def _times(
    beside: Beside, rows: Floats, columns: Floats, sizes: Sequence[int]
) -> list[NDArray[np.float32]]:
    """Whether a plan has the periods of the question, and no others."""
    asked, years = beside.asked, beside.asked.years
    fits = np.array([p is not None and asked.periods.fits(p) for p in beside.periods], np.float32)
    row_fits = np.array([bool(of & set(years)) for of in beside.row_years], np.float32)
    hit = np.zeros(len(rows), np.float32)
    for year in years:
        at = [
            period.year == year and (asked.periods.fits(period) or period.months in (None, 12))
            if period else str(year) in head
            for period, head in zip(beside.periods, beside.heads, strict=True)
        ]  # fmt: skip
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
        [np.mean([beside.operands[p].cell.unit == "%" or "%" in beside.heads[p[1]] for p in cells])
         for _, cells in tried], np.float32,
    )  # fmt: skip
    asks = float(beside.asked.for_percent)
    mixed = [len({beside.operands[p].cell.unit for p in cells} - {""}) > 1 for _, cells in tried]
    first, last = (
        np.array([abs(beside.numbers[cells[end]]) for _, cells in tried]) for end in (0, -1)
    )
    found = [
        rated * asks, rated * (1 - asks), (1 - rated) * asks * (operations == LOOKUP),
        rated * np.isin(operations, (GROWTH, RATIO)), rated * asks * (operations == DIFFERENCE),
        (rated > 0) & (rated < 1), mixed, (operations == RATIO) & (first <= last),
    ]  # fmt: skip
    return [np.asarray(one, np.float32) for one in found]


# -- Chooses: the tables near a question, the plan that fits best, and whether it is an answer

_PASSAGES = 60  # of the search, whose pages' tables are looked at
_TABLES = 6  # of them that are bound, the ones with most of the question's words
_TOLD = 40  # plans whose results are compared, the best ones
_NOTHING = np.log(0.9)  # log-probability from which no table is looked at further
_LIKELY = np.log(0.5)  # log-probability of an operation that is computed
SURE = 0.6  # probability from which a plan is an answer

SIGNS = ("chance", "operation", "covered around", "covered on page", "years", "periods",
         "unknown names", "left", "count", "extreme")  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """The plan that fits a question best."""

    plan: Plan
    signs: Floats  # of its being right, see SIGNS

    def chance(self, weights: Weights) -> float:
        """The probability that it is right."""
        odds = float(self.signs @ weights.sure[:-1] + weights.sure[-1])
        return 1 / (1 + math.exp(min(-odds, 700.0)))


def choose(
    question: str, evidence: AnyLibrary, documents: Collection[str] | None = None
) -> Plan | None:
    """The plan that answers a question, with its probability as score; None when none surely does,
    for questions that are not in English, and for libraries of other embedding models than the two
    that weights are fitted to."""
    vectors, asked = Vectors(evidence.embedder()), Question(question)
    left = asked.asks_whether or not asked.stems  # a value is no yes
    if left or vectors.weights is None or language_of_question(question) != "en":
        return None
    hits = evidence.passages(question, _PASSAGES, documents)
    named, figure = defined(asked, evidence, documents, vectors, hits)
    if figure:
        return figure
    found = list(grids_near(hits, evidence))
    names = dict.fromkeys(grid.document for grid in found)
    first = {name: prose(evidence.page(name, 1)) for name in names}
    near = _nearest([Beside(asked, grid, vectors, first[grid.document]) for grid in found])
    near = [beside for beside in near if beside.operations[NOTHING] < _NOTHING]
    plan = _sure(near, vectors.weights)
    return plan if plan is None or named is None or _prints(plan, named) else None


def _prints(plan: Plan, named: Named) -> bool:
    """Whether a row has the whole name of a figure: no other one answers for it."""
    row = plan.operands[0].row
    label = {word.lower() for word in words_of(f"{row.label} {row.section}")}
    return label >= named.rest | {word.lower() for word in words_of(named.name)}


def _sure(near: Sequence[Beside], weights: Weights) -> Plan | None:
    tried = [plans(beside) for beside in near]
    signs = [features(*pair) for pair in zip(near, tried, strict=True) if pair[1]]
    choice = chosen(near, weights, tried, np.concatenate(signs)) if signs else None
    if choice is None or (near[0].asked.for_percent and _amount(choice.plan)):
        return None
    likely = choice.signs[SIGNS.index("operation")] >= _LIKELY
    sure = choice.chance(weights)
    return replace(choice.plan, score=sure) if likely and sure >= SURE else None


def _amount(plan: Plan) -> bool:
    """Whether a value that is looked up can be no percentage."""
    cell = plan.operands[0].cell
    return plan.operation == LOOKUP and cell.unit != "%" and abs(plan.operands[0].value) > 100


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
    order = np.argsort(-scores, kind="stable")[:_TOLD]
    chances = np.exp(scores - scores.max())
    chances /= chances.sum()
    made = [(int(at), plan_of(every[at][0], *every[at][1])) for at in order]
    told = [(at, plan, answer) for at, plan in made if (answer := answer_of(plan)) is not None]
    if not told:
        return None
    first, plan, answer = told[0]
    same = sum(chances[at] for at, _, other in told if other == answer)
    beside = every[first][0]
    return Choice(plan, _signs(beside, signs[first], float(same), plan))


def plan_of(beside: Beside, operation: str, cells: Cells) -> Plan:
    """A plan of `plans`, with its cells as operands."""
    operands = [beside.operands[cell] for cell in cells]
    if operation == RATIO:
        operands = [_without_direction(operand) for operand in operands]
    return Plan(operands[0].grid, operation, tuple(operands))


def _without_direction(operand: Operand) -> Operand:
    """Without a sign that tells only that it is paid: its label names no loss."""
    label = f"{operand.row.label} {operand.row.section}"
    paid = operand.value < 0 and "(" not in operand.row.label and "loss" not in label.lower()
    return replace(operand, magnitude=paid)


def answer_of(plan: Plan) -> tuple[object, ...] | None:
    """What a plan answers: plans with the same answer do not contradict each other. None where
    nothing can be computed."""
    value = result(plan) if _comparable(plan) else None
    if value is None:
        return None
    if plan.operation not in (HIGHEST, LOWEST):
        return (f"{value:.6g}",)
    rows = len({operand.row.index for operand in plan.operands}) > 1
    names = [one.row.label if rows else one.column.label for one in best(plan)]
    return (value, *sorted(names))


def _comparable(plan: Plan) -> bool:
    """Whether values have one unit and one scale. Statements write "$" in the first row alone."""
    units = {operand.cell.unit for operand in plan.operands}
    scales = {operand.grid.scale_of(operand.row, operand.cell) for operand in plan.operands}
    return len(units - {""}) <= 1 and units != {"", "%"} and len(scales) == 1


def _signs(beside: Beside, row: Floats, same: float, plan: Plan) -> Floats:
    """See SIGNS; `row`: the features of the plan."""
    asked, whole = beside.asked, len(ROW) * 2 + len(COLUMN) * 2
    names = frozenset(asked.stemmed(" ".join(_NAME.findall(asked.core[1:]))))
    found = [
        np.log(max(same, 1e-3)), max(row[whole], -8.0), *row[whole + 2 : whole + 4],
        row[whole + 4] if asked.years else 1.0, row[whole + 5] if asked.periods.any else 1.0,
        len(names - (beside.words | beside.near | beside.page)),
        (1 - row[whole + 2]) * len(asked.stems),
        plan.operation == COUNT, plan.operation in (HIGHEST, LOWEST),
    ]  # fmt: skip
    return np.array(found, np.float32)


def _nearest(near: Sequence[Beside]) -> list[Beside]:
    """The tables that have most of the question's words; `near` has the best hits first."""
    order = sorted(range(len(near)), key=lambda at: (-near[at].words_said - 1 / (2 + at), at))
    return [near[at] for at in order[:_TABLES]]


def grids(
    question: str, evidence: AnyLibrary, documents: Collection[str] | None
) -> Iterator[TableGrid]:
    """The tables near a question."""
    return grids_near(evidence.passages(question, _PASSAGES, documents), evidence)


def grids_near(hits: Sequence[Hit], evidence: AnyLibrary) -> Iterator[TableGrid]:
    """The tables on the pages of the hits, and all those of the best document."""
    if not hits:
        return
    places = [(hit.document, hit.page) for hit in hits]
    places += [(hits[0].document, page) for page in evidence.table_pages(hits[0].document)]
    for document, number in dict.fromkeys(places):
        page = evidence.page(document, number)
        for table in page.tables:
            found = grid(document, page, table)
            if found is not None and len(found.columns) <= _MOST:
                yield found
