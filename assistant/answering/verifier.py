"""Stage 4, verify: decides from what was written whether it is given as the answer.

A small model writes something for every question. Right from wrong is told by whether one unit that
was read says it: by a reader that has learned which passage answers which question, and is given
the answer in the question's place, else by its words; by its numbers; and by whether what was asked
about was read at all. How much each counts was fitted to answers that were read
(benchmarks/results/fit_verifier.md). That set serves all chat models. For those of `CHECKED` there
is one that also counts how sure the model was of its digits, and what it says when it is asked
whether the documents state what it wrote: models differ too much in these.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from assistant.answering.attributor import opening
from assistant.answering.claims import Claims, claims, stated
from assistant.answering.evidence_units import Quoted, Window
from assistant.answering.retrieve import MOST_READ
from assistant.answering.write import Stands, showing
from assistant.contract.facts import Judged, Outcome, Token, Verdict
from assistant.contract.reply import Reply
from assistant.i18n.translation import _
from assistant.llm import prompts
from ingest.language.sentences import split_answer
from ingest.language.words import UNKNOWN, all_stems, has_spaceless, language_of_passages, without
from vectorstore.retrieval.rerank import Reader
from vectorstore.retrieval.search_query import SearchQuery

Weights = dict[str, float]
"""Of a logistic regression, with its bias, over what tells a right answer from a wrong one:

- `entailed`: the reader's highest log-odds that a unit says it.
- `stated`, without a reader: the highest share of its words in one unit; of a quoted sentence the
  share of the question's words in it.
- `numbers`: the highest share of the numbers and dates that it adds to the question in one unit.
- `asked`: the share of the question's words in the units that state something.
- `digits`: the log of the lowest probability that the model gave to a digit, 0 without one (Malinin
  and Gales, Uncertainty Estimation in Autoregressive Structured Prediction, 2021).
- `stands`: the model's log-odds that the documents state it.
- `yes`, of a text that begins with it: how far its log-odds against a no are below 2.5, 0 or less.
  A small model begins nearly all with it (benchmarks/results/fit_verifier.md).
- `near`: the highest cosine of a unit to the question, by a model that compares languages.
"""


@dataclass(frozen=True)
class OperatingPoint:
    """A setting between strict and helpful, with its measured effect."""

    threshold: float  # probability below which an answer is not given
    unanswerable: float  # share of unanswerable questions that are refused
    answerable: float  # share of right answers that are not given as well


# Fitted by benchmarks/fitting/fit_verifier.py, as BY_NEARNESS and CHECKED are. The effects at the
# operating points are those of CHECKED on questions that nobody who built this had seen.
BY_READER: Weights = {"bias": -5.60, "entailed": 0.41, "numbers": 2.93, "asked": 2.14, "yes": 1.0}
BY_WORDS: Weights = {"bias": -7.17, "stated": 3.57, "numbers": 2.79, "asked": 2.32, "yes": 1.0}
# Those by words, and .23 more, so that as few unanswerable questions are answered.
QUOTED: Weights = {"bias": -4.15, "stated": 3.57, "asked": 2.32}
# In libraries of several languages; of a sentence that is quoted `stated` is what it has of the
# question's words.
BY_NEARNESS: Weights = {"bias": -6.22, "near": 4.02, "stated": 2.62, "numbers": 1.97}
# Where hardly a word is shared. Fitted to whether passages in another language answer
# (benchmarks/results/languages.md).
ACROSS: Weights = {"bias": -2.55, "near": 11.36, "asked": 0.50}
# By the name of the chat model; of the bias .42 is taken, so that at the same threshold fewer
# unanswerable questions are answered than by BY_READER.
CHECKED: dict[str, Weights] = {
    "qwen2.5-coder-1.5b-instruct-q4_k_m": {
        "bias": -7.30, "entailed": 0.29, "numbers": 2.74, "asked": 1.31, "digits": 0.84,
        "stands": 1.66, "yes": 1.0,
    },
}  # fmt: skip
OPERATING_POINTS = {
    "strict": OperatingPoint(0.5, 0.95, 0.85),
    "balanced": OperatingPoint(0.35, 0.88, 0.41),
    "helpful": OperatingPoint(0.25, 0.72, 0.30),
}
BALANCED, HELPFUL = "balanced", "helpful"
DEFAULT_THRESHOLD = OPERATING_POINTS[BALANCED].threshold
_UNREAD = -10.0  # log-odds where nothing was read
_SURE_YES = 2.5  # log-odds against a no
_LEAST = 1e-4  # probability of a token: it is told in four digits


class Verifier:
    """Verifies texts for one question against what was read for it."""

    def __init__(
        self, question: SearchQuery, read: Sequence[Window], reader: Reader | None = None,
        threshold: float = DEFAULT_THRESHOLD, near: float | None = None,
        checked: Weights | None = None,
    ) -> None:  # fmt: skip
        """`reader` is None where it cannot read the question; then `near` is the highest cosine of
        a unit to it, by a model that compares languages. Below `threshold`, 0 to 1, a text is not
        given. `checked` are the weights of `CHECKED` for the model that writes."""
        self._question, self._reader, self.threshold = question, reader, threshold
        self._near, self._read, self._checked = near, read, checked
        found = {one.with_heads: one for window in read for one in window.units}.values()
        # A number may stand alone, as a term that the line below explains.
        self._with_numbers = [one for one in found if not one.instructs]
        units = [one for one in found if one.states] or found
        self._units = [Quoted(one, 0.0, 0.0) for one in units]

    def verify(
        self, text: str, told: Sequence[Token] = (), stands: Stands = lambda said: None
    ) -> Judged:
        """Judge an answer by its first sentence, and a yes also by its token, where tokens are
        `told`; `stands` asks the model that wrote it. Raises LibraryError."""
        if self._across:
            return self._judged({}, ACROSS)
        said = first = first_statement(split_answer(text)) or text
        if len([word for word in all_stems(first) if not word[0].isdigit()]) < 2:
            first = f"{self._question} {first}"  # "Yes.", "25 days.": the question says of what
        signals = {"numbers": self._numbers(first), "yes": _yes(told)}
        if self._reader is None:
            signals["stated"] = max(self._stated(first), default=0.0)
            return self._judged(signals, BY_WORDS if self._near is None else BY_NEARNESS)
        odds = self._reader.odds(first, self._nearest(first))
        signals["entailed"] = max(odds, default=_UNREAD)
        if self._checked and (said_odds := stands(said)) is not None:
            signals |= {"digits": _digits(showing(told, said)), "stands": said_odds}
            return self._judged(signals, self._checked)
        return self._judged(signals, BY_READER)

    def verify_quoted(self, quoted: Quoted) -> Judged:
        """Judge a sentence of the documents: they say it, but it may be no answer."""
        if self._across:
            return self._judged({}, ACROSS)
        share = {"stated": _share(self._wanted, quoted.unit.words)}
        if self._near is None:
            return self._judged(share, QUOTED)
        return self._judged({**share, "numbers": 1.0}, BY_NEARNESS)

    def _judged(self, signals: Weights, weights: Weights) -> Judged:
        read = frozenset().union(*self._unit_words)
        near = {} if self._near is None else {"near": self._near}
        signals = {**near, **signals, "asked": _share(self._wanted, read)}
        shares = {name: weight * signals.get(name, 1.0) for name, weight in weights.items()}
        chance = 1 / (1 + math.exp(-sum(shares.values())))
        verdict: Verdict = "give" if chance >= self.threshold else "refuse"
        pages = len({window.place for window in self._read})
        return Judged(signals, shares, chance, self.threshold, verdict, pages)

    @cached_property
    def _across(self) -> bool:
        """Passages of no certain language are taken for those of the question's: tables, for
        one."""
        if self._near is None:
            return False
        read = language_of_passages([window.text for window in self._read])
        return read not in (UNKNOWN, self._question.language)

    @cached_property
    def _unit_words(self) -> list[frozenset[str]]:
        return [one.unit.words for one in self._units]

    @cached_property
    def _wanted(self) -> frozenset[str]:
        return all_stems(self._question.telling)

    def _stated(self, sentence: str) -> list[float]:
        """The share of its words in each unit."""
        words = all_stems(without(sentence, self._question.small))
        return [_share(words, held) for held in self._unit_words]

    def _nearest(self, sentence: str) -> list[Quoted]:
        """The units that have most of its words, as many as are read."""
        if len(self._units) <= MOST_READ:
            return self._units
        shares = self._stated(sentence)
        order = sorted(range(len(shares)), key=lambda at: -shares[at])
        return [self._units[at] for at in order[:MOST_READ]]

    def _numbers(self, sentence: str) -> float:
        new = _exact(claims(sentence[opening(sentence) :]).without(stated(self._question.text)))
        if not new:
            return 1.0
        lines = (stated(one.with_heads, one.window.scales) for one in self._with_numbers)
        return max((1 - len(_exact(new.without(one))) / len(new) for one in lines), default=0.0)


class Gate:
    """Decides for one reply whether what is written is given, and keeps the judgement with its
    facts."""

    def __init__(self, verifier: Verifier, anyway: bool, reply: Reply) -> None:
        """Who wants an answer `anyway` gets one."""
        self._verifier, self.anyway, self._reply = verifier, anyway, reply
        self._at_once = anyway or not verifier.threshold
        self._decided: Verdict | None = None

    def decide(
        self, text: str, whole: bool, told: Sequence[Token], stands: Stands = lambda said: None
    ) -> Verdict | None:
        """Decides once, by the first sentence of a text that is still being written and the tokens
        `told` of it; None: not yet. Who wants any answer sees it as it comes: that one is judged
        when it is whole."""
        self._reply.activity.stage = _("Writing")
        if self._decided or (self._at_once and not whole):
            return self._decided or "give"
        complete = split_answer(text) if whole else split_answer(text)[:-1]
        said = first_statement(complete) or (text if whole else "")
        self._decided = self._noted(self._verifier.verify(said, told, stands)) if said else None
        return self._decided

    def gives(self, quoted: Quoted) -> bool:
        """Whether a sentence of the documents is given as the answer."""
        return self._noted(self._verifier.verify_quoted(quoted)) == "give"

    def doubts(self, outcome: Outcome) -> bool:
        """Whether what is given would have been refused, or no line says it."""
        doubted = any(judged.verdict == "refuse" for judged in self._reply.trace.facts.judged)
        unstated = self.anyway and not any(one.supported for one in outcome.sentences)
        return bool((doubted or unstated) and outcome.text and not outcome.refused)

    def _noted(self, judged: Judged) -> Verdict:
        trace = self._reply.trace
        trace.answerable, trace.facts.judged = judged.probability, (judged,)
        return "give" if self.anyway else judged.verdict


def first_statement(sentences: Sequence[str]) -> str:
    """The first sentence that is no introduction of a list; empty while there is none."""
    return next((one for one in sentences if not one.rstrip().endswith(":")), "")


def _yes(told: Sequence[Token]) -> float:
    first = next((token for token in told if token.text.strip()), None)
    if first is None or first.text.strip() != prompts.YES:
        return 0.0
    no = sum(chance for word, chance in first.instead if word.strip() == prompts.NO)
    return min(0.0, math.log(first.probability / max(no, _LEAST)) - _SURE_YES)


def _digits(told: Sequence[Token]) -> float:
    chances = (one.probability for one in told if any(map(str.isdigit, one.text)))
    return math.log(max(min(chances, default=1.0), _LEAST))


def _exact(claimed: Claims) -> Claims:
    """Its numbers and dates; a run of a script without spaces that has a digit is no code."""
    numbers = (n for n in claimed.numbers if n.value is not None or not has_spaceless(n.digits))
    return Claims(tuple(numbers), claimed.dates)


def _share(wanted: frozenset[str], found: frozenset[str]) -> float:
    return len(wanted & found) / len(wanted) if wanted else 1.0


def identity() -> str:
    """Of the weights: probabilities by different ones cannot be compared."""
    weights = repr((BY_READER, BY_WORDS, QUOTED, BY_NEARNESS, ACROSS, CHECKED))
    return hashlib.sha256(weights.encode()).hexdigest()[:8]
