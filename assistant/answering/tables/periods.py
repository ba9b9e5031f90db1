"""Reads periods: the days and spans that columns of a table are headed with, and those that a
question names.

| written | read as |
|---|---|
| `June 25, 2022` | that day |
| `Three Months Ended June 25, 2022` | three months to that day |
| `Year Ended December 31, 2022` | twelve months to that day |
| `Q3 2023` `the third quarter of 2023` | three months to September 30, or some days on |
| `2023` | that year |
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from assistant.answering.tables.grid import TableGrid
from ingest.language.dates import YEAR, Date, find_dates, quarters

_MONTHS_OF = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_MONTHS = re.compile(rf"(?i)\b(\d\d?|{'|'.join(_MONTHS_OF)})[ -]months?\b")
_QUARTER = re.compile(r"(?i)\b(?:quarter(?:ly period)?|q[1-4])\b")
_WHOLE_YEAR = re.compile(r"(?i)\b(?:(?:fiscal |financial )?years?(?= end(?:ed|ing))|annual)\b")
_EARLIER = re.compile(
    r"(?i)\b(?:(?:previous|prior|last|preceding) year|year (?:before|earlier|ago|prior)"
    r"|year[- ](?:on|over)[- ]year)\b"
)
_OF_TIME = re.compile(
    rf"(?i)\b{YEAR}\b|\b(?:end(?:ed|ing|s)?|fiscal|fy|financial|calendar|year|months?|date|day|then)\b"
)
_LATE = 7  # days of the next month up to which a quarter of 52 weeks may last
_BESIDE = 24  # characters between a quarter and its year


@dataclass(frozen=True)
class Period:
    """A day, or the months that end with it; parts that are not stated are None."""

    year: int
    month: int | None = None
    day: int | None = None
    months: int | None = None  # None: a day, or how long it is is not said

    def same_end(self, other: "Period") -> bool:
        """Whether both end together, as far as it is said."""
        if None not in (self.last, other.last):
            return self.last == other.last
        return self.year == other.year

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


@dataclass(frozen=True)
class Asked:
    """The periods of a question."""

    days: tuple[Date, ...]  # in order, each with its year
    quarters: tuple[tuple[int, int], ...]  # year and quarter
    years: tuple[int, ...]  # that stand alone
    months: frozenset[int]  # how long they are

    @property
    def any(self) -> bool:
        """Whether it names one."""
        return bool(self.days or self.quarters or self.years)

    def fits(self, period: Period) -> bool:
        """Whether a column of this period is one that the question asks for."""
        spans = period.months is None or not self.months or period.months in self.months
        if spans and any(_ends(period, day) for day in self.days):
            return True
        if period.months in (None, 3) and period.quarter in self.quarters:
            return True
        whole = period.months in (None, 12) or period.months in self.months - {3}
        return spans and whole and period.year in self.years


def asked_periods(text: str) -> Asked:
    """The periods that a question names."""
    days = [day for day in find_dates(text) if day.year]
    rest = _blanked(text, [(day.start, day.end) for day in days])
    named = quarters_of(rest)
    years = [] if named else re.findall(rf"\b{YEAR}\b", rest)
    spans = spans_of(text) | ({3} if named else set())
    return Asked(
        tuple(dict.fromkeys(days)),
        tuple(dict.fromkeys(named)),
        tuple(dict.fromkeys(map(int, years))),
        frozenset(spans),
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
