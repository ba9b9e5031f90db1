"""Ranks the lines that were read by how well they support a sentence of an answer."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from assistant.answering.passages.citable_spans import CitableSpan, lists_of, states, units_of
from assistant.answering.passages.window_builder import Window
from assistant.answering.verification.claim_extraction import Claims, Stated, claims, stated, words
from assistant.answering.verification.given_names import GivenNames
from ingest.language.measures import head_scales
from ingest.language.sentences import numbers
from ingest.language.words import small_words, stems, without
from vectorstore.embedding.embedder import Embedder, nearness

_SHORTLIST = 10  # units embedded for each sentence
_LEXICAL = 0.6  # weight of words against the embedding
_MISSING = 0.2  # penalty of a unit that states none of the numbers and names
_WIDE = 0.02  # penalty of each line beyond three: the narrowest support is cited
_ITEM = re.compile(r"\A\s*(?:\d{1,2}[.)]|[-•*–])\s+")  # of a list: its number is no claim
_AFFIRMS = re.compile(r"\W*yes\b", re.I)
_REPLIES = re.compile(
    r"(?<!\W)\W*+(?:yes\b[,.:;!–]?|no\b[,.:;!–])\s*", re.I
)  # to the question: denies no more
_MARKUP = re.compile(r"\*\*|__|`")
_CAPITAL = re.compile(r"[A-Z][\w&]*(?:['’-]\w+)*")


@dataclass(frozen=True)
class Said:
    """A sentence of an answer, or a part of one, prepared for the search."""

    text: str
    words: frozenset[str]  # stems; numbers are among the claims
    numbers: frozenset[str]
    claims: Claims
    question: str = ""  # whose names need no line of their own; empty: they do
    small: frozenset[str] = frozenset()  # words of its language that state nothing, but for English

    @classmethod
    def of(cls, text: str, question: str, bound: bool = False) -> "Said":
        """`bound`: each name must be given by the lines or their title, not by the question."""
        start = opening(text)
        text = _MARKUP.sub("", text[start:] if len(stems(text[start:])) > 1 else text)
        claimed = claims(text)
        if len(stems(text)) < 2:  # "Yes.", "25 days.": what it says is in the question
            claimed = claims(question) if _AFFIRMS.match(text) else claimed
            text = f"{question} {text}"
        small = small_words(question or text)
        meant = stems(without(text, small))
        wanted = frozenset(word for word in meant if not word[0].isdigit())
        return cls(text, wanted, numbers(text), claimed, "" if bound else question, small)

    def missing(self, supports: Sequence["Support"]) -> Claims:
        """Its exact claims that none of the lines states."""
        left = self.claims
        for support in supports:
            left = left.without(support.stated)
        return left

    def covered(self, supports: Sequence["Support"]) -> float:
        """Share of its words in the lines."""
        found = frozenset().union(*(support.meant for support in supports))
        return len(self.words & found) / len(self.words) if self.words else 1.0


@dataclass(frozen=True)
class Support:
    """A unit that may support a sentence."""

    unit: CitableSpan
    meant: frozenset[str]  # stems of the unit, and of names that are given for its document
    stated: Stated
    score: float = 0.0  # similarity, less penalties
    cosine: float = 0.0  # cosine to the sentence
    recalled: frozenset[str] = frozenset()  # stems of the question that stand above the unit


class ReadLines:
    """The passages as units."""

    def __init__(self, windows: Sequence[Window], names: GivenNames, embedder: Embedder) -> None:
        self._embedder = embedder
        self._windows = windows
        self._names = names
        self._scales = [head_scales(window.page.text) for window in windows]
        self._units = [
            unit
            for index, window in enumerate(windows)
            for unit in (*units_of(window, index), *lists_of(window, index))
        ]

    def ranked(self, said: Said) -> list[Support]:
        """The units that may support a sentence, best first."""
        capitals = " ".join(_CAPITAL.findall(said.text))
        named = frozenset(word for word in words(capitals) if word.isalpha())  # no "Q3"
        documents = dict.fromkeys(window.document for window in self._windows)
        given = {
            name: self._given(said, name)
            for name in documents
            if self._names.speaks_of(named, name)
        }
        supports = [
            _found(unit, *given[document])
            for unit in self._units
            if (document := self._windows[unit.window].document) in given
        ]
        nearest = sorted(supports, key=lambda support: -_lexical(support, said))[:_SHORTLIST]
        shortlist = [support for support in nearest if states(support.unit)]
        if not shortlist:
            return []
        texts = [f"{s.unit.heads} {s.unit.text}".strip() for s in shortlist]
        vectors = self._embedder.passages([said.text, *texts])
        cosines = np.atleast_1d(nearness(self._embedder, vectors[1:] @ vectors[0]))
        scored = [
            self._scored(support, said, float(cosine))
            for support, cosine in zip(shortlist, cosines, strict=True)
        ]
        return sorted(scored, key=lambda support: -support.score)

    def likeness(self, said: Said, chosen: Sequence[Support]) -> float:
        """The similarity of a sentence and the units together, in words and embedding, 0 to 1."""
        cosine = chosen[0].cosine
        if len(chosen) > 1:
            together = " ".join(support.unit.text for support in chosen)
            both = self._embedder.passages([said.text, together])
            cosine = nearness(self._embedder, float(both[0] @ both[1]))
        return _LEXICAL * said.covered(chosen) + (1 - _LEXICAL) * max(cosine, 0.0)

    def new_names(self, said: Said) -> frozenset[str]:
        """The words of names, as of "Northwind Care", that nowhere stand side by side."""
        asked = " ".join(words(said.question))
        pairs = [tuple(words(f"{one} {other}")) for one, other in _pairs(said.text)]
        new = (p for p in pairs if " ".join(p) not in asked and not self._names.side_by_side(p))
        return frozenset(word for pair in new for word in pair)

    def _given(self, said: Said, document: str) -> tuple[frozenset[str], frozenset[str]]:
        """The names of the sentence that its document gives: their stems, and folded words."""
        known = self._names.of_title(document)
        if said.question:
            known |= self._names.of_question(said.question, document)
        found = [m[0] for m in _CAPITAL.finditer(said.text) if set(words(m[0])) <= known]
        return stems(" ".join(found)), known

    def _scored(self, support: Support, said: Said, cosine: float) -> Support:
        """With its score: similarity, less penalties for missing exact claims and for width."""
        unit = support.unit
        exact = stated(unit.text, self._scales[unit.window])
        title = self._names.period(self._windows[unit.window].document)
        exact = replace(
            exact,
            numbers=(*exact.numbers, *title.numbers),
            dates=(*exact.dates, *title.dates),
            words=exact.words | support.stated.words,
        )
        alike = _LEXICAL * _lexical(support, said) + (1 - _LEXICAL) * max(cosine, 0.0)
        count = len(said.claims)
        left = len(said.claims.without(exact)) / count if count else 0.0
        width = max(unit.last - unit.first - 2, 0)
        score = alike - _MISSING * left - _WIDE * width
        return replace(
            support, stated=exact, score=score, cosine=cosine, recalled=self._recalled(unit, said)
        )

    def _recalled(self, unit: CitableSpan, said: Said) -> frozenset[str]:
        """The words of the question that the lines above have: texts refer back to them, as in "the
        process", and hardly ever forward."""
        window = self._windows[unit.window]
        above = window.page.lines[window.first : unit.first]
        return stems(said.question) & stems(" ".join(line.text for line in above))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Capitalised words of a sentence with nothing but a blank between, but for its first word."""
    first = re.compile(r"\W*").match(text)
    found = [m for m in _CAPITAL.finditer(text) if not first or m.start() > first.end()]
    for one, other in pairwise(found):
        if text[one.end() : other.start()] == " ":
            yield one[0], other[0]


def _found(unit: CitableSpan, given: frozenset[str], names: frozenset[str]) -> Support:
    return Support(unit, unit.meant | given, Stated((), (), "", names))


def _lexical(support: Support, said: Said) -> float:
    """The share of the sentence's words in the unit; a number counts three times."""
    total = len(said.words) + 3 * len(said.numbers)
    found = len(said.words & support.meant) + 3 * len(said.numbers & support.unit.numbers)
    return found / total if total else 0.0


def opening(text: str) -> int:
    """The length of what the sentence begins with before it says something: a list item's number,
    "Yes," or "No,"."""
    start = 0
    for pattern in (_ITEM, _REPLIES):
        match = pattern.match(text[start:])
        start += match.end() if match else 0
    return start
