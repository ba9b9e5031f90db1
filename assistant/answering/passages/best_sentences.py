"""An answer without a language model: the sentences closest to the question."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.answering.passages.citable_spans import CitableSpan, states, units_of
from assistant.answering.passages.window_builder import Window
from ingest.language.words import stems, telling
from vectorstore.embedding.embedder import Embedder, nearness

_MOST = 2
_NEAR = 0.92  # share of the best score that a second sentence needs
_WORDS = 0.35  # weight of the question's words against the embedding
_SHORTEST = 4  # words: shorter sentences are headings


@dataclass(frozen=True)
class Quoted:
    """A sentence of a document, and how well it fits the question."""

    unit: CitableSpan
    score: float
    cosine: float


def best_sentences(ranked: Sequence[Quoted]) -> list[Quoted]:
    """The best one or two sentences that state something; empty when none does."""
    stating = [quoted for quoted in ranked if states(quoted.unit)]
    full = [q for q in stating if len(q.unit.text.split()) >= _SHORTEST] or stating
    return [q for q in full[:_MOST] if q.score >= _NEAR * full[0].score]


def rank_sentences(question: str, units: Sequence[CitableSpan], embedder: Embedder) -> list[Quoted]:
    """All sentences ranked by embedding and by the question's words."""
    if not units:
        return []
    asked = stems(telling(question))
    vectors = embedder.passages([unit.text for unit in units])
    cosines = nearness(embedder, vectors @ embedder.query(question))
    found = [
        Quoted(
            unit,
            (1 - _WORDS) * float(cosine) + _WORDS * len(asked & unit.stems) / max(len(asked), 1),
            float(cosine),
        )
        for unit, cosine in zip(units, np.atleast_1d(cosines), strict=True)
    ]
    return sorted(found, key=lambda quoted: -quoted.score)


def rank(
    question: str, windows: Sequence[Window], embedder: Embedder, known: Sequence[Quoted] = ()
) -> list[Quoted]:
    """All sentences of the passages, best first; `known` are those of the first ones, ranked."""
    ranked = {quoted.unit.window for quoted in known}
    units = [
        unit
        for number, window in enumerate(windows)
        if number not in ranked
        for unit in units_of(window, number)
    ]
    found = [*known, *rank_sentences(question, units, embedder)]
    return sorted(found, key=lambda quoted: -quoted.score)
