"""Evidence units: the sentences and table rows that answer a question best. The best of them are
what a model reads. They are shown before it has read anything, and quoted where there is none.

Search, embedding and the learned reader order them together: each alone misses what the others find
(benchmarks/results/evidence.md).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby, zip_longest

import numpy as np
from numpy.typing import NDArray

from assistant.answering.window import LABEL, CitableSpan, Window
from assistant.contract.facts import Passage
from ingest.language.words import stems, telling_words
from ingest.text.reflow import one_line
from vectorstore.embedding.embedder import Embedder, nearness
from vectorstore.retrieval.rerank import Reader, standardised

_SHOWN = 2  # sentences that are quoted
MOST_READ = 32  # units that the reader reads: 5 ms each
_SURE = 1.0  # log-odds from which it is sure
_NEAR = 0.92  # share of the best score that a second sentence needs
_WORDS = 0.35  # weight of the question's words against the embedding
_SHORTEST = 4  # words: shorter sentences are headings
_BEFORE, _AFTER = 50, 110  # tokens read above and below the best unit
_GAP = 2  # tokens of the mark where lines are left out
_PARAGRAPH = 120  # tokens: one up to this length is read as a whole


@dataclass(frozen=True)
class Quoted:
    """A unit of a document, and how well it fits the question."""

    unit: CitableSpan
    score: float
    cosine: float
    odds: float | None = None  # log-odds by the reader, of what it has read

    @property
    def document(self) -> str:
        """Where it stands; with its text what the reader reads."""
        return self.unit.window.document

    @property
    def text(self) -> str:
        """Its words as they are on the page, those of a table row behind its heads."""
        return self.unit.with_heads

    @property
    def sure(self) -> bool:
        """Whether the reader is sure that it answers the question."""
        return self.odds is not None and self.odds >= _SURE


# -- Orders the units of what a search has found


def rank(
    parts: Sequence[str], found: Sequence[Window], embedder: Embedder,
    reader: Reader | None = None, trust: float = 1.0,
) -> tuple[Quoted, ...]:  # fmt: skip
    """The units of what was found, best first; of a question with several parts, those of each in
    turns. `reader` is None where it cannot read them; `trust` is the weight of the search's order.
    Raises LibraryError."""
    units = [unit for window in found for unit in window.units]
    if not units:
        return ()
    vectors = embedder.passages([unit.with_heads for unit in units])
    ranked = [_ranked(part, units, vectors, embedder, reader, trust) for part in parts]
    best: dict[int, Quoted] = {}
    for one in filter(None, chain.from_iterable(zip_longest(*ranked))):
        best.setdefault(id(one.unit), one)
    return tuple(best.values())


def _ranked(
    part: str, units: Sequence[CitableSpan], vectors: NDArray[np.float32], embedder: Embedder,
    reader: Reader | None, trust: float,
) -> list[Quoted]:  # fmt: skip
    cosines = np.atleast_1d(nearness(embedder, vectors @ embedder.query(part)))
    fitting = sorted(_fitting(part, units, cosines), key=lambda one: -one.score)
    near, rest = fitting[:MOST_READ], fitting[MOST_READ:]
    scores = standardised([one.score for one in near])
    scores += trust * standardised([one.unit.window.score for one in near])
    if reader is not None:
        odds = reader.odds(part, near)
        near = [replace(one, odds=told) for one, told in zip(near, odds, strict=True)]
        scores += standardised(odds)
    return [near[at] for at in np.argsort(-scores, kind="stable")] + rest


def _fitting(part: str, units: Sequence[CitableSpan], cosines: Iterable[float]) -> Iterator[Quoted]:
    """By meaning and by the question's words."""
    asked = stems(telling_words(part))
    for unit, cosine in zip(units, cosines, strict=True):
        shared = len(asked & unit.meant) / max(len(asked), 1)
        yield Quoted(unit, (1 - _WORDS) * float(cosine) + _WORDS * shared, float(cosine))


# -- Packs the best of them into what a model reads


def packed(
    ranked: Sequence[Quoted], budget: int, count: Callable[[str], int]
) -> tuple[Window, ...]:
    """The lines of the best units, together at most `budget` tokens: pages by their best unit, each
    in its own order. None is left out for a worse one that is shorter. The best one is read with
    what stands around it, a sentence with its paragraph, a table row with its heads."""
    read = _Pages(budget, count)
    units = [one.unit for one in ranked]
    for unit in [one for one in units if one.states] or [u for u in units if not u.instructs]:
        own = unit.with_head_lines
        if read.has(unit, own):
            continue
        wide = unit.paragraph(_PARAGRAPH) if read.windows else _around(unit)
        if not (read.add(unit, own | wide) or read.add(unit, own)):
            return read.windows or read.shortened(unit)
    return read.windows


class _Pages:
    """The lines of pages that are read, as they are picked."""

    def __init__(self, budget: int, count: Callable[[str], int]) -> None:
        self._left, self._count = budget, count
        self._picked: dict[tuple[str, int], tuple[Window, set[int]]] = {}

    def has(self, unit: CitableSpan, lines: set[int]) -> bool:
        return lines <= self._of(unit)[1]

    def add(self, unit: CitableSpan, lines: set[int]) -> bool:
        """Whether they fit, and are added."""
        window, picked = self._of(unit)
        texts = [unit.window.page.lines[line].text for line in sorted(lines - picked)]
        tokens = self._count("\n".join(texts)) + (_GAP if picked else LABEL)
        if tokens > self._left:
            return False
        self._left -= tokens
        self._picked[unit.window.place] = window, picked | lines
        return True

    @property
    def windows(self) -> tuple[Window, ...]:
        """One for each run of lines without a gap."""
        return tuple(
            run for window, lines in self._picked.values() for run in _runs(window, sorted(lines))
        )

    def shortened(self, unit: CitableSpan) -> tuple[Window, ...]:
        """As many lines of a unit as fit, and its first one in any case."""
        lines = [*range(unit.first, unit.last + 1)]
        while len(lines) > 1 and not self.add(unit, {*lines}):
            lines.pop()
        return self.windows or (replace(unit.lines, last=unit.first),)

    def _of(self, unit: CitableSpan) -> tuple[Window, set[int]]:
        return self._picked.get(unit.window.place, (unit.window, set()))


def _around(unit: CitableSpan) -> set[int]:
    wide = unit.lines.widened_by(_BEFORE, _AFTER)
    return {*range(wide.first, wide.last + 1)}


def _runs(window: Window, lines: Sequence[int]) -> Iterator[Window]:
    for _, run in groupby(enumerate(lines), key=lambda place: place[1] - place[0]):
        numbers = [line for _, line in run]
        yield replace(window, first=numbers[0], last=numbers[-1], is_cut=True)


def left_out(ranked: Sequence[Quoted]) -> tuple[Passage, ...]:
    """The lines among the best that are instructions to a model, which are not read."""
    units = (one.unit for one in ranked[:MOST_READ] if one.unit.instructs)
    return tuple(replace(u.lines.passage, instructions=(one_line(u.text),)) for u in units)


# -- Shows the best of them


def best_sentences(ranked: Sequence[Quoted]) -> list[Quoted]:
    """The best one or two sentences that state something; empty when none does."""
    stating = [quoted for quoted in ranked if quoted.unit.states]
    full = [q for q in stating if len(q.unit.text.split()) >= _SHORTEST] or stating
    return full[:1] + [q for q in full[1:_SHOWN] if _also(q, full[0])]


def _also(second: Quoted, first: Quoted) -> bool:
    return second.score >= _NEAR * first.score if first.odds is None else second.sure
