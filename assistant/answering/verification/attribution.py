"""Attributes each sentence of an answer to the lines that support it, by code.

A small model does not write reliable marks, so they are attached afterwards: the answer's words,
numbers, names and meaning are looked for in the lines that were read (post-hoc attachment, as in
RAGFlow's `insert_citations`). Numbers, dates and quoted phrases must stand in the cited lines;
how the rest is weighed was measured on labelled sentences (docs/answers.md).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assistant.answering.passages.citable_spans import CitableSpan, lists_of, states, units_of
from assistant.answering.passages.window_builder import Window
from assistant.answering.verification.claim_extraction import Claims, Stated, claims, stated, words
from assistant.contract.outcome import Citation, Sentence
from ingest.language.locales import MONTH_OF
from ingest.language.measures import head_scales
from ingest.language.sentences import numbers, split_answer
from ingest.language.words import name_parts, stems
from vectorstore.embedding.embedder import Embedder

_SHORTLIST = 10  # units embedded for each sentence
_MOST_MARKS = 3
_LEXICAL = 0.6  # weight of words against the embedding
_SUPPORTED = 0.7  # similarity from which the cited lines support a sentence
_MISSING = 0.2  # penalty of a unit that states none of the numbers and names
_WIDE = 0.02  # penalty of each line beyond three: the narrowest support is cited
_RELATED = 0.35  # score from which any unit may add what is missing
_ALIKE = 0.6  # share of the sentence's words in a line about something else
_FEW_WORDS, _PART = 2, 0.25  # share that another unit must add to be cited, too
_AGAINST = re.compile(r";\s+|,\s+(?:while|whereas|but)\s+")
_QUOTES = re.compile('["“”„«»]')  # what is quoted stays in one part
_WHOLE = 0.9  # share of the words from which one unit states the whole sentence
_LEAST_OF_PART = 3  # words
_AFFIRMS = re.compile(r"\W*yes\b", re.I)
_ITEM = re.compile(r"\A\s*(?:\d{1,2}[.)]|[-•*–])\s+")  # of a list: its number is no claim
_MARKUP = re.compile(r"\*\*|__|`")
_FRAME = re.compile(  # says only where something stands
    r"\A(?:the|this|these) (?:text|document|passage|section|e?-?mail|letter|message|page)s? "
    r"(?:above )?(?:also )?(?:(?:is|are) about|states?|says?|describes?|mentions?|explains?)"
    r"(?: that)?\s+",
    re.I,
)
_MONTHS = stems(" ".join(MONTH_OF))
_DENIED = re.compile(
    r"(?:\b(?:no|not(?!\s+only)|never|cannot|neither)|n['’]t)\s+(?:(?:be|been|a|an|the|any)\s+)*(\w+)",
    re.IGNORECASE,
)
_REJECTS = re.compile(
    r"\b(?:prohibit|forb[ia]d|bann?|exclud|except|refus|den[iy]|reject|lack|fail|un(?!der|it|i|til))\w*",
    re.IGNORECASE,
)
_DENIES = re.compile(r"\b(?:no|not|never|none|neither|nor|cannot|without|nothing)\b|n['’]t\b", re.I)


@dataclass(frozen=True)
class _Support:
    unit: CitableSpan
    score: float
    cosine: float  # cosine to the sentence
    stated: Stated


@dataclass(frozen=True)
class _Said:
    """A part of an answer's sentence, prepared for the search."""

    text: str
    words: frozenset[str]  # stems; numbers are among the claims
    numbers: frozenset[str]
    claims: Claims
    excused: frozenset[str]  # names of the question that stand somewhere in what was read

    @classmethod
    def of(cls, text: str, question: str, names: frozenset[str] = frozenset()) -> "_Said":
        """`names` are the names in the passages."""
        text = _MARKUP.sub("", _FRAME.sub("", _ITEM.sub("", text)))
        claimed = claims(text)
        if len(stems(text)) < 2:  # "Yes.", "25 days.": what it says is in the question
            claimed = claims(question) if _AFFIRMS.match(text) else claimed
            text = f"{question} {text}"
        wanted = frozenset(word for word in stems(text) if not word[0].isdigit())
        return cls(text, wanted, numbers(text), claimed, frozenset(words(question)) & names)

    def missing(self, supports: Sequence[_Support]) -> Claims:
        """Its exact claims that none of the lines states."""
        left = self.claims
        for support in supports:
            left = left.without(support.stated)
        return replace(left, names=left.names - self.excused) if left.names else left

    def covered(self, supports: Sequence[_Support]) -> float:
        """Share of its words in the lines."""
        found = frozenset().union(*(support.unit.meant for support in supports))
        return len(self.words & found) / len(self.words) if self.words else 1.0


class _Read:
    """The passages as units."""

    def __init__(self, windows: Sequence[Window], embedder: Embedder) -> None:
        self._embedder = embedder
        self._units = [
            unit
            for index, window in enumerate(windows)
            for unit in (*units_of(window, index), *lists_of(window, index))
        ]
        self._scales = [head_scales(window.page.text) for window in windows]
        self._named = [frozenset(words(_named(window.document))) for window in windows]
        text = " ".join(window.text for window in windows)
        self.names = frozenset(words(text)).union(*self._named)

    def ranked(self, said: _Said) -> list[_Support]:
        """The units that may support a sentence, best first."""
        nearest = sorted(self._units, key=lambda unit: -_lexical(unit, said))[:_SHORTLIST]
        shortlist = [unit for unit in nearest if states(unit)]
        if not shortlist:
            return []
        texts = [f"{unit.heads} {unit.text}".strip() for unit in shortlist]
        vectors = self._embedder.passages([said.text, *texts])
        cosines = np.atleast_1d(vectors[1:] @ vectors[0])
        supports = [
            _support(said, unit, self._stated(unit), float(cosine))
            for unit, cosine in zip(shortlist, cosines, strict=True)
        ]
        return sorted(supports, key=lambda support: -support.score)

    def likeness(self, said: _Said, chosen: Sequence[_Support]) -> float:
        """The similarity of a sentence and the units together, in words and embedding, 0 to 1."""
        cosine = chosen[0].cosine
        if len(chosen) > 1:
            together = " ".join(support.unit.text for support in chosen)
            both = self._embedder.passages([said.text, together])
            cosine = float(both[0] @ both[1])
        return _LEXICAL * said.covered(chosen) + (1 - _LEXICAL) * max(cosine, 0.0)

    def _stated(self, unit: CitableSpan) -> Stated:
        """The claims of a unit, including the names in its document's name."""
        found = stated(unit.text, self._scales[unit.window])
        return replace(found, words=found.words | self._named[unit.window])


def ground(
    question: str, answer: str, read: Sequence[Window], embedder: Embedder
) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:
    """The answer's sentences with marks, and the citation behind each mark."""
    lines = _Read(read, embedder)
    citations: dict[tuple[str, int, int, int], Citation] = {}
    sentences = []
    for text in split_answer(answer):
        supports = _supports(question, text, lines)
        marks = tuple(_mark(citations, support, read) for support in supports)
        sentences.append(Sentence(text, bool(marks), tuple(sorted(set(marks)))))
    return tuple(sentences), tuple(citations.values())


def _supports(question: str, text: str, lines: _Read) -> list[_Support]:
    """The units that together support each part of a sentence; none when one part has none."""
    whole = _Said.of(text, question, lines.names)
    chosen = _carrying(whole, lines)
    parts = _parts(text)
    if len(parts) == 1 or (len(chosen) == 1 and whole.covered(chosen) >= _WHOLE):
        return chosen
    chosen = []
    for part in parts:  # a name distinguishes the two: it must be in the same line
        said = _Said.of(part, question)
        found = _again(said, chosen, lines) or _carrying(said, lines, most=1)
        if not found:
            return []
        chosen += [support for support in found if support.unit not in [c.unit for c in chosen]]
    return chosen


def _parts(text: str) -> list[str]:
    """The parts of a contrast, such as "A gets 25 days, while B gets 28". Each needs its own
    support: lines about A alone would have most words of the whole."""
    found = [text] if _QUOTES.search(text) else _AGAINST.split(text)
    return found if all(len(stems(part)) >= _LEAST_OF_PART for part in found) else [text]


def _carrying(said: _Said, lines: _Read, most: int = _MOST_MARKS) -> list[_Support]:
    """The units that together support a part; none when they do not."""
    ranked = lines.ranked(said)
    chosen: list[_Support] = ranked[:1]
    while chosen and len(chosen) < most:
        more = next((s for s in ranked if s not in chosen and _adds(s, chosen, said)), None)
        if more is None:
            break
        chosen.append(more)
    if not chosen or said.missing(chosen) or _denies(said, chosen):
        return []
    needed = _needed(chosen, said)
    return needed if _likely(said, needed, lines) else []


def _again(said: _Said, chosen: Sequence[_Support], lines: _Read) -> list[_Support]:
    """The line of another part, when it supports this one, too."""
    same = (s for s in lines.ranked(said) if s.unit in [c.unit for c in chosen])
    exact = ([s] for s in same if not said.missing([s]) and not _denies(said, [s]))
    return next((one for one in exact if _likely(said, one, lines)), [])


def _likely(said: _Said, chosen: Sequence[_Support], lines: _Read) -> bool:
    return lines.likeness(said, chosen) >= _SUPPORTED


def _needed(chosen: Sequence[_Support], said: _Said) -> list[_Support]:
    """The units without redundant ones."""
    left = list(chosen)
    for support in reversed(chosen):
        others = [other for other in left if other is not support]
        same = others and said.covered(others) >= said.covered(left)
        if same and not said.missing(others):
            left = others
    return left


def _adds(support: _Support, chosen: Sequence[_Support], said: _Said) -> bool:
    """Whether the unit adds an exact claim, or a good share of the words, that is still missing.

    A number or a name alone is not enough: other lines hold others, of other things. It is where
    each of two like lines has one, as in "25 days instead of 20".
    """
    if support.score < _RELATED and said.covered([support]) < _ALIKE:
        return False
    left = said.missing(chosen)
    new = said.words - frozenset().union(*(s.unit.meant for s in chosen))
    brought = new & support.unit.meant
    if left:
        others = brought - _MONTHS - stems(" ".join(left.names))
        alike = said.claims != left and said.covered([support]) >= _ALIKE
        return bool(others or alike) and left.without(support.stated) != left
    return len(brought) >= max(_FEW_WORDS, len(said.words) * _PART)


def _denies(said: _Said, chosen: Sequence[_Support]) -> bool:
    """Whether the sentence denies what no line denies, or a line denies what the sentence says."""
    denied = any(_DENIES.search(support.unit.text) for support in chosen)
    if _DENIES.search(said.text):
        return not denied
    return denied and not _REJECTS.search(said.text) and any(_rejects(s, said) for s in chosen)


def _rejects(support: _Support, said: _Said) -> bool:
    """Whether "no" or "not" directly precedes the sentence's words: "no smoking"."""
    behind = (match.group(1) for match in _DENIED.finditer(support.unit.text))
    return any(stems(word) & said.words for word in behind)


def _support(said: _Said, unit: CitableSpan, stated: Stated, cosine: float) -> _Support:
    """The score of support: similarity, less penalties for missing exact claims and for width."""
    alike = _LEXICAL * _lexical(unit, said) + (1 - _LEXICAL) * max(cosine, 0.0)
    count = len(said.claims)
    left = len(said.claims.without(stated)) / count if count else 0.0
    width = max(unit.last - unit.first - 2, 0)
    return _Support(unit, alike - _MISSING * left - _WIDE * width, cosine, stated)


def _lexical(unit: CitableSpan, said: _Said) -> float:
    """The share of the sentence's words in the unit; a number counts three times."""
    total = len(said.words) + 3 * len(said.numbers)
    found = len(said.words & unit.meant) + 3 * len(said.numbers & unit.numbers)
    return found / total if total else 0.0


def _named(document: str) -> str:
    return f"{document} {name_parts(document)}"


def citation(mark: int, unit: CitableSpan, read: Sequence[Window], score: float) -> Citation:
    """The citation of a unit: its lines as on the page."""
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
