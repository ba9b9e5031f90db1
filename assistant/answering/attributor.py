"""Attributes each sentence of an answer to the lines that support it, by code.

A small model does not write reliable marks, so they are attached afterwards: the answer's words,
numbers, names and meaning are looked for in the lines that were read (post-hoc attachment, as in
RAGFlow's `insert_citations`). A sentence is supported when lines state all of it, and partly
supported when lines are close, but some of its words are in none of them. The limits were measured
on labelled sentences (docs/answers.md).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from assistant.answering.claims import (
    Claims,
    GivenNames,
    Stated,
    claims,
    plain_words,
    stated,
    words,
    written,
)
from assistant.answering.evidence_units import Unit, Window
from assistant.contract.evidence import Evidence
from assistant.contract.facts import Citation, Sentence
from ingest.language.numbers import MONTH_OF
from ingest.language.sentences import numbers, split_answer
from ingest.language.words import small_words, stems, without
from vectorstore.embedding.embedder import nearness
from vectorstore.retrieval.search_query import SearchQuery

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

_NOTHING = SearchQuery("")
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
    question: SearchQuery  # whose names need no line of their own; empty: they do
    small: frozenset[str] = frozenset()  # words of its language that state nothing, but for English

    @classmethod
    def of(cls, text: str, question: SearchQuery, bound: bool = False) -> "Said":
        """`bound`: each name must be given by the lines or their title, not by the question."""
        start = opening(text)
        text = _MARKUP.sub("", text[start:] if len(stems(text[start:])) > 1 else text)
        claimed = claims(text)
        if len(stems(text)) < 2:  # "Yes.", "25 days.": what it says is in the question
            claimed = claims(question.text) if _AFFIRMS.match(text) else claimed
            text = f"{question} {text}"
        small = question.small if question.text else small_words(text)
        meant = stems(without(text, small))
        wanted = frozenset(word for word in meant if not word[0].isdigit())
        return cls(text, wanted, numbers(text), claimed, _NOTHING if bound else question, small)

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

    unit: Unit
    meant: frozenset[str]  # stems of the unit, and of names that are given for its document
    stated: Stated
    score: float = 0.0  # similarity, less penalties
    cosine: float = 0.0  # cosine to the sentence
    recalled: frozenset[str] = frozenset()  # stems of the question that stand above the unit


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Capitalised words of a sentence with nothing but a blank between, but for its first word."""
    found = [m for m in _CAPITAL.finditer(text) if any(map(str.isalnum, text[: m.start()]))]
    for one, other in pairwise(found):
        if text[one.end() : other.start()] == " ":
            yield one[0], other[0]


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


# -- The lines that support a sentence, and the words that they do not state

Marked = tuple[tuple[Sentence, ...], tuple[Citation, ...]]


class Attributor:
    """Attributes the sentences of one answer to the lines that were read for it."""

    def __init__(self, question: SearchQuery, read: Sequence[Window], evidence: Evidence) -> None:
        """What was `read` of the `evidence`. An empty `question` gives no name."""
        self._question, self._read = question, read
        self._names, self._embedder = GivenNames(read, evidence), evidence.embedder()
        self._units = [unit for window in read for unit in window.units]
        self._units += [unit for window in read for unit in window.lists]

    def attribute(self, answer: str) -> Marked:
        """The answer's sentences with marks, and the citation behind each mark."""
        citations: dict[tuple[str, int, int, int], Citation] = {}
        sentences = []
        for text in split_answer(answer):
            said = Said.of(text, self._question)
            nearest = _together(said, self._ranked(said))
            found = self._supports(text, said, nearest)
            close = nearest and nearest[0].score >= _CLOSE
            supports = found or (_needed(nearest, said) if close else [])
            words = unstated(text, said, supports, self._new_names(said))
            words = words if found else words or (text.strip(),)
            marks = {_mark(citations, support) for support in supports}
            supported = bool(marks) and not words
            sentences.append(Sentence(text, supported, tuple(sorted(marks)), words))
        return tuple(sentences), tuple(citations.values())

    # --- the units that support a sentence

    def _supports(self, text: str, whole: Said, nearest: Sequence[Support]) -> list[Support]:
        """The units that together support each part of a sentence; none when one part has none."""
        chosen = self._carrying(whole, nearest)
        parts = _parts(text)
        # One unit may have the words itself, with the names that are given elsewhere.
        own = len(whole.words & chosen[0].unit.meant) if len(chosen) == 1 else -1
        if len(parts) == 1 or own >= _WHOLE * len(whole.words):
            return chosen
        chosen = []
        for part in parts:  # a name distinguishes the two: it must be in the same line
            said = Said.of(part, self._question, bound=True)
            ranked, known = self._ranked(said), [support.unit for support in chosen]
            same = ([one] for one in ranked if one.unit in known)  # it may support this one, too
            tried = (self._carrying(said, some) for some in (*same, ranked[:1]))
            found = next(filter(None, tried), [])
            if not found:
                return []
            chosen += [support for support in found if support.unit not in known]
        return chosen

    def _carrying(self, said: Said, chosen: Sequence[Support]) -> list[Support]:
        """The units, without redundant ones, if they support a part together; else none."""
        if not chosen or said.missing(chosen) or denials(said, chosen):
            return []
        needed = _needed(chosen, said)
        return needed if self._likeness(said, needed) >= _SUPPORTED else []

    def _ranked(self, said: Said) -> list[Support]:
        """The units that may support a sentence, best first."""
        capitals = " ".join(_CAPITAL.findall(said.text))
        named = frozenset(word for word in words(capitals) if word.isalpha())  # no "Q3"
        documents = dict.fromkeys(window.document for window in self._read)
        given = {n: self._given(said, n) for n in documents if self._names.speaks_of(named, n)}
        supports = []
        for unit in self._units:
            if unit.window.document in given:
                known, names = given[unit.window.document]
                supports.append(Support(unit, unit.meant | known, Stated((), (), "", names)))
        nearest = sorted(supports, key=lambda support: -_lexical(support, said))[:_SHORTLIST]
        shortlist = [support for support in nearest if support.unit.states]
        if not shortlist:
            return []
        texts = [support.unit.with_heads for support in shortlist]
        vectors = self._embedder.passages([said.text, *texts])
        cosines = np.atleast_1d(nearness(self._embedder, vectors[1:] @ vectors[0]))
        scored = [
            self._scored(support, said, float(cosine))
            for support, cosine in zip(shortlist, cosines, strict=True)
        ]
        return sorted(scored, key=lambda support: -support.score)

    def _likeness(self, said: Said, chosen: Sequence[Support]) -> float:
        """The similarity of a sentence and the units together, in words and embedding, 0 to 1."""
        cosine = chosen[0].cosine
        if len(chosen) > 1:
            together = " ".join(support.unit.text for support in chosen)
            both = self._embedder.passages([said.text, together])
            cosine = nearness(self._embedder, float(both[0] @ both[1]))
        return _LEXICAL * said.covered(chosen) + (1 - _LEXICAL) * max(cosine, 0.0)

    def _new_names(self, said: Said) -> frozenset[str]:
        """The words of names, as of "Northwind Care", that nowhere stand side by side."""
        asked = " ".join(words(said.question.text))
        pairs = [tuple(words(f"{one} {other}")) for one, other in _pairs(said.text)]
        new = (p for p in pairs if " ".join(p) not in asked and not self._names.side_by_side(p))
        return frozenset(word for pair in new for word in pair)

    def _given(self, said: Said, document: str) -> tuple[frozenset[str], frozenset[str]]:
        """The names of the sentence that its document gives: their stems, and folded words."""
        known = self._names.titles[document]
        if said.question.text:
            known |= self._names.of_question(said.question.text, document)
        found = [m[0] for m in _CAPITAL.finditer(said.text) if set(words(m[0])) <= known]
        return stems(" ".join(found)), known

    def _scored(self, support: Support, said: Said, cosine: float) -> Support:
        """With its score: similarity, less penalties for missing exact claims and for width."""
        unit = support.unit
        exact = stated(unit.text, unit.window.scales)
        title = self._names.periods[unit.window.document]
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
        # Texts refer back to what is above, as in "the process", and hardly ever forward.
        above = unit.window.page.lines[unit.window.first : unit.first]
        recalled = said.question.stems & stems(" ".join(line.text for line in above))
        return replace(support, stated=exact, score=score, cosine=cosine, recalled=recalled)


def _parts(text: str) -> list[str]:
    """The parts of a contrast, such as "A gets 25 days, while B gets 28". Each needs its own
    support: lines about A alone would have most words of the whole."""
    found = [text] if _QUOTES.search(text) else _AGAINST.split(text)
    return found if all(len(stems(part)) >= _LEAST_OF_PART for part in found) else [text]


def _together(said: Said, ranked: Sequence[Support]) -> list[Support]:
    """The best unit, and those that each add something."""
    chosen = list(ranked[:1])
    while chosen and len(chosen) < _MOST_MARKS:
        more = next((s for s in ranked if s not in chosen and _adds(s, chosen, said)), None)
        if more is None:
            break
        chosen.append(more)
    return chosen


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


def _mark(citations: dict[tuple[str, int, int, int], Citation], support: Support) -> int:
    """The mark of its lines, which get one if they have none yet."""
    lines = support.unit.lines
    key = lines.document, lines.page.number, lines.first, lines.last
    if key not in citations:
        citations[key] = lines.citation(len(citations) + 1, support.score)
    return citations[key].mark


# -- Finds the words of a sentence that no line states: what a reader has to check

_TOKEN = re.compile(r"\w+(?:[.,:/'’&-]\w+)*%?")
_BETWEEN = re.compile(r"[\s,/-]*")  # unstated words with nothing else between are shown as one
_SHORT = re.compile(r"['’]\w{1,2}\b")  # "it's", "Anna's"
_DENIES = re.compile(r"\b(?:no|not|never|none|neither|nor|cannot|without|nothing)\b|n['’]t\b", re.I)
_NAMED = re.compile(r"[\"“„«][^\"“”„«»]*[\"”»]|\bNo (?=[A-Z])")  # "No Man's Sky" denies nothing
_DENIED = re.compile(
    r"(?:\b(?:no|not(?!\s+only)|never|cannot|neither)|n['’]t)\s+(?:(?:be|been|a|an|the|any)\s+)*(\w+)",
    re.IGNORECASE,
)


def unstated(
    text: str, said: Said, chosen: Sequence[Support], new_names: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """The words of `text` that none of the lines states, as written and in their order.

    A number, date or quoted phrase must be stated as a whole. A word is stated when its stem is in
    the lines, when it is of a name that is given for them, or of the question and stands above
    them. `new_names`: folded words of names that nobody gives.
    """
    exact, wrong = _exact(text, chosen)
    wrong |= said.missing(chosen).names | new_names
    denied = denials(said, chosen)
    found = frozenset().union(*(support.meant | support.recalled for support in chosen))
    spans = [
        match.span()
        for match in _TOKEN.finditer(text, opening(text))
        if match[0].lower() not in said.small
        and _is_unstated(match[0], found, exact, wrong, denied)
    ]
    return tuple(_joined(text, spans))


def denials(said: Said, chosen: Sequence[Support]) -> frozenset[str]:
    """What the sentence denies and no line does ("not"), or what a line denies and it says."""
    lines = [_NAMED.sub(" ", support.unit.text) for support in chosen]
    if own := _DENIES.findall(_NAMED.sub(" ", said.text)):
        denied = any(_DENIES.search(line) for line in lines)
        return frozenset() if denied else frozenset(word.lower() for word in own)
    behind = {word for line in lines for word in _DENIED.findall(line)}
    return frozenset().union(*(stems(word) & said.words for word in behind))


def _is_unstated(
    token: str, found: frozenset[str], exact: set[str], wrong: set[str], denied: frozenset[str]
) -> bool:
    parts = plain_words(token)
    meant = stems(_SHORT.sub("", token))
    if (parts | set(words(token))) & wrong or meant & denied or (denied and _DENIES.search(token)):
        return True
    new = {stem for stem in meant - found if len(stem) > 1 and not stem[0].isdigit()}
    return bool(new) and not parts <= exact


def _exact(text: str, chosen: Sequence[Support]) -> tuple[set[str], set[str]]:
    """The words of the numbers, dates and phrases: of those that are stated, and of others."""
    lines = {word for s in chosen for word in plain_words(f"{s.unit.text} {s.unit.heads}")}
    right: set[str] = set()
    wrong: set[str] = set()
    for said, claim in written(text):
        for support in chosen:
            claim = claim.without(support.stated)
        parts = plain_words(said)
        if len(claim):
            wrong |= parts - lines or parts  # all words are there, but not of one thing
        else:
            right |= parts
    return right, wrong


def _joined(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[str]:
    """The words at the spans; neighbours together."""
    first = last = -1
    for start, end in spans:
        if last >= 0 and not _BETWEEN.fullmatch(text, last, start):
            yield text[first:last]
            first = -1
        first, last = (start if first < 0 else first), end
    if last >= 0:
        yield text[first:last]
