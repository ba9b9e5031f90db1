"""Parses a question over tables: an operation, by rules on its words, and the other words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from assistant.answering.tables.grid import TableGrid, is_year, terms
from ingest.language.dates import YEAR, Date, find_dates, quarters
from ingest.language.numbers import DIGITS, month_names, value_of

# -- Reads periods: the days and spans that columns of a table are headed with, and those that a
# question names. | written | read as | |---|---| | `June 25, 2022` | that day | | `Three Months
# Ended June 25, 2022` | three months to that day | | `Year Ended December 31, 2022` | twelve months
# to that day | | `Q3 2023` `the third quarter of 2023` | three months to September 30, or some days
# on | | `2023` | that year |

_MONTHS_OF = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_IN_WORDS = {number: name.capitalize() for name, number in _MONTHS_OF.items()}
_MONTHS = re.compile(rf"(?i)\b(\d\d?|{'|'.join(_MONTHS_OF)})[ -]months?\b")
_QUARTER = re.compile(r"(?i)\b(?:quarter(?:ly period)?|q[1-4])\b")
_WHOLE_YEAR = re.compile(r"(?i)\b(?:(?:fiscal |financial )?years?(?= end(?:ed|ing))|annual)\b")
_EARLIER = re.compile(
    r"(?i)\b(?:(?:previous|prior|last|preceding) year|year (?:before|earlier|ago|prior)"
    r"|year[- ](?:on|over)[- ]year)\b"
)
_OF_TIME = re.compile(
    rf"(?i)\b{YEAR}\b|\b(?:end(?:ed|ing|s)?|fiscal|financial|calendar|year|months?|date|day|then)\b"
)
_NAMES = month_names("en")
_LATE = 7  # days of the next month up to which a quarter of 52 weeks may last
_BESIDE = 24  # characters between a quarter and its year


@dataclass(frozen=True)
class Period:
    """A day, or the months that end with it; parts that are not stated are None."""

    year: int
    month: int | None = None
    day: int | None = None
    months: int | None = None  # None: a day, or how long it is is not said

    def a_year_earlier(self, other: "Period") -> bool:
        """Whether the other ends a year before it, or up to a week off, and is as long."""
        if self.months != other.months or self.last is None or other.last is None:
            return False
        return abs((self.last - other.last).days - 365) <= _LATE

    @property
    def quarter(self) -> tuple[int, int] | None:
        """The year and the quarter of the calendar in which it ends, some days on included."""
        if self.last is None:
            return None
        end = self.last - timedelta(days=_LATE)
        return end.year, (end.month + 2) // 3

    @property
    def last(self) -> date | None:
        """Its last day."""
        return date(self.year, self.month, self.day) if self.month and self.day else None

    @property
    def order(self) -> tuple[int, int, int]:
        """Later ones are greater."""
        return self.year, self.month or 0, self.day or 0

    def __str__(self) -> str:
        """As a head of a column."""
        day = f"{_NAMES[self.month - 1]} {self.day}," if self.month and self.day else ""
        span = f"{_IN_WORDS.get(self.months, self.months)} months ended" if self.months else ""
        return " ".join(part for part in (span, day, str(self.year)) if part)


@dataclass(frozen=True)
class Asked:
    """The periods of a question."""

    text: str
    days: tuple[Date, ...]  # in order, each with its year
    quarters: tuple[tuple[int, int], ...]  # year and quarter
    years: tuple[int, ...]  # that stand alone
    months: frozenset[int]  # how long they are
    earlier: bool  # it compares with a year earlier

    @property
    def any(self) -> bool:
        """Whether it names one."""
        return bool(self.days or self.quarters or self.years)

    @property
    def over_time(self) -> bool:
        """Whether it names two, or one and a year earlier."""
        return self.earlier or len(self.days) + len(self.quarters) + len(self.years) > 1

    def fits(self, period: Period) -> bool:
        """Whether a column of this period is one that the question asks for."""
        spans = period.months is None or not self.months or period.months in self.months
        if spans and any(_ends(period, day) for day in self.days):
            return True
        if period.months in (None, 3) and period.quarter in self.quarters:
            return True
        return spans and period.months in (None, 12) and period.year in self.years


def asked_periods(text: str) -> Asked:
    """The periods that a question names."""
    days = [day for day in find_dates(text) if day.year]
    rest = _blanked(text, [(day.start, day.end) for day in days])
    named = quarters_of(rest)
    years = [] if named else re.findall(rf"\b{YEAR}\b", rest)
    spans = spans_of(text) | ({3} if named else set())
    return Asked(
        text,
        tuple(dict.fromkeys(days)),
        tuple(dict.fromkeys(named)),
        tuple(dict.fromkeys(map(int, years))),
        frozenset(spans),
        bool(_EARLIER.search(text)),
    )


def quarters_of(text: str) -> list[tuple[int, int]]:
    """The quarters that a text names, each with its year, which stands beside it."""
    found = []
    for quarter, start, end in quarters(text):
        after = re.search(rf"\b{YEAR}\b", text[end : end + _BESIDE])
        before = re.search(rf"\b({YEAR})\W+$", text[:start])
        if near := after or before:
            found.append((int(near[0].strip(" -_,")), quarter))
    return found


def without_periods(text: str) -> str:
    """A question without the words of its periods."""
    found = [(day.start, day.end) for day in find_dates(text)]
    text = _blanked(text, found + [(start, end) for _, start, end in quarters(text)])
    for pattern in (_EARLIER, _MONTHS, _QUARTER, _WHOLE_YEAR, _OF_TIME):
        text = pattern.sub(" ", text)
    return " ".join(text.split())


def column_periods(grid: TableGrid) -> dict[int, Period]:
    """The period of each column that has one, by the index of the column."""
    found = {c.index: period for c in grid.columns if (period := period_of(c.label)) is not None}
    return _with_days(_with_heads_beside(found))


def period_of(head: str) -> Period | None:
    """The period that the head of a column says; None where it says none, or several."""
    days = [day for day in find_dates(head) if day.year]
    spans = spans_of(head)
    months = next(iter(spans)) if len(spans) == 1 else None
    if len(days) == 1:
        return Period(days[0].year or 0, days[0].month, days[0].day, months)
    years = set(re.findall(rf"\b{YEAR}\b", head))
    if days or len(years) != 1:
        return None
    if len(named := quarters_of(head)) == 1:
        last = _end_of_quarter(*named[0])
        return Period(last.year, last.month, last.day, 3)
    return Period(int(years.pop()), months=months)


def _with_heads_beside(found: dict[int, Period]) -> dict[int, Period]:
    """What is centred over two columns is read as the head of one: of columns that alternate
    between a year alone and a full period, each year gets the rest from its neighbour."""
    order = sorted(found)
    bare = [found[at].month is None and found[at].months is None for at in order]
    alternating = all(b == (bare[0] ^ bool(at % 2)) for at, b in enumerate(bare))
    if not order or len(order) % 2 or not alternating:
        return found
    filled = dict(found)
    for one, other in zip(order[::2], order[1::2], strict=True):
        year, full = (one, other) if bare[0] else (other, one)
        if found[year].year != found[full].year:
            filled[year] = replace(found[full], year=found[year].year)
    return filled


def _with_days(found: dict[int, Period]) -> dict[int, Period]:
    """A month that stands over several columns may have been read as the head of one: columns of a
    year and a span get it from the others, where these agree."""
    dated = {(period.month, period.day) for period in found.values() if period.month}
    if len(dated) != 1:
        return found
    month, day = dated.pop()
    return {
        at: p if p.month or p.months is None else replace(p, month=month, day=day)
        for at, p in found.items()
    }


def _end_of_quarter(year: int, quarter: int) -> date:
    return date(year + quarter // 4, quarter * 3 % 12 + 1, 1) - timedelta(days=1)


def spans_of(text: str) -> set[int]:
    """How long the periods of a text are, in months."""
    found = {_MONTHS_OF.get(n.lower()) or int(n) for n in _MONTHS.findall(text)}
    found |= {3} if _QUARTER.search(text) else set()
    return found | ({12} if _WHOLE_YEAR.search(text) else set())


def _ends(period: Period, day: Date) -> bool:
    same = (period.year, period.month) == (day.year, day.month)
    return same and (day.day is None or period.day in (None, day.day))


def _blanked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


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
