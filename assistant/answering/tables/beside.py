"""A table beside a question: what its rows and columns have in common with it."""

from collections.abc import Collection
from functools import cached_property

import numpy as np

from assistant.answering.tables.grid import Operand, TableGrid, is_year, terms
from assistant.answering.tables.periods import column_periods
from assistant.answering.tables.question import (
    Floats,
    Question,
    Vectors,
    log_probabilities,
    operation_signs,
)
from ingest.document.model import Page
from ingest.language.words import name_parts

_PAIRED = 8  # rows that are tried in pairs, the closest ones
_LONG = 60  # rows whose columns are combined


class Beside:
    """A table beside a question. Rows and columns are numbered as in the grid."""

    def __init__(self, asked: Question, grid: TableGrid, vectors: Vectors, about: str = "") -> None:
        """`about`: the prose of the first page of its document."""
        self.asked, self.grid, self.vectors = asked, grid, vectors
        self.operands = {
            (r, c): Operand(row, column, cell, grid)
            for r, row in enumerate(grid.rows)
            for c, column in enumerate(grid.columns)
            if (cell := grid.cell(row, column)) and cell.kind == "number"
        }
        self.labels = [_line(row.label) for row in grid.rows]
        self.heads = [_line(column.label) for column in grid.columns]
        self.sections = [_line(row.section) for row in grid.rows]
        self.total = [row.total for row in grid.rows]
        periods = column_periods(grid)
        self.periods = [periods.get(column.index) for column in grid.columns]
        self.row_years = [{int(t) for t in terms(label) if is_year(t)} for label in self.labels]
        self.corner = frozenset(asked.stemmed(grid.corner))
        self.near = frozenset(asked.stemmed(f"{grid.near} {grid.prose} {grid.corner}"))
        names = name_parts(grid.document)
        told = f"{grid.page.title} {names} {about} {prose(grid.page)}"
        self.page = frozenset(asked.stemmed(told))

    @cached_property
    def numbers(self) -> dict[tuple[int, int], float]:
        """The values of its cells."""
        return {place: float(operand.value) for place, operand in self.operands.items()}

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
    def question_signs(self) -> Floats:
        """What tells the operation: see `operation_signs`."""
        return operation_signs(self.asked, self.words, self.vectors)

    @cached_property
    def operations(self) -> dict[str, float]:
        """The log-probability of each."""
        weights = self.vectors.weights
        assert weights is not None  # see `choose`
        return log_probabilities(self.question_signs, weights.operation)

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
    def meant(self) -> frozenset[int]:
        """The rows that a question may mean: "Sales" is not said where "cost of sales" is."""
        said = f" {' '.join(self.asked.stemmed(self.asked.text))} "
        spoken = [f" {' '.join(self.asked.stemmed(label))} " for label in self.labels]
        rest, own = said, set()
        for label in sorted(filter(str.strip, spoken), key=len, reverse=True):
            if label in rest:
                own.add(label)
                rest = rest.replace(label, "  ")
        return frozenset(r for r, label in enumerate(spoken) if label in own or label not in said)

    @cached_property
    def said_columns(self) -> frozenset[int]:
        """The columns of which a question may want one value: of a time, or whose head it says."""
        said = set(self.asked.stems)
        columns = zip(self.periods, self.heads, self.head_stems, strict=True)
        return frozenset(
            c
            for c, (period, head, stems) in enumerate(columns)
            if period or not head or stems & said
        )

    @cached_property
    def closest(self) -> list[int]:
        """The rows that are tried in pairs, in their order."""
        return sorted(self._ordered[:_PAIRED])

    @cached_property
    def tried(self) -> list[int]:
        """The rows whose columns are combined, in their order: the closest ones of a long table."""
        return sorted(self._ordered[:_LONG])

    @cached_property
    def _ordered(self) -> list[int]:
        near = np.argsort(-(self.row_signs[:, 0] + self.row_signs[:, 2]), kind="stable")
        return [int(row) for row in near if row in self.meant]

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


def prose(page: Page) -> str:
    """The text of a page without its tables, and without what readers do not see."""
    inside = {n for table in page.tables for n in range(table.first, table.last + 1)}
    lines = [line for n, line in enumerate(page.lines) if n not in inside and not line.hidden]
    return " ".join(line.text for line in lines)


def _line(text: str) -> str:
    return " ".join(text.split()).rstrip(":")


def _share(words: Collection[str], said: Collection[str], rare: dict[str, float]) -> float:
    ordered = sorted(words)  # sums of floats depend on the order
    whole = sum(rare.get(word, 1.0) for word in ordered)
    return sum(rare.get(word, 1.0) for word in ordered if word in said) / whole if whole else 0.0
