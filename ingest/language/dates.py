"""Dates, quarters and fiscal years as people write them, in the languages of the table of locales.

| written | read as |
|---|---|
| `2026-03-05` `5 March 2026` `March 5th, 2026` `5. März 2026` `5 de marzo de 2026` | that day |
| `March 2026` `2026-03` | a month of a year |
| `5 March` `March 5` | a day of any year |
| `3.4.2026` | 3 April: with dots the day comes first |
| `25/3/2026` `3/25/2026` `3/3/2026` `25-3-2026` | what is the only day that it can be |
| `3/4/2026` | no date: it may be two |
| `31 February 2026` | no date |
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from email.utils import parsedate_to_datetime

from ingest.language.numbers import MONTH_OF, month_names

MONTH = rf"(?:{'|'.join(sorted(MONTH_OF, key=len, reverse=True))})"
YEAR = r"(?:19|20)\d\d"  # that a number alone is
_ANY_YEAR = r"(?:1\d|20)\d\d"
_TH = r"(?:st|nd|rd|th|er|\.|º)?"
_IN_NUMBERS = (
    r"\b(?P<y>\d{4})-(?P<n>0[1-9]|1[0-2])(?:-(?P<d>\d\d))?(?:\b|(?=T\d\d))"
    r"|\b(?P<y1>\d{4})/(?P<n1>\d\d?)/(?P<d1>\d\d?)\b"
    r"|\b(?P<a>\d\d?)(?P<mark>[/.-])\s?(?P<b>\d\d?)(?P=mark)\s?(?P<y2>\d{4})\b"
)
_DATE = re.compile(
    rf"{_IN_NUMBERS}|\b(?<!\d[.,:/])(?P<d3>\d\d?){_TH},?(?: of | de |[ -])?(?P<m3>{MONTH})\b\.?"
    rf"(?! \d\d?, {_ANY_YEAR}\b)"  # "item 7 March 20, 2026"
    rf"(?:,?(?: of | del? |[ -])(?P<y3>{_ANY_YEAR})\b)?"
    rf"|\b(?P<m4>{MONTH})\b\.?(?: (?:the )?(?P<d4>\d\d?){_TH}(?![.:/]\d|,\d{{3}}(?!\d))\b"
    rf"(?:(?:,|,? )(?P<y4>{_ANY_YEAR})\b)?|(?:, | of | del? |[ -])(?P<y5>{_ANY_YEAR})\b)",
    re.IGNORECASE,
)
_NO_NAMES = re.compile(_IN_NUMBERS)
_WORD = re.compile(r"[^\W\d_]+")
_HAS_YEAR = re.compile(r"\d{4}")
_STAMP = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
)
_WRITTEN = re.compile(r"(?:D:)?(\d{4})[-:]?(\d\d)[-:]?(\d\d)(?:[T ]?(\d\d):?(\d\d))?")
_MINUTE = "%Y-%m-%dT%H:%M"
# With a capital, as in English and German; "March" and "May" begin sentences as verbs.
_ALONE = re.compile(
    rf"\b(?!\A(?:March|May)\b)(?:{'|'.join(month_names('en') + month_names('de'))})\b"
)
_VERBS = ("may", "march", "mar")  # "may 3 people" come?
_NTH = ("first", "second", "third", "fourth")
_QUARTER = re.compile(
    rf"\b(?:q(?P<q>[1-4])(?!\s*[.:]\d)|(?P<n>[1-4])q(?=\s'?\d\d)|(?a:(?P<nth>{'|'.join(_NTH)}))"
    r"(?:\s+fiscal)?\s+quarters?)\b",
    re.IGNORECASE,
)
_FISCAL = re.compile(r"\b(?:FY|fiscal year)\s?'?(\d{4}|\d{2})\b", re.IGNORECASE)


@dataclass(frozen=True)
class Date:
    """The stated parts of a date; None for the others."""

    year: int | None
    month: int
    day: int | None
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)

    @property
    def iso(self) -> str:
        """Its year, month and day as far as it has them; a year is needed."""
        return "-".join(f"{part:02}" for part in (self.year, self.month, self.day) if part)

    @property
    def alone(self) -> bool:
        """Whether it states a month and neither a day nor a year."""
        return self.year is self.day is None

    def states(self, other: "Date", years: frozenset[int] = frozenset()) -> bool:
        """Whether it states all that the other does. `years` are all years of the same lines: a
        date without a year may belong to the only one."""
        if self.month != other.month or other.day not in (None, self.day):
            return False
        if self.year is None and other.year is not None:
            return years == {other.year}
        return other.year in (None, self.year)


def find_dates(text: str) -> list[Date]:
    """All dates of a text with a month, in order; also months alone, when English or German."""
    found = [day for match in _pattern(text).finditer(text) if (day := _date(match))]
    taken = [range(day.start, day.end) for day in found]
    alone = [
        Date(None, MONTH_OF[match[0].lower()], None, *match.span())
        for match in _ALONE.finditer(text)
        if not any(match.start() in span for span in taken)
    ]
    return sorted(found + alone, key=lambda day: day.start)


def parse_date(text: str) -> str | None:
    """The one day, or day and time, that a whole text is, in ISO form."""
    if not _HAS_YEAR.search(text):
        return None
    if _STAMP.fullmatch(text):
        with suppress(ValueError):
            datetime.fromisoformat(text)
            return text
        return None
    match = _pattern(text).fullmatch(text)
    day = _date(match) if match else None
    return day.iso if day and day.year and day.day else None


def written(text: str) -> str:
    """The day and time, to the minute, of a date as programs write it into files: as ISO 8601, as
    PDF (`D:20260304101500`), cameras (`2026:03:04 10:15:00`) and mails (RFC 5322) have it, or in
    words. As it is shown there, in its own time zone; empty where there is none."""
    if match := _WRITTEN.match(text):
        year, month, day, hour, minute = (int(part or 0) for part in match.groups())
        with suppress(ValueError):
            return f"{datetime(year, month, day, hour, minute):{_MINUTE}}"
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        return f"{parsedate_to_datetime(text):{_MINUTE}}"
    found = parse_date(" ".join(text.split()))
    return f"{found[:10]}T00:00" if found else ""


def _pattern(text: str) -> re.Pattern[str]:
    """Looking for names of months is slow, and most texts have none."""
    return _NO_NAMES if MONTH_OF.keys().isdisjoint(_WORD.findall(text.lower())) else _DATE


def _date(match: re.Match[str]) -> Date | None:
    """The date; None when it is ambiguous or impossible."""
    parts = {name.rstrip("12345"): part for name, part in match.groupdict().items() if part}
    year, day = (int(parts[name]) if name in parts else None for name in "yd")
    if "a" in parts:
        month, day = _in_order(int(parts["a"]), int(parts["b"]), parts["mark"])
    else:
        name = parts.get("m", "")
        month = int(parts["n"]) if "n" in parts else MONTH_OF.get(name.lower(), 0)
        if name in _VERBS and match["d4"] and not year:
            return None
    try:
        date(year or 2000, month, day or 1)
    except ValueError:
        return None
    return Date(year, month, day, *match.span())


def _in_order(first: int, second: int, mark: str) -> tuple[int, int]:
    """The month and the day of two numbers; 0, 0 when each may be either."""
    if first > 12 or first == second or (mark == "." and second <= 12):
        return second, first
    return (first, second) if second > 12 else (0, 0)


# -- quarters and fiscal years


def quarters(text: str) -> list[tuple[int, int, int]]:
    """Each quarter of a year that is named, 1 to 4, with where it stands: `Q3`, `third quarter`."""
    return [(_quarter(match), *match.span()) for match in _QUARTER.finditer(text)]


def with_quarters(text: str, name: Callable[[int], str]) -> str:
    """The text with each quarter under one name."""
    return _QUARTER.sub(lambda match: name(_quarter(match)), text)


def nth_quarter(number: int) -> str:
    """The name of a quarter by its number from 1 to 4: `third quarter` for 3."""
    return f"{_NTH[number - 1]} quarter"


def with_fiscal_years(text: str, name: Callable[[str, str], str]) -> str:
    """The text with each fiscal year under one name, made of what is written and the year: `FY18`
    and `2018`."""
    return _FISCAL.sub(lambda m: name(m[0], m[1] if len(m[1]) == 4 else f"20{m[1]}"), text)


def _quarter(match: re.Match[str]) -> int:
    return int(match["q"] or match["n"] or _NTH.index(match["nth"].lower()) + 1)
