"""Ties each sentence of an answer to the lines that support it, by code.

A small model does not write reliable marks, so they are attached afterwards: the answer's words,
numbers and meaning are looked for in the lines that were read (post-hoc attachment, as in RAGFlow's
`insert_citations`, with lexical and numeric checks in front of the embedding).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.context import Window
from assistant.reply import Citation, Sentence
from assistant.sentences import numbers, split, stems
from assistant.units import Unit, lists_of, units_of
from vectorstore.embedder import Embedder

_SHORTLIST = 8  # units for each sentence that are worth an embedding
_MOST_MARKS = 3
_LEXICAL = 0.6  # weight of words against meaning
_SUPPORTED = 0.5
_WIDE = 0.02  # what each line of support beyond three costs: the narrowest that carries is cited


@dataclass(frozen=True)
class _Support:
    unit: Unit
    score: float


def ground(
    question: str, answer: str, read: Sequence[Window], embedder: Embedder
) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:
    """The answer's sentences with marks, and the citation behind each mark."""
    units = [
        unit
        for index, window in enumerate(read)
        for unit in (*units_of(window, index), *lists_of(window, index))
    ]
    citations: dict[tuple[str, int, int, int], Citation] = {}
    sentences = []
    for text in split(answer):
        supports = _supports(question, text, units, embedder)
        marks = tuple(_mark(citations, support, read) for support in supports)
        sentences.append(Sentence(text, bool(marks), tuple(sorted(set(marks)))))
    return tuple(sentences), tuple(citations.values())


def _supports(
    question: str, sentence: str, units: Sequence[Unit], embedder: Embedder
) -> list[_Support]:
    """The units that together carry the sentence; none when they do not."""
    wanted = stems(sentence)
    if len(wanted) < 2:  # "Yes.", "25 days.": what it says is in the question
        sentence, wanted = f"{question} {sentence}", wanted | stems(question)
    figures = numbers(sentence) - numbers(question)
    ranked = _ranked(sentence, wanted, figures, units, embedder)
    chosen: list[_Support] = []
    for support in ranked:
        if not chosen or _adds(support.unit, [s.unit for s in chosen], wanted, figures):
            chosen.append(support)
        if len(chosen) == _MOST_MARKS:
            break
    return chosen if _carried(chosen, wanted, figures) else []


def _ranked(
    sentence: str,
    wanted: frozenset[str],
    figures: frozenset[str],
    units: Sequence[Unit],
    embedder: Embedder,
) -> list[_Support]:
    shortlist = sorted(units, key=lambda unit: -_lexical(unit, wanted, figures))[:_SHORTLIST]
    if not shortlist:
        return []
    vectors = embedder.passages([sentence, *(unit.text for unit in shortlist)])
    cosines = vectors[1:] @ vectors[0]
    supports = [
        _Support(u, _score(u, wanted, figures, float(c)))
        for u, c in zip(shortlist, np.atleast_1d(cosines), strict=True)
    ]
    return sorted(supports, key=lambda support: -support.score)


def _score(unit: Unit, wanted: frozenset[str], figures: frozenset[str], cosine: float) -> float:
    width = max(unit.last - unit.first - 2, 0)
    words = _lexical(unit, wanted, figures)
    return _LEXICAL * words + (1 - _LEXICAL) * max(cosine, 0.0) - _WIDE * width


def _lexical(unit: Unit, wanted: frozenset[str], figures: frozenset[str]) -> float:
    """Share of the sentence's words in the unit; a number counts three times."""
    total = len(wanted) + 2 * len(figures)
    found = len(wanted & unit.meant) + 2 * len(figures & unit.numbers)
    return found / total if total else 0.0


def _adds(
    unit: Unit, chosen: Sequence[Unit], wanted: frozenset[str], figures: frozenset[str]
) -> bool:
    """Does the unit bring a number, or a good part of the words, that is still missing?"""
    words = wanted - frozenset().union(*(u.meant for u in chosen))
    missing = figures - frozenset().union(*(u.numbers for u in chosen))
    return bool(missing & unit.numbers) or len(words & unit.meant) >= max(2, len(wanted) // 4)


def _carried(chosen: Sequence[_Support], wanted: frozenset[str], figures: frozenset[str]) -> bool:
    if not chosen:
        return False
    found = frozenset().union(*(s.unit.numbers for s in chosen))
    words = frozenset().union(*(s.unit.meant for s in chosen))
    covered = len(wanted & words) / len(wanted) if wanted else 0.0
    return figures <= found and (covered >= _SUPPORTED or chosen[0].score >= _SUPPORTED)


def citation(mark: int, unit: Unit, read: Sequence[Window], score: float) -> Citation:
    """The lines of a unit as they stand on the page."""
    window = read[unit.window]
    lines = window.page.lines[unit.first : unit.last + 1]
    return Citation(
        mark,
        window.document,
        window.page.number,
        "\n".join(line.text for line in lines),
        tuple(line.box for line in lines),
        round(min(max(score, 0.0), 1.0), 3),
        lines[0].seconds,
    )


def _mark(
    citations: dict[tuple[str, int, int, int], Citation], support: _Support, read: Sequence[Window]
) -> int:
    unit = support.unit
    window = read[unit.window]
    key = window.document, window.page.number, unit.first, unit.last
    if key not in citations:
        citations[key] = citation(len(citations) + 1, unit, read, support.score)
    return citations[key].mark
