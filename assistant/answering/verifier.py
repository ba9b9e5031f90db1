"""Stage 4, verify: decides from what was written whether it is given as the answer.

A small model writes something for every question. Right from wrong is told by whether one unit that
was read says it: by a reader that has learned which passage answers which question, and is given
the answer in the question's place, else by its words; by its numbers; and by whether what was asked
about was read at all. How much each counts was fitted to answers that were read
(benchmarks/results/fit_verifier.md). No chat model is asked, so that one set serves them all.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from assistant.answering.attributor import opening
from assistant.answering.claims import Claims, claims, stated
from assistant.answering.evidence_units import Quoted, Window
from assistant.answering.retrieve import MOST_READ
from assistant.contract.facts import Judged, Verdict
from ingest.language.identify import UNKNOWN, language_of_passages, language_of_question
from ingest.language.sentences import split_answer
from ingest.language.words import (
    has_spaceless,
    small_words,
    stemmed,
    stems,
    telling_words,
    without,
)
from vectorstore.retrieval.rerank import Reader

Weights = dict[str, float]
"""Of a logistic regression, with its bias, over what tells a right answer from a wrong one:

- `entailed`: the reader's highest log-odds that a unit says it.
- `stated`, without a reader: the highest share of its words in one unit; of a quoted sentence the
  share of the question's words in it.
- `numbers`: the highest share of the numbers and dates that it adds to the question in one unit.
- `asked`: the share of the question's words in the units that state something.
- `near`: the highest cosine of a unit to the question, by a model that compares languages.
"""


@dataclass(frozen=True)
class OperatingPoint:
    """A setting between strict and helpful, with its measured effect."""

    threshold: float  # probability below which an answer is not given
    unanswerable: float  # share of unanswerable questions that are refused
    answerable: float  # share of right answers that are not given as well


# The first two and BY_NEARNESS are fitted by benchmarks/fitting/fit_verifier.py. The effects are
# those of BY_READER on sets that were left out.
BY_READER: Weights = {"bias": -5.60, "entailed": 0.41, "numbers": 2.93, "asked": 2.14}
BY_WORDS: Weights = {"bias": -7.17, "stated": 3.57, "numbers": 2.79, "asked": 2.32}
# Those by words, and .23 more, so that as few unanswerable questions are answered.
QUOTED: Weights = {"bias": -4.15, "stated": 3.57, "asked": 2.32}
# Where the reader has read it; fitted to quoted sentences (benchmarks/results/calm.md).
QUOTED_READ: Weights = {"bias": -5.27, "entailed": 0.5, "stated": 3.57, "asked": 2.32}
# In libraries of several languages; of a sentence that is quoted `stated` is what it has of the
# question's words.
BY_NEARNESS: Weights = {"bias": -6.22, "near": 4.02, "stated": 2.62, "numbers": 1.97}
# Where hardly a word is shared. Fitted to whether passages in another language answer
# (benchmarks/results/languages.md).
ACROSS: Weights = {"bias": -2.55, "near": 11.36, "asked": 0.50}
OPERATING_POINTS = {
    "strict": OperatingPoint(0.5, 0.94, 0.43),
    "balanced": OperatingPoint(0.35, 0.82, 0.23),
    "helpful": OperatingPoint(0.25, 0.68, 0.15),
}
BALANCED, HELPFUL = "balanced", "helpful"
DEFAULT_THRESHOLD = OPERATING_POINTS[BALANCED].threshold
_UNREAD = -10.0  # log-odds where nothing was read
_ECHO = 0.8  # share of an answer's words in the question from which it adds nothing to it
# A part is answered by a sentence that has the words that no other part has, or that the reader
# takes for its answer (benchmarks/results/calm.md).
_OF_ODDS, _OF_WORDS, _ANSWERED = 0.25, 2.0, 0.6
_SURE = 2.0  # log-odds from which the reader is sure of a line


class Verifier:
    """Verifies texts for one question against what was read for it."""

    def __init__(
        self, question: str, read: Sequence[Window], reader: Reader | None = None,
        threshold: float = DEFAULT_THRESHOLD, near: float | None = None,
    ) -> None:  # fmt: skip
        """`reader` is None where it cannot read the question; then `near` is the highest cosine of
        a unit to it, by a model that compares languages. Below `threshold`, 0 to 1, a text is not
        given."""
        self._question, self._reader, self.threshold = question, reader, threshold
        self._near, self._read = near, read
        found = {one.with_heads: one for window in read for one in window.units}.values()
        units = [one for one in found if one.states] or found
        self._units = [Quoted(one, 0.0, 0.0) for one in units]

    def verify(self, text: str) -> Judged:
        """Judge an answer by its first sentence. Raises LibraryError."""
        if self._across:
            return self._judged({}, ACROSS)
        first = first_statement(split_answer(text)) or text
        if len([word for word in _words(first) if not word[0].isdigit()]) < 2:
            first = f"{self._question} {first}"  # "Yes.", "25 days.": the question says of what
        numbers = self._numbers(first)
        if self._reader is None:
            shares = {"stated": max(self._stated(first), default=0.0), "numbers": numbers}
            return self._judged(shares, BY_WORDS if self._near is None else BY_NEARNESS)
        odds = self._reader.odds(first, self._nearest(first))
        return self._judged({"entailed": max(odds, default=_UNREAD), "numbers": numbers}, BY_READER)

    def verify_quoted(self, quoted: Quoted, echoed: bool = False) -> Judged:
        """Judge a sentence of the documents: they say it, but it may be no answer. Where yes or no
        is asked, and was `echoed`, the reader does not know what answers."""
        if self._across:
            return self._judged({}, ACROSS)
        share = {"stated": _share(self._wanted, _of(quoted))}
        if self._near is not None:
            return self._judged({**share, "numbers": 1.0}, BY_NEARNESS)
        if quoted.odds is None or echoed:
            return self._judged(share, QUOTED)
        return self._judged({**share, "entailed": quoted.odds}, QUOTED_READ)

    def _judged(self, signals: Weights, weights: Weights) -> Judged:
        read = frozenset().union(*self._unit_words)
        near = {} if self._near is None else {"near": self._near}
        signals = {**near, **signals, "asked": _share(self._wanted, read)}
        shares = {name: weight * signals.get(name, 1.0) for name, weight in weights.items()}
        chance = 1 / (1 + math.exp(-sum(shares.values())))
        verdict: Verdict = "give" if chance >= self.threshold else "refuse"
        pages = len({window.place for window in self._read})
        return Judged(signals, shares, chance, self.threshold, verdict, pages)

    def echoes(self, text: str) -> bool:
        """Whether an answer says hardly more than yes or no: the question has its words, and all
        its numbers and names."""
        said = text[opening(text) :]
        new = claims(said).without(stated(self._question))
        words = _words(without(said, small_words(self._question)))
        return not new and _share(words, _words(self._question)) >= _ECHO

    def dropped(self, parts: Sequence[str], sentences: Sequence[str]) -> list[str]:
        """The parts of the question that no sentence answers. Raises LibraryError."""
        own = [_words(telling_words(part)) for part in parts]
        return [
            part
            for part, words in zip(parts, own, strict=True)
            if len(parts) > 1
            and not self._is_answered(part, words - _others(words, own), sentences)
        ]

    def _is_answered(self, part: str, words: frozenset[str], sentences: Sequence[str]) -> bool:
        odds = [0.0] * len(sentences)
        if self._reader is not None:
            odds = self._reader.odds(part, [_Text(one) for one in sentences])
        shares = (_share(words, _words(one)) for one in sentences)
        return any(
            _OF_ODDS * odd + _OF_WORDS * share >= _ANSWERED
            for odd, share in zip(odds, shares, strict=True)
        )

    def line_for(self, part: str, units: Sequence[Quoted]) -> Quoted | None:
        """The unit that may answer a part of the question, if one does. Raises LibraryError."""
        near = [one for one in units[:MOST_READ] if one.unit.states and one.unit.is_full]
        if self._reader is not None:
            odds = self._reader.odds(part, near)
            near = [replace(one, odds=odd) for one, odd in zip(near, odds, strict=True)]
        alone = Verifier(part, self._read, self._reader, self.threshold, self._near)
        judged = [(alone.verify_quoted(one), one) for one in near]
        fitting = [pair for pair in judged if pair[0].verdict == "give" or _sure(pair[1])]
        return max(fitting, key=lambda pair: pair[0].probability)[1] if fitting else None

    @cached_property
    def _across(self) -> bool:
        """Passages of no certain language are taken for those of the question's: tables, for
        one."""
        if self._near is None:
            return False
        read = language_of_passages([window.text for window in self._read])
        return read not in (UNKNOWN, language_of_question(self._question))

    @cached_property
    def _unit_words(self) -> list[frozenset[str]]:
        return [_of(one) for one in self._units]

    @cached_property
    def _wanted(self) -> frozenset[str]:
        return _words(telling_words(self._question))

    def _stated(self, sentence: str) -> list[float]:
        """The share of its words in each unit."""
        words = _words(without(sentence, small_words(self._question)))
        return [_share(words, held) for held in self._unit_words]

    def _nearest(self, sentence: str) -> list[Quoted]:
        """The units that have most of its words, as many as are read."""
        if len(self._units) <= MOST_READ:
            return self._units
        shares = self._stated(sentence)
        order = sorted(range(len(shares)), key=lambda at: -shares[at])
        return [self._units[at] for at in order[:MOST_READ]]

    def _numbers(self, sentence: str) -> float:
        new = _exact(claims(sentence[opening(sentence) :]).without(stated(self._question)))
        if not new:
            return 1.0
        lines = (stated(one.text, one.unit.window.scales) for one in self._units)
        return max((1 - len(_exact(new.without(one))) / len(new) for one in lines), default=0.0)


def first_statement(sentences: Sequence[str]) -> str:
    """The first sentence that is no introduction of a list; empty while there is none."""
    return next((one for one in sentences if not one.rstrip().endswith(":")), "")


@dataclass(frozen=True)
class _Text:
    """A sentence of an answer, as the reader reads it."""

    text: str
    document: str = ""


def _sure(quoted: Quoted) -> bool:
    """A part has few words, which the line that answers it need not have."""
    return quoted.odds is not None and quoted.odds >= _SURE


def _others(words: frozenset[str], own: Sequence[frozenset[str]]) -> frozenset[str]:
    """The words of other parts, which do not tell this one from them."""
    return frozenset().union(*(other for other in own if other is not words))


def _exact(claimed: Claims) -> Claims:
    """Its numbers and dates; a run of a script without spaces that has a digit is no code."""
    numbers = (n for n in claimed.numbers if n.value is not None or not has_spaceless(n.digits))
    return Claims(tuple(numbers), claimed.dates)


def _of(quoted: Quoted) -> frozenset[str]:
    return quoted.unit.meant | _words(quoted.text)


def _words(text: str) -> frozenset[str]:
    """The stems; of a script without spaces the pairs of letters."""
    return stems(stemmed(text, "ja")) if has_spaceless(text) else stems(text)


def _share(wanted: frozenset[str], found: frozenset[str]) -> float:
    return len(wanted & found) / len(wanted) if wanted else 1.0


def identity() -> str:
    """Of the weights: probabilities by different ones cannot be compared."""
    weights = repr((BY_READER, BY_WORDS, QUOTED, QUOTED_READ, BY_NEARNESS, ACROSS))
    return hashlib.sha256(weights.encode()).hexdigest()[:8]
