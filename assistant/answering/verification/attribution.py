"""Attributes each sentence of an answer to the lines that support it, by code.

A small model does not write reliable marks, so they are attached afterwards: the answer's words,
numbers, names and meaning are looked for in the lines that were read (post-hoc attachment, as in
RAGFlow's `insert_citations`). A sentence is supported when lines state all of it, and partly
supported when lines are close, but some of its words are in none of them. The limits were measured
on labelled sentences (docs/answers.md).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath

from assistant.answering.groundedness.checker import Groundedness
from assistant.answering.passages.citable_spans import CitableSpan
from assistant.answering.passages.window_builder import Window
from assistant.answering.verification.given_names import GivenNames
from assistant.answering.verification.read_lines import ReadLines, Said, Support
from assistant.answering.verification.unstated import denials, marked_too, unstated
from assistant.contract.outcome import Citation, Sentence
from ingest.document.model import Page
from ingest.language.locales import MONTH_OF
from ingest.language.sentences import numbers, split_answer
from ingest.language.words import stems
from vectorstore.embedding.embedder import Embedder

_MOST_MARKS = 3
_SUPPORTED = 0.7  # similarity from which the cited lines support a sentence
_CLOSE = 0.45  # score from which a line is shown for a sentence that it supports in part
_RELATED = 0.35  # score from which any unit may add what is missing
_ALIKE = 0.6  # share of the sentence's words in a line about something else
_FEW_WORDS, _PART = 2, 0.25  # share that another unit must add to be cited, too
_AGAINST = re.compile(r";\s+|,\s+(?:while|whereas|but)\s+")
_QUOTES = re.compile('["“”„«»]')  # what is quoted stays in one part
_WHOLE = 0.9  # share of the words from which one unit states the whole sentence
_LEAST_OF_PART = 3  # words
_MONTHS = stems(" ".join(MONTH_OF))


class Grounding:
    """Attributes the sentences of one answer to the lines that were read for it."""

    def __init__(
        self, question: str, read: Sequence[Window], embedder: Embedder,
        first_pages: Mapping[str, Page] | None = None, checker: Groundedness | None = None,
    ) -> None:  # fmt: skip
        """`first_pages`, by document, tell what a document is about. `checker` reads what lines
        were found for: it takes support away, and gives none."""
        self._checker = checker
        self._question = question
        self._read = read
        self._lines = ReadLines(read, GivenNames(read, first_pages or {}), embedder)
        self._known: dict[str, tuple[Sequence[Support], tuple[str, ...]]] = {}

    def ground(self, answer: str) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:
        """The answer's sentences with marks, and the citation behind each mark."""
        citations: dict[tuple[str, int, int, int], Citation] = {}
        sentences = []
        for text in split_answer(answer):
            supports, words = self._attributed(text)
            words = self._checked(text, supports, words)
            marks = {_mark(citations, support, self._read) for support in supports}
            supported = bool(marks) and not words
            sentences.append(Sentence(text, supported, tuple(sorted(marks)), words))
        return tuple(sentences), tuple(citations.values())

    def _checked(
        self, text: str, supports: Sequence[Support], words: tuple[str, ...]
    ) -> tuple[str, ...]:
        """The words that lines do not state, with those that the checker finds unsupported; the
        whole sentence where it does not say which."""
        if self._checker is None or not supports:
            return words
        found = self._checker.check(self._question, self._texts_of(supports), text)
        if found.supported:
            return words
        return marked_too(text, words, found.spans) if found.spans else (text.strip(),)

    def _texts_of(self, supports: Sequence[Support]) -> str:
        """The passages that the lines are in, each below the name of its document."""
        windows = [self._read[index] for index in sorted({s.unit.window for s in supports})]
        return "\n\n".join(f"{PurePath(w.document).stem}\n{w.text}" for w in windows)

    def stated(self, answer: str, whole: bool = True) -> float:
        """How much of the sentence that lines state best they state, 0 to 1; unless it is the
        `whole` answer, its last sentence is still being written."""
        sentences = split_answer(answer)
        complete = sentences if whole else sentences[:-1]
        return max(map(self._stated, complete), default=0.0)

    def _stated(self, text: str) -> float:
        """The share of a sentence's words that its lines state; half of it where they have another
        number, or deny what it says."""
        supports, words = self._attributed(text)
        if not supports or not words:
            return float(bool(supports))
        said = stems(text)
        share = 1 - len(said & stems(" ".join(words))) / max(len(said), 1)
        against = any(map(numbers, words)) or denials(Said.of(text, self._question), supports)
        return share / 2 if against else share

    def _attributed(self, text: str) -> tuple[Sequence[Support], tuple[str, ...]]:
        if text not in self._known:
            self._known[text] = _attributed(self._question, text, self._lines)
        return self._known[text]


def ground(
    question: str, answer: str, read: Sequence[Window], embedder: Embedder,
    first_pages: Mapping[str, Page] | None = None,
) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:  # fmt: skip
    """The sentences of a complete answer with marks, and the citation behind each mark."""
    return Grounding(question, read, embedder, first_pages).ground(answer)


def carried(
    text: str, read: Sequence[Window], embedder: Embedder, first_pages: Mapping[str, Page]
) -> bool:
    """Whether lines state the numbers, dates and names of each sentence, and are like it; its other
    words need not be theirs."""
    lines = ReadLines(read, GivenNames(read, first_pages), embedder)
    sentences = split_answer(text)
    return bool(sentences) and all(
        _supports("", sentence, Said.of(sentence, ""), lines) for sentence in sentences
    )


def _attributed(
    question: str, text: str, lines: ReadLines
) -> tuple[Sequence[Support], tuple[str, ...]]:
    """The units that support a sentence or are close to it, and its words that they do not
    state."""
    said = Said.of(text, question)
    new = lines.new_names(said)
    supports = _supports(question, text, said, lines)
    if supports:
        return supports, unstated(text, said, supports, new)
    close = _close(said, lines)
    return close, unstated(text, said, close, new) or (text.strip(),)


def _close(said: Said, lines: ReadLines) -> list[Support]:
    """The closest units, when they have to do with the sentence at all."""
    chosen = _together(said, lines.ranked(said), _MOST_MARKS)
    return _needed(chosen, said) if chosen and chosen[0].score >= _CLOSE else []


def _supports(question: str, text: str, whole: Said, lines: ReadLines) -> list[Support]:
    """The units that together support each part of a sentence; none when one part has none."""
    chosen = _carrying(whole, lines)
    parts = _parts(text)
    if len(parts) == 1 or (len(chosen) == 1 and _whole(whole, chosen[0].unit)):
        return chosen
    chosen = []
    for part in parts:  # a name distinguishes the two: it must be in the same line
        said = Said.of(part, question, bound=True)
        found = _again(said, chosen, lines) or _carrying(said, lines, most=1)
        if not found:
            return []
        chosen += [support for support in found if support.unit not in [c.unit for c in chosen]]
    return chosen


def _whole(said: Said, unit: CitableSpan) -> bool:
    """Whether a unit has the words itself, with the names that are given elsewhere."""
    return len(said.words & unit.meant) >= _WHOLE * len(said.words)


def _parts(text: str) -> list[str]:
    """The parts of a contrast, such as "A gets 25 days, while B gets 28". Each needs its own
    support: lines about A alone would have most words of the whole."""
    found = [text] if _QUOTES.search(text) else _AGAINST.split(text)
    return found if all(len(stems(part)) >= _LEAST_OF_PART for part in found) else [text]


def _carrying(said: Said, lines: ReadLines, most: int = _MOST_MARKS) -> list[Support]:
    """The units that together support a part; none when they do not."""
    chosen = _together(said, lines.ranked(said), most)
    if not chosen or said.missing(chosen) or denials(said, chosen):
        return []
    needed = _needed(chosen, said)
    return needed if _likely(said, needed, lines) else []


def _together(said: Said, ranked: Sequence[Support], most: int) -> list[Support]:
    """The best unit, and those that each add something."""
    chosen = list(ranked[:1])
    while chosen and len(chosen) < most:
        more = next((s for s in ranked if s not in chosen and _adds(s, chosen, said)), None)
        if more is None:
            break
        chosen.append(more)
    return chosen


def _again(said: Said, chosen: Sequence[Support], lines: ReadLines) -> list[Support]:
    """The line of another part, when it supports this one, too."""
    same = (s for s in lines.ranked(said) if s.unit in [c.unit for c in chosen])
    exact = ([s] for s in same if not said.missing([s]) and not denials(said, [s]))
    return next((one for one in exact if _likely(said, one, lines)), [])


def _likely(said: Said, chosen: Sequence[Support], lines: ReadLines) -> bool:
    return lines.likeness(said, chosen) >= _SUPPORTED


def _needed(chosen: Sequence[Support], said: Said) -> list[Support]:
    """The units without redundant ones."""
    left = list(chosen)
    for support in reversed(chosen):
        others = [other for other in left if other is not support]
        same = others and said.covered(others) >= said.covered(left)
        if same and not said.missing(others):
            left = others
    return left


def _adds(support: Support, chosen: Sequence[Support], said: Said) -> bool:
    """Whether the unit adds an exact claim, or a good share of the words, that is still missing.

    A number or a name alone is not enough: other lines hold others, of other things. It is where
    each of two like lines has one, as in "25 days instead of 20".
    """
    if support.score < _RELATED and said.covered([support]) < _ALIKE:
        return False
    left = said.missing(chosen)
    new = said.words - frozenset().union(*(s.meant for s in chosen))
    brought = new & support.meant
    if left:
        others = brought - _MONTHS - stems(" ".join(left.names))
        alike = said.claims != left and said.covered([support]) >= _ALIKE
        return bool(others or alike) and left.without(support.stated) != left
    return len(brought) >= max(_FEW_WORDS, len(said.words) * _PART)


def citation(mark: int, unit: CitableSpan, read: Sequence[Window], score: float) -> Citation:
    """The citation of a unit: its lines as on the page."""
    return citation_of(mark, replace(read[unit.window], first=unit.first, last=unit.last), score)


def citation_of(mark: int, lines: Window, score: float) -> Citation:
    """The citation of whole lines."""
    cited = lines.page.lines[lines.first : lines.last + 1]
    return Citation(
        mark,
        lines.document,
        lines.page.number,
        "\n".join(line.text for line in cited),
        tuple(line.box for line in cited),
        round(min(max(score, 0.0), 1.0), 3),
        cited[0].seconds,
    )


def _mark(
    citations: dict[tuple[str, int, int, int], Citation], support: Support, read: Sequence[Window]
) -> int:
    unit = support.unit
    window = read[unit.window]
    key = window.document, window.page.number, unit.first, unit.last
    if key not in citations:
        citations[key] = citation(len(citations) + 1, unit, read, support.score)
    return citations[key].mark
