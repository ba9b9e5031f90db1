"""The sentences that answer a question best: shown before a model has read anything, quoted where
there is none, and quoted behind an answer that leaves them out.

They are ranked by their meaning and by the question's words, and the learned reader orders the
first of them (benchmarks/results/reader.md).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from assistant.answering.retrieve import Context
from assistant.answering.window import CitableSpan
from ingest.language.sentences import split_answer
from ingest.language.words import stems
from vectorstore.embedding.embedder import nearness
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
    def document(self) -> str:
        """Where it stands; with its text what the reader reads."""
        return self.unit.window.document

    @property
    def text(self) -> str:
        """Its words, as they are on the page."""
        return self.unit.text

    @property
    def sure(self) -> bool:
        """Whether the reader is sure that it answers the question."""
        return self.odds is not None and self.odds >= _SURE


def rank(context: Context, known: Sequence[Quoted] = ()) -> list[Quoted]:
    """All sentences that were read, best first, by embedding and by the question's words; `known`
    are those of the first passages, ranked."""
    ranked = {id(quoted.unit.window) for quoted in known}
    windows = [window for window in context.windows if id(window) not in ranked]
    units = [unit for window in windows for unit in window.units]
    found = [*known, *_fitting(units, context)] if units else known
    return sorted(found, key=lambda quoted: -quoted.score)


def _fitting(units: Sequence[CitableSpan], context: Context) -> Iterator[Quoted]:
    embedder, asked = context.embedder, context.words
    vectors = embedder.passages([unit.text for unit in units])
    cosines = nearness(embedder, vectors @ embedder.query(context.question))
    for unit, cosine in zip(units, np.atleast_1d(cosines), strict=True):
        shared = len(asked & unit.stems) / max(len(asked), 1)
        score = (1 - _WORDS) * float(cosine) + _WORDS * shared
        yield Quoted(unit, score, float(cosine))


def in_order_of(
    reader: Reader | None, question: str, ranked: Sequence[Quoted]
) -> tuple[Quoted, ...]:
    """The sentences in the order of the reader, where there is one: those that it reads, best
    first, then the others as they were. Raises LibraryError."""
    if reader is None:
        return tuple(ranked)
    near = [quoted for quoted in ranked if quoted.unit.states][:_READ]
    new = [quoted for quoted in near if quoted.odds is None]  # others were read with the first ones
    odds = reader.odds(question, new)
    read = [replace(quoted, odds=one) for quoted, one in zip(new, odds, strict=True)]
    read += [quoted for quoted in near if quoted.odds is not None]
    others = [quoted for quoted in ranked if quoted not in near]
    return (*sorted(read, key=lambda quoted: -(quoted.odds or 0.0)), *others)


def best_sentences(ranked: Sequence[Quoted]) -> list[Quoted]:
    """The best one or two sentences that state something; empty when none does."""
    stating = [quoted for quoted in ranked if quoted.unit.states]
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
