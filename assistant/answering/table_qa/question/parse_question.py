"""Parses a question over tables: an operation, by rules on its words, and the other words."""

import re
from dataclasses import dataclass
from decimal import Decimal

from assistant.answering.table_qa.question.normalise import is_year, terms
from ingest.language.numbers import DIGITS, value_of

LOOKUP = "lookup"
SUM = "sum"
DIFFERENCE = "difference"
GROWTH = "growth"
RATIO = "ratio"
SHARE = "share"
HIGHEST = "highest"
LOWEST = "lowest"
AVERAGE = "average"
COUNT = "count"

_PERCENT = r"(?:percent(?:age)?|per cent|%)"
_MORE = r"more|less|fewer|higher|lower|larger|smaller|greater|longer|shorter|bigger"
_CHANGED = (
    r"chang(?:e[ds]?|ing)|increase[ds]?|decrease[ds]?|decline[ds]?|r[io]se|risen|gr[oe]wn?|growth|f[ae]ll"
    r"|fallen|drop(?:ped)?|gain(?:ed)?|shrink|shrank"
)
# The first match counts. Its words are removed from the question.
_TOP = r"highest|largest|most|biggest|greatest|longest|maximum|best|top"
_BOTTOM = r"lowest|smallest|least|fewest|shortest|minimum|worst|weakest"
_KINDS = r"(?=\s+(?:share|percentage|proportion|ratio|growth|increase|change|average|total)\b)"
_PATTERNS = (
    (HIGHEST, rf"\b(?:{_TOP}){_KINDS}"),
    (LOWEST, rf"\b(?:{_BOTTOM}){_KINDS}"),
    (
        GROWTH,
        rf"(?:by )?(?:what|how many|how much) (?:in )?{_PERCENT}\s.*?\b(?:{_CHANGED})\b"
        rf"|(?:by )?(?:what|how many) {_PERCENT} (?:{_MORE})\b|{_PERCENT} (?:{_CHANGED})\b"
        rf"|(?:relative|percentual) (?:{_CHANGED})\b|growth rate"
        rf"|\b(?:{_CHANGED})\b.*\bin {_PERCENT}",
    ),
    (
        SHARE,
        rf"\bhow much of\b.*\bin {_PERCENT}|what (?:{_PERCENT}|share|proportion|fraction|part)\b"
        rf"|(?:{_PERCENT}|share|proportion) of"
        rf"|\bas an? (?:{_PERCENT}|share|proportion)\b",
    ),
    (
        RATIO,
        r"\bratio\b|\bquotient\b|\bdivided by\b|\bhow many times\b|\brelative to\b|\breturn on\b",
    ),
    (AVERAGE, r"\b(?:on )?average\b|\bmean\b(?! by\b)"),
    (
        DIFFERENCE,
        rf"\bdifference\b|\bdiffers?\b|\bminus\b|\bby how (?:much|many)\b(?:.*?\b(?:{_CHANGED})\b)?"
        rf"|\bhow (?:much|many)(?: \w+)? (?:{_MORE})\b|\bhow (?:much|many) (?:{_MORE})\b"
        rf"|\bhow (?:much )?(?:did|has|have|was|were)\b.*?\b(?:{_CHANGED})\b"
        rf"|\b(?:change|increase|decrease|decline|growth|rise|fall|drop)\b.*?\b(?:between|from)\b",
    ),
    (HIGHEST, rf"\b(?:{_TOP})\b"),
    (LOWEST, rf"\b(?:{_BOTTOM})\b"),
    (
        SUM,
        r"\b(?:total|sum|combined|together|altogether|plus|add(?:ed)? up|in all|overall)\b",
    ),
)
_THAN = re.compile(
    r"(?i)^(?P<what>how many\b.+?)\b(?P<how>more than|over|above|at least|less than|fewer than"
    rf"|below|under|at most)\s+[€$£]?(?P<limit>{DIGITS})\b(?P<rest>.*)"
)
_RULES = [(name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _PATTERNS]
_VERBS = re.compile(rf"\b(?:{_CHANGED}|{_MORE}|than|between|against|compared|over all)\b", re.I)
_SPOKEN = re.compile(rf"\b(?:{_PERCENT}|divided|minus|plus|together|combined|sum|total)\b", re.I)
_NOUN = re.compile(
    r"\b(?:which|what|whose)\s+(?:of\s+(?:the\s+)?)?((?:[\w'’-]+\s+){0,3}?[\w'’-]+?)\s+"
    r"(?:of|had|has|have|was|were|is|are|did|does|do|brought|made|got|gets|get|saw|with|grew|in)\b",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"(?i)\b(?:(?:the |a )?(?:same (?:quarter|period) of the )?"
    r"(?:previous|prior|last|preceding) year"
    r"|(?:the |a |one )?year (?:before|earlier|ago)|year[- ](?:on|over)[- ]year)\b"
)
# Questions that a value does not answer: yes or no, reasons, ways, lists, and two questions in one.
_OTHER = re.compile(
    r"(?i)^\W*(?:(?:and|but|so|also|please|why|explain|describe|list|summari[sz]e|compare|who|is|are"
    r"|was|were|do|does|did|has|have|had|can|could|may|should|would|will)\b"
    r"|how (?:do|does|can|should|would|is|are|to)\b)|\band (?:what|why|how|who|which|when|where)\b"
)
_MANNER = re.compile(
    r"(?i)\bhow (?:do|does|did|is|are|was|were|has|have|had|can|could|may|might|should|would)\b"
)
_RANGE = re.compile(
    r"(?i)\bfrom\b.{1,200}\b(?:to|until|till|through)\b|\d\s*[-–]\s*\d|\bthrough\b|\bbetween\b.{1,200}\band\b"
)
_PREFIX = re.compile(r"(?i)^(?:in|at|for|on|after|during)\s+")


_OF_OPERATION = re.compile(
    rf"(?i)(?<!\w)(?:{_PERCENT}|{_MORE}|{_CHANGED}|{_TOP}|{_BOTTOM}|share|fraction|proportion|part"
    r"|ratio|quotient|divided|difference|differs?|minus|plus|sum|together|combined|altogether"
    r"|relative|compared|against|versus|exceed(?:s|ed)?|average|mean|rate of|how many times)(?!\w)"
)


@dataclass(frozen=True)
class TableQuestion:
    """A parsed question over tables."""

    text: str
    operation: str
    terms: tuple[str, ...]  # in order, without the words of the operation
    names: frozenset[str]  # the terms that are written like names
    kind: frozenset[str] = frozenset()  # "which site": the kind of thing in question
    everything: bool = False  # it asks for all of the rows: "in total", "all sites"
    over_time: bool = False  # it asks for a change, not for a difference of two things
    range: bool = False  # "from 2019 to 2021"
    than: tuple[str, Decimal] | None = None  # of a count: "more than", 50

    @property
    def counts(self) -> bool:
        """Whether it asks how many there are."""
        return bool(re.search(r"(?i)\bhow many\b", self.text))

    @property
    def rate(self) -> bool:
        """Whether a share of something may be the answer."""
        return bool(_RATE.search(self.text))

    @property
    def words(self) -> frozenset[str]:
        return frozenset(self.terms)


def asked(text: str) -> TableQuestion | None:
    """The operation that the words name, a look-up when they name none.

    None for what no value answers, such as "why" or yes and no.
    """
    if _OTHER.search(text):
        return None
    than = _THAN.match(text)
    if than and (limit := value_of(than["limit"])) is not None:
        return _counted(text, than, limit)
    operation, rest = _operation(text)
    if operation == LOOKUP and _MANNER.search(text):
        return None
    found = terms(_BEFORE.sub(" ", rest))
    if _BEFORE.search(text):
        found += _year_before(found)
    kind = _kind(text) if operation in (HIGHEST, LOWEST) else frozenset()
    everything = bool(re.search(r"(?i)\b(?:total|all|altogether|overall|per|whole)\b", text))
    over_time = bool(re.search(rf"(?i)\b(?:{_CHANGED})\b", text)) and operation != RATIO
    return TableQuestion(
        text, operation, tuple(found), names_of(text), kind, everything, over_time,
        bool(_RANGE.search(text)),
    )  # fmt: skip


_RATE = re.compile(rf"(?i)(?:{_PERCENT})|\b(?:margin|rate|share of|proportion|yield|return on)\b")
_SHARE_OF = re.compile(
    rf"(?i)(?:{_PERCENT}|\bshare|\bfraction|\bproportion|\bpart|\bhow much) of\b"
)


def operation_spans(text: str) -> list[tuple[int, int]]:
    """Where the words stand that only name an operation."""
    return [match.span() for match in _OF_OPERATION.finditer(text)]


def starts_of_whole(text: str) -> list[int]:
    """Where the words for a whole begin, of which a question asks for a part: behind "percentage
    of" and the like."""
    return [match.end() for match in _SHARE_OF.finditer(text)]


def _counted(text: str, than: re.Match[str], limit: Decimal) -> TableQuestion:
    found = terms(f"{than['what']} {than['rest']}")
    names, than_limit = names_of(text), (than["how"].lower(), limit)
    return TableQuestion(text, COUNT, tuple(found), names, frozenset(found[:1]), than=than_limit)


def _year_before(found: list[str]) -> list[str]:
    years = {int(term) for term in found if is_year(term)}
    return [str(years.pop() - 1)] if len(years) == 1 else []


def _operation(text: str) -> tuple[str, str]:
    for name, pattern in _RULES:
        if match := pattern.search(text):
            return name, _without(text, name, match)
    return LOOKUP, text


def _without(text: str, name: str, match: re.Match[str]) -> str:
    """The question without the words that name the operation."""
    if name in (HIGHEST, LOWEST, SUM, AVERAGE, RATIO):
        return _SPOKEN.sub(" ", f"{text[: match.start()]} {text[match.end() :]}")
    return _SPOKEN.sub(" ", _VERBS.sub(" ", re.sub(r"(?i)\b(?:difference|share)\b", " ", text)))


def _kind(text: str) -> frozenset[str]:
    match = _NOUN.search(text)
    words = _PREFIX.sub("", match[1]) if match else ""
    if re.search(r"(?i)\byears?\b", words):
        return frozenset({"year"})
    return frozenset(terms(words))


def names_of(text: str) -> frozenset[str]:
    """Capitalised words that do not begin the question."""
    words = re.findall(r"(?<=[\w,:;)] )(?:[\w'’.&-]*[A-Z][\w'’.&-]*)", text)
    first = re.match(r"([A-Z][\w.&-]*)(?:['’]s|:)", text)
    return frozenset(terms(" ".join([*words, *([first[1]] if first else [])])))
