"""Aligns a question with labels of rows by meaning: which of its words stand for a label, and which
are about something that no label says."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from assistant.answering.table_qa.question.normalise import terms
from assistant.answering.table_qa.question.parse_question import operation_spans
from assistant.answering.table_qa.question.periods import without_periods
from ingest.language.words import STOP_WORDS
from vectorstore.embedding.embedder import Embedder

_WORD = re.compile(r"[^\W_]+(?:[’'&.+-]+[^\W_]+)*")
_INITIALS = re.compile(r"\b[A-Z](?:&?[A-Z]){1,4}\b")
_EMPTY = STOP_WORDS | {"much", "many"}
_LONGEST = 6  # words that stand for a label
_TRIED = 5  # places of a label that are tried beside another one
_PAIRED = 10  # labels that are tried in pairs

Floats = NDArray[np.float32]
Place = tuple[int, int]  # the numbers of the first word and of the last one


@dataclass(frozen=True)
class Word:
    """A word of a question."""

    text: str
    start: int  # in the question without its periods
    content: bool  # no stop word, and none that only tells the operation


@dataclass(frozen=True)
class Aligned:
    """Labels in the order of the question, and the words that stand for each."""

    labels: tuple[str, ...]
    places: tuple[Place, ...]
    closeness: float  # mean of the labels' cosines with their words
    whole: float  # cosine of the labels with all content words

    @property
    def score(self) -> float:
        """0 to 2."""
        return self.closeness + self.whole


class Alignment:
    """The content words of a question without its periods, and how close they are to labels."""

    def __init__(self, question: str, labels: Sequence[str], embedder: Embedder) -> None:
        self.text = without_periods(question)
        self._labels = list(dict.fromkeys(labels))
        self._embed = _Embedded(embedder)
        self._words = _words(self.text, self._labels)
        self._places = _places(self._words)

    @property
    def abbreviated(self) -> bool:
        """Whether the question has initials joined by "&" that no label spells out."""
        return "&" in "".join(_INITIALS.findall(self.text))

    def closest_at(self, start: int, labels: Sequence[str]) -> str | None:
        """The label that is closest to the words from a place in `text` on; None at its end."""
        first = next((at for at, w in enumerate(self._words) if w.content and w.start >= start), -1)
        spans = [at for at, place in enumerate(self._places) if place[0] == first]
        if not spans:
            return None
        return max(labels, key=lambda label: self._near[self._labels.index(label), spans].max())

    def terms(self, place: Place) -> frozenset[str]:
        """The content words of a place, in normal form."""
        return _terms(self._words[place[0] : place[1] + 1])

    @cached_property
    def content(self) -> frozenset[str]:
        """All content words, in normal form."""
        return _terms(self._words)

    def said(self, place: Place) -> str:
        """The words themselves."""
        return " ".join(word.text for word in self._words[place[0] : place[1] + 1])

    def context(self, texts: Sequence[str]) -> list[float]:
        """How close texts are to the content words of the question, as cosines."""
        return [float(cosine) for cosine in self._embed(texts) @ self._all]

    @cached_property
    def singles(self) -> list[Aligned]:
        """Each label alone, the closest first."""
        if not self._places:
            return []
        best, whole = self._near.argmax(1), self._embed(self._labels) @ self._all
        found = [
            Aligned(
                (label,), (self._places[place],), float(self._near[at, place]), float(whole[at])
            )
            for at, (label, place) in enumerate(zip(self._labels, best, strict=True))
        ]
        return sorted(found, key=lambda aligned: -aligned.score)

    @cached_property
    def pairs(self) -> list[Aligned]:
        """Two labels that different words stand for, the closest first."""
        closest = sorted(self.singles, key=lambda aligned: -aligned.closeness)[:_PAIRED]
        first = [self._labels.index(aligned.labels[0]) for aligned in closest]
        found = [pair for a, b in combinations(first, 2) if (pair := self._pair(a, b))]
        joined = [" ".join(labels) for labels, *_ in found]
        whole = self._embed(joined) @ self._all if found else ()
        pairs = [Aligned(*pair, float(cosine)) for pair, cosine in zip(found, whole, strict=True)]
        return sorted(pairs, key=lambda aligned: -aligned.score)

    def unexplained(self, aligned: Aligned, known: frozenset[str]) -> float:
        """How much closer the question comes to the labels without one of its words that is not
        known: a word about another thing keeps it away. 0 when each brings it closer."""
        left = [
            self._said(without=at)
            for at, word in enumerate(self._words)
            if word.content and not set(terms(word.text)) <= known
        ]
        label = self._embed([" ".join(aligned.labels)])[0]
        near = self._embed([text for text in left if text]) @ label if any(left) else ()
        return max([0.0, *(float(cosine - self._all @ label) for cosine in near)])

    def explained(self, aligned: Aligned, known: frozenset[str]) -> float:
        """The share of the content words that stand for a label, or are known, 0 to 1."""
        content = [at for at, word in enumerate(self._words) if word.content]
        told = [
            at
            for at in content
            if any(first <= at <= last for first, last in aligned.places)
            or set(terms(self._words[at].text)) <= known
        ]
        return len(told) / max(len(content), 1)

    @cached_property
    def _near(self) -> Floats:
        """The cosine of each label with each place."""
        spans = [self.said(place) for place in self._places]
        near: Floats = self._embed(self._labels) @ self._embed(spans).T
        return near

    @cached_property
    def _all(self) -> Floats:
        found: Floats = self._embed([self._said()])[0]
        return found

    def _said(self, without: int | None = None) -> str:
        """The content words but one."""
        return " ".join(w.text for at, w in enumerate(self._words) if w.content and at != without)

    def _pair(
        self, one: int, other: int
    ) -> tuple[tuple[str, str], tuple[Place, Place], float] | None:
        """In the order of the question; None when the same words stand for both."""
        tried = [np.argsort(-self._near[at])[:_TRIED] for at in (one, other)]
        apart = [
            (float(self._near[one, a] + self._near[other, b]), self._places[a], self._places[b])
            for a in tried[0]
            for b in tried[1]
            if _apart(self._places[a], self._places[b])
        ]
        if not apart:
            return None
        closeness, *places = max(apart)
        ends = sorted(zip(places, (self._labels[one], self._labels[other]), strict=True))
        (first, label), (last, second) = ends
        return (label, second), (first, last), closeness / 2


class _Embedded:
    """Texts as vectors, each computed once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Floats] = {}

    def __call__(self, texts: Sequence[str]) -> Floats:
        """Shape (len(texts), dimensions)."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known |= zip(new, self._embedder.passages(new) if new else (), strict=True)
        found: Floats = np.stack([self._known[text] for text in texts])
        return found


def spelt_out(text: str, labels: Sequence[str]) -> str:
    """A question with words of labels in place of their initials: "R&D", "EPS"."""
    known = {word for label in labels for word in _WORD.findall(label)}
    for word in dict.fromkeys(_INITIALS.findall(text)):
        letters = word.replace("&", "").lower()
        found = [label for label in labels if _initials(label) == letters]
        if word not in known and len(found) == 1:
            text = re.sub(rf"\b{re.escape(word)}\b", found[0].lower(), text)
    return text


def _initials(label: str) -> str:
    words = (word for word in _WORD.findall(label) if word.lower() not in STOP_WORDS)
    return "".join(word[0].lower() for word in words)


def _words(text: str, labels: Sequence[str]) -> list[Word]:
    """Without names that no label has: they are names of documents, or unknown."""
    known = {word.lower() for label in labels for word in _WORD.findall(label)}
    spans = operation_spans(text)
    words = []
    for match in _WORD.finditer(text):
        bare = re.sub(r"[’']s?$", "", match[0])
        if match.start() and bare[:1].isupper() and bare.lower() not in known:
            continue
        told = any(start <= match.start() < end for start, end in spans)
        words.append(Word(bare, match.start(), bare.lower() not in _EMPTY and not told))
    return words


def _terms(words: Sequence[Word]) -> frozenset[str]:
    return frozenset(term for word in words if word.content for term in terms(word.text))


def _places(words: Sequence[Word]) -> list[Place]:
    """Runs of words that begin and end with a content word."""
    return [
        (a, b)
        for a in range(len(words))
        for b in range(a, min(a + _LONGEST, len(words)))
        if words[a].content and words[b].content
    ]


def _apart(one: Place, other: Place) -> bool:
    return one[1] < other[0] or other[1] < one[0]
