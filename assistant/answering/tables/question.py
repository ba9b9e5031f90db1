"""A question to tables: its words, its periods, and what tells the operation that it asks for."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from assistant.answering.tables.compute import OPERATIONS
from assistant.answering.tables.periods import asked_periods, without_periods
from ingest.language.quantities import find_unit
from ingest.language.words import language_of_question, language_stem, stop_words
from vectorstore.embedding.embedder import Embedder

Floats = NDArray[np.float32]
NOTHING = "none"  # no value of a table answers
CLASSES = (*OPERATIONS, NOTHING)
_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*")
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
