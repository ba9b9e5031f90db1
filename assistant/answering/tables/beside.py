"""A question beside a table: its words and periods, what tells the operation that it asks for, and
what the rows and columns of a table have in common with it."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import groupby
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from assistant.answering.tables.compute import OPERATIONS
from assistant.answering.tables.grid import Operand, TableGrid, is_year, terms
from assistant.answering.tables.periods import asked_periods, column_periods, without_periods
from ingest.document.model import Page
from ingest.language.quantities import find_unit
from ingest.language.words import language_of_question, language_stem, name_parts, stop_words
from vectorstore.embedding.embedder import Embedder

Floats = NDArray[np.float32]
NOTHING = "none"  # no value of a table answers
CLASSES = (*OPERATIONS, NOTHING)
_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_WHETHER = re.compile(r"(?i)\W*(?:is|are|was|were|do|does|did|has|have|had)\b")
_BUCKETS = 4096
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
    def asks_whether(self) -> bool:
        """Whether yes or no answers it: it begins with a form of "be", "do" or "have", not with
        "can" or "could", as requests do."""
        return _WHETHER.match(self.text) is not None

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


# -- What was fitted, to the vectors of an embedding model


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
    """Fitted by benchmarks/fitting/fit_tables.py."""

    operation: Floats  # (of `operation_signs`, + 1; classes): a logistic regression, its bias last
    plan: Floats  # (of `features`,)
    sure: Floats  # (len(SIGNS) + 1,): a logistic regression, its bias last


@cache
def _fitted(identity: str) -> Weights | None:
    name = identity.split(":")[0]
    with np.load(_WEIGHTS) as file:
        if f"{name}/plan" not in file or str(file[f"{name}/identity"]) != identity:
            return None
        parts = [
            file[f"{name}/{part}"].astype(np.float32) for part in ("operation", "plan", "sure")
        ]
    return Weights(*parts)


def operation_signs(asked: Question, known: Collection[str], vectors: Vectors) -> Floats:
    """The vectors of the question and of its wording, which is what is left when the words that a
    table has, `known`, are masked; then which words the wording has one, two and three in a row,
    hashed (Weinberger and others, Feature hashing for large scale multitask learning, 2009)."""
    wording = asked.masked(known) or "-"
    words = [word for word, _ in groupby(wording.lower().split())]
    edged = ["^", *words, "$"]
    runs = [f"{size}:{' '.join(edged[at : at + size])}" for size in (1, 2, 3)
            for at in range(len(edged) - size + 1)]  # fmt: skip
    runs += [f"first:{word}" for word in words[:3]]
    hashed = np.zeros(_BUCKETS, np.float32)
    hashed[[crc32(run.encode()) % _BUCKETS for run in runs]] = 1 / np.sqrt(len(runs))
    return np.concatenate([*vectors([asked.core, wording]), hashed])


def log_probabilities(vectors: Floats, head: Floats) -> dict[str, float]:
    """Of each operation, by the head of `Weights`."""
    scores = vectors @ head[:-1] + head[-1]
    scores -= scores.max()
    return dict(zip(CLASSES, (scores - np.log(np.exp(scores).sum())).tolist(), strict=True))


# -- What a table has in common with a question

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
