"""The sentences that answer a question best: shown before a model has read anything, quoted where
there is none, and quoted behind an answer that leaves them out.

They are ranked by their meaning and by the question's words, and the learned reader orders the
first of them (benchmarks/results/reader.md).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assistant.answering.window import CitableSpan, Window, states, units_of
from ingest.language.sentences import split_answer
from ingest.language.words import stems, telling_words
from vectorstore.embedding.embedder import Embedder, nearness
from vectorstore.retrieval.rerank import Reader

_MOST = 2
_READ = 16  # sentences that the reader reads: 5 ms each
_SURE = 1.0  # log-odds from which it is sure
_WHOLE = re.compile(r"[.!。][\"”’)\]]*\s*\Z")  # a caption, a heading or a row is no sentence
_SAID = 0.5  # share of a sentence's new words from which an answer says it
_NO_MORE = 0.8  # share of the new words of a sentence of the answer that another one has, too
_NEAR = 0.92  # share of the best score that a second sentence needs
_WORDS = 0.35  # weight of the question's words against the embedding
_SHORTEST = 4  # words: shorter sentences are headings


@dataclass(frozen=True)
class Quoted:
    """A sentence of a document, and how well it fits the question."""

    unit: CitableSpan
    score: float
    cosine: float
    odds: float | None = None  # log-odds by the reader, of what it has read

    @property
    def sure(self) -> bool:
        """Whether the reader is sure that it answers the question."""
        return self.odds is not None and self.odds >= _SURE


@dataclass(frozen=True)
class _Read:
    """What the reader reads."""

    document: str
    text: str


def best_sentences(ranked: Sequence[Quoted]) -> list[Quoted]:
    """The best one or two sentences that state something; empty when none does."""
    stating = [quoted for quoted in ranked if states(quoted.unit)]
    full = [q for q in stating if len(q.unit.text.split()) >= _SHORTEST] or stating
    return full[:1] + [q for q in full[1:_MOST] if _also(q, full[0])]


def _also(second: Quoted, first: Quoted) -> bool:
    return second.score >= _NEAR * first.score if first.odds is None else second.sure


def left_out(answer: str, question: str, ranked: Sequence[Quoted]) -> list[Quoted]:
    """Of the best sentences those of which the reader is sure and which an answer does not say."""
    asked = stems(question)
    said = [stems(sentence) - asked for sentence in split_answer(answer)]
    different: dict[frozenset[str], Quoted] = {}  # manuals repeat their sentences
    for one in (quoted for quoted in ranked if quoted.sure):
        different.setdefault(one.unit.stems, one)
    found = []
    for one in [*different.values()][:_MOST]:
        new = one.unit.stems - asked
        if _WHOLE.search(one.unit.text) and not _says(said, new):
            found.append(one)
            said.append(new)
    return found


def _says(said: Sequence[frozenset[str]], new: frozenset[str]) -> bool:
    """Whether an answer has most of what a sentence adds to the question, or one of its sentences
    adds no more than this one."""
    shared = new & frozenset().union(*said)
    return len(shared) >= _SAID * len(new) or any(
        len(one & new) >= _NO_MORE * len(one) for one in said if one
    )


def reread(
    question: str, ranked: Sequence[Quoted], windows: Sequence[Window], reader: Reader | None
) -> list[Quoted]:
    """The sentences in the order of the reader, where there is one: those that it reads, best
    first, then the others as they were. Raises LibraryError."""
    if reader is None:
        return list(ranked)
    near = [quoted for quoted in ranked if states(quoted.unit)][:_READ]
    new = [quoted for quoted in near if quoted.odds is None]  # others were read with the first ones
    odds = reader.odds(question, [_text(quoted, windows) for quoted in new])
    read = [replace(quoted, odds=one) for quoted, one in zip(new, odds, strict=True)]
    read += [quoted for quoted in near if quoted.odds is not None]
    others = [quoted for quoted in ranked if quoted not in near]
    return [*sorted(read, key=lambda quoted: -(quoted.odds or 0.0)), *others]


def _text(quoted: Quoted, windows: Sequence[Window]) -> _Read:
    return _Read(windows[quoted.unit.window].document, quoted.unit.text)


def rank_sentences(question: str, units: Sequence[CitableSpan], embedder: Embedder) -> list[Quoted]:
    """All sentences ranked by embedding and by the question's words."""
    if not units:
        return []
    asked = stems(telling_words(question))
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
    units = [unit for unit in units_of(windows) if unit.window not in ranked]
    found = [*known, *rank_sentences(question, units, embedder)]
    return sorted(found, key=lambda quoted: -quoted.score)
