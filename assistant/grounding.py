"""Ties each sentence of an answer to the lines that support it, by code.

A small model does not write reliable marks, so they are attached afterwards: the answer's words,
numbers and meaning are looked for in the lines that were read (post-hoc attachment, as in RAGFlow's
`insert_citations`, with lexical and numeric checks in front of the embedding).
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from assistant.context import Window
from assistant.reply import Citation, Sentence
from assistant.sentences import numbers, spans, split, stems
from vectorstore.embedder import Embedder

_SHORTLIST = 8  # units for each sentence that are worth an embedding
_MOST_MARKS = 3
_LEXICAL = 0.6  # weight of words against meaning
_SUPPORTED = 0.5
_MOST_LINES = 5  # a "sentence" of more lines is a table or a list: taken line by line
_LONGEST_LIST = 16  # lines
_WIDE = 0.02  # what each line of support beyond three costs: the narrowest that carries is cited
_BULLETS = ("•", "-", "–", "*")


@dataclass(frozen=True)
class Unit:
    """A sentence of a document, with the whole lines it stands on."""

    window: int
    first: int  # lines of the page
    last: int
    text: str
    stems: frozenset[str]
    numbers: frozenset[str]


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


def units_of(window: Window, index: int = 0) -> Iterator[Unit]:
    """The sentences of a window, each with its lines; in tables and lists, the lines."""
    for first, last in _blocks(window):
        yield from _sentences(window, index, first, last)


def lists_of(window: Window, index: int = 0) -> Iterator[Unit]:
    """The lists of a window, each as one: an enumeration in an answer is made of all its items."""
    for first, last in _lists(window, list(_blocks(window))):
        text = " ".join(line.text for line in window.page.lines[first : last + 1])
        yield _unit(index, first, last, text)


def _blocks(window: Window) -> Iterator[tuple[int, int]]:
    start = window.first
    for line in range(window.first, window.last + 1):
        if line == window.last or _block_ends(window, line):
            yield start, line
            start = line + 1


def _lists(window: Window, blocks: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Runs of list items, with the line above them."""
    items = [window.page.lines[first].text.startswith(_BULLETS) for first, _ in blocks]
    for is_item, run in groupby(range(len(blocks)), key=items.__getitem__):
        numbers = list(run)
        if is_item and len(numbers) > 1:
            first, last = max(blocks[numbers[0]][0] - 1, window.first), blocks[numbers[-1]][1]
            if last - first < _LONGEST_LIST:
                yield first, last


def _block_ends(window: Window, line: int) -> bool:
    here, below = window.page.lines[line], window.page.lines[line + 1]
    apart = below.box.y0 - here.box.y1 > 0.6 * max(here.box.y1 - here.box.y0, 1.0)
    return apart or below.text.startswith(_BULLETS)


def _sentences(window: Window, index: int, first: int, last: int) -> Iterator[Unit]:
    """Sentences of a block of lines; what runs over too many lines is taken line by line."""
    starts, text = [], ""
    for line in window.page.lines[first : last + 1]:
        starts.append(len(text))
        text += f"{line.text} "
    for begin, end in spans(text):
        top = first + bisect_right(starts, begin) - 1
        bottom = first + bisect_right(starts, end - 1) - 1
        if bottom - top >= _MOST_LINES:
            for number in range(top, bottom + 1):
                yield _unit(index, number, number, window.page.lines[number].text)
        else:
            yield _unit(index, top, bottom, text[begin:end])


def _unit(index: int, first: int, last: int, text: str) -> Unit:
    return Unit(index, first, last, text, stems(text), numbers(text))


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
    found = len(wanted & unit.stems) + 2 * len(figures & unit.numbers)
    return found / total if total else 0.0


def _adds(
    unit: Unit, chosen: Sequence[Unit], wanted: frozenset[str], figures: frozenset[str]
) -> bool:
    """Does the unit bring a number, or a good part of the words, that is still missing?"""
    words = wanted - frozenset().union(*(u.stems for u in chosen))
    missing = figures - frozenset().union(*(u.numbers for u in chosen))
    return bool(missing & unit.numbers) or len(words & unit.stems) >= max(2, len(wanted) // 4)


def _carried(chosen: Sequence[_Support], wanted: frozenset[str], figures: frozenset[str]) -> bool:
    if not chosen:
        return False
    found = frozenset().union(*(s.unit.numbers for s in chosen))
    words = frozenset().union(*(s.unit.stems for s in chosen))
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
