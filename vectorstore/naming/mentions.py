"""Which documents a text names, by the names that they have.

A name counts if it is distinctive in this library: one that all documents have says nothing, nor
does one that is stated mostly by documents which are not about it.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ingest.language.words import STOP_WORDS, name_parts
from vectorstore.naming.document_names import periods_of, words_of

_WORDS = 8  # of a name in a text
_ABOUT = 0.5  # of the highest weight of a name: documents with less mention it only
_WEAKEST = 0.03  # weight of a name that binds
_BESIDE = 0.5  # of the weight of the strongest name in a text: the others are named along with it
_OWN = 0.5  # share of a word's passages that are of its documents, when it has no capital
_OWN_WITH_CAPITAL = 0.25  # when it has one, or is of several words
_STRONG = 0.2  # weight of a name that may be abbreviated or misspelt
_SPELT = 5  # letters of a word that may be misspelt
_INITIALS = 3  # letters that are no chance
_DIGITS_TOO = 6  # characters of a file's name with digits that is no chance, as 3M_2018

_START = re.compile(r"(?:\A|[.?!:]\s)\W*[^\W\d_](?=[^\W\d_A-Z]+\b)")


@dataclass(frozen=True)
class Named:
    """A document and its names; `newer`: a newer version has replaced it."""

    document: str
    weights: Mapping[str, tuple[float, int]]  # words -> weight, and passages that state it
    periods: frozenset[str] = frozenset()
    newer: str = ""


@dataclass(frozen=True)
class Mention:
    """A name in a text: where it stands, and the weight of each document that has it."""

    start: int  # of its words
    end: int
    weights: Mapping[str, float]
    file: bool = False  # it is the name of a file

    @property
    def weight(self) -> float:
        return max(self.weights.values())

    @property
    def documents(self) -> frozenset[str]:
        """Those that it is a name of, without those that only mention it."""
        low = _ABOUT * self.weight
        return frozenset(name for name, weight in self.weights.items() if weight >= low)

    def inside(self, other: "Mention") -> bool:
        """Whether it is a part of a longer name."""
        wider = other.end - other.start > self.end - self.start
        return wider and other.start <= self.start and self.end <= other.end


@dataclass(frozen=True)
class Naming:
    """What a text names: each group holds the documents about one thing. `files`: those that are
    named by their file."""

    groups: tuple[frozenset[str], ...] = ()
    files: frozenset[str] = frozenset()

    @property
    def documents(self) -> frozenset[str]:
        return frozenset().union(*self.groups)


@dataclass
class _Known:
    """Names by their letters, without spaces."""

    names: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    words: dict[str, str] = field(default_factory=dict)
    passages: dict[tuple[str, str], int] = field(default_factory=dict)  # of a name and a document
    files: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    initials: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    strong: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # by first letter


class NameIndex:
    """All names of a library."""

    def __init__(self, documents: Sequence[Named], stated: Callable[[str], int]) -> None:
        """`stated` counts the passages of the library that state a word, in any case."""
        self._stated = stated
        self._documents = {one.document: one for one in documents}
        self.newer = {one.document: one.newer for one in documents if one.newer}
        self._known = _Known()
        for one in documents:
            self._learn_file(one.document)
            if not one.newer:
                self._learn(one)

    def naming(self, text: str) -> Naming:
        """What a text names."""
        found = self._mentions(text)
        files = frozenset(name for one in found if one.file for name in one.documents)
        return Naming(tuple(self._groups(found)), files)

    def of_period(self, text: str, documents: Collection[str]) -> frozenset[str]:
        """Of some documents, those of the period that a text names; empty when it names none of
        them, or all of them equally."""
        asked = periods_of(text)
        fits = {name: len(asked & self._documents[name].periods) for name in documents}
        best = max(fits.values(), default=0)
        found = frozenset(name for name, fit in fits.items() if fit == best)
        return found if best and len(found) < len(fits) else frozenset()

    def _learn_file(self, name: str) -> None:
        parts = words_of(name.rsplit("/", 1)[-1].lower())
        stem = parts[:-1] if "." in name else parts
        self._known.files["".join(parts)].add(name)
        letters = "".join(stem)
        numbered = any(c.isdigit() for c in letters) and len(letters) >= _DIGITS_TOO
        if len(stem) > 1 or numbered or len(name_parts(name).split()) > 1:
            self._known.files[letters].add(name)

    def _learn(self, one: Named) -> None:
        for words, (weight, passages) in one.weights.items():
            letters = words.replace(" ", "")
            known = self._known.names[letters]
            known[one.document] = max(weight, known.get(one.document, 0.0))
            self._known.words[letters] = words
            self._known.passages[letters, one.document] = passages
            if weight < _STRONG:
                continue
            self._known.strong[words[0]].add(words)
            short = "".join(word[0] for word in words.split())
            if len(short) > 1:
                of = self._known.initials[short]
                of[one.document] = max(weight, of.get(one.document, 0.0))

    def _mentions(self, text: str) -> list[Mention]:
        """The names in a text; none within a longer one."""
        found = list(self._all(text))
        kept = [one for one in found if not any(one.inside(other) for other in found)]
        everywhere = len(self._documents)
        telling = [one for one in kept if one.file or len(one.documents) < everywhere]
        high = max((one.weight for one in telling), default=0.0)
        return [one for one in telling if one.weight >= max(_WEAKEST, _BESIDE * high)]

    def _all(self, text: str) -> Iterator[Mention]:
        words = _as_written(text)
        for start in range(len(words)):
            for end in range(start + 1, min(start + _WORDS, len(words)) + 1):
                span = words[start:end]
                letters = "".join(span).lower()
                if letters in self._known.files:
                    weights = dict.fromkeys(self._known.files[letters], 1.0)
                    yield Mention(start, end, weights, file=True)
                elif weights := self._weights(span, letters):
                    yield Mention(start, end, weights)

    def _weights(self, span: Sequence[str], letters: str) -> Mapping[str, float]:
        plain = len(span) == 1 and span[0].islower()
        if known := self._known.names.get(letters):
            return known if self._own(letters) >= (_OWN if plain else _OWN_WITH_CAPITAL) else {}
        short = "".join(span).isupper() and (len(letters) >= _INITIALS or len(span) > 1)
        if short and letters in self._known.initials:
            return self._known.initials[letters]
        return self._otherwise(letters) if len(span) == 1 else {}

    def _own(self, letters: str) -> float:
        """How distinctive a name is: of the passages that state it, the share that is of the
        documents about it."""
        about = Mention(0, 0, self._known.names[letters]).documents
        own = sum(self._known.passages[letters, name] for name in about)
        return own / max(own, self._stated(self._known.words[letters]))

    def _otherwise(self, word: str) -> Mapping[str, float]:
        """The name that a word which the library does not have abbreviates or misspells."""
        strong = self._known.strong.get(word[0], ())
        if len(word) < _SPELT - 1 or not strong or word in STOP_WORDS or self._stated(word):
            return {}
        found = [name for name in strong if misspelt(word, name) or clipped(word, name)]
        letters = {name.replace(" ", "") for name in found}
        weights: dict[str, float] = {}
        for name in letters:
            weights |= self._known.names[name]
        return weights

    def _groups(self, mentions: Sequence[Mention]) -> list[frozenset[str]]:
        """Names of the same documents narrow each other ("Apple", "2023 Q1"), others stand for
        several things ("Apple and Intel")."""
        groups: list[frozenset[str]] = []
        for found in sorted((one.documents for one in mentions), key=len):
            for at, group in enumerate(groups):
                if group & found:
                    groups[at] = group & found
                    break
            else:
                groups.append(found)
        return groups


def _as_written(text: str) -> list[str]:
    """The words of a text; in lower case where a capital says nothing: at the start of a sentence,
    and in a text of capitals."""
    if text == text.upper():
        return words_of(text.lower())
    return words_of(_START.sub(lambda match: match[0].lower(), text))


def misspelt(word: str, name: str) -> bool:
    """Whether one letter is wrong, missing, added, or two neighbours are exchanged; the first one
    is right (Damerau's four errors, 1964)."""
    if min(len(word), len(name)) < _SPELT or " " in name or abs(len(word) - len(name)) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(word, name, strict=False)) if a != b), None)
    if at is None or at == 0:
        return at is None
    if len(word) == len(name):
        exchanged = word[at + 1 : at + 2] + word[at : at + 1] == name[at : at + 2]
        return word[at + 1 :] == name[at + 1 :] or (exchanged and word[at + 2 :] == name[at + 2 :])
    longer, shorter = sorted((word, name), key=len, reverse=True)
    return longer[at + 1 :] == shorter[at:]


def clipped(word: str, name: str) -> bool:
    """Whether a word is made of the beginnings of all words of a name: `amex` of American
    Express."""
    first, _, rest = name.partition(" ")
    if not rest:
        return first.startswith(word)
    return any(
        first.startswith(word[:cut]) and clipped(word[cut:], rest) for cut in range(1, len(word))
    )
