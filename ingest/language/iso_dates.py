"""Dates as people write them become ISO dates, when there is one way only to read them."""

import re
from datetime import date, datetime

_MONTHS = (
    ("january", "jan"), ("february", "feb"), ("march", "mar"), ("april", "apr"), ("may",),
    ("june", "jun"), ("july", "jul"), ("august", "aug"), ("september", "sep", "sept"),
    ("october", "oct"), ("november", "nov"), ("december", "dec"),
)  # fmt: skip
_NUMBERS = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names}
_STAMP = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
)
_YEAR_FIRST = re.compile(r"(\d{4})/(\d\d?)/(\d\d?)")
_DAY_FIRST = re.compile(r"(\d\d?)[. -]+([A-Za-z]{3,9})\.?,?[ -](\d{4})")
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})\.? (\d\d?)(?:st|nd|rd|th)?,? (\d{4})")
_DOTS = re.compile(r"(\d\d?)\.\s?(\d\d?)\.\s?(\d{4})")  # the day comes first wherever dots are used
_EITHER = re.compile(r"(\d\d?)[/-](\d\d?)[/-](\d{4})")


def iso(text: str) -> str | None:
    """The date, or date and time, in ISO form; None when it is none, or may be two."""
    try:
        return _iso(text)
    except (ValueError, KeyError):  # the 31st of February, or of "Foo"
        return None


def _iso(text: str) -> str | None:
    if _STAMP.fullmatch(text):
        return text if datetime.fromisoformat(text) else None
    if match := _YEAR_FIRST.fullmatch(text):
        return _day(*match.groups())
    if match := _DAY_FIRST.fullmatch(text):
        return _day(match[3], _NUMBERS[match[2].lower()], match[1])
    if match := _MONTH_FIRST.fullmatch(text):
        return _day(match[3], _NUMBERS[match[1].lower()], match[2])
    if match := _DOTS.fullmatch(text):
        return _day(match[3], match[2], match[1])
    if match := _EITHER.fullmatch(text):
        return _either(int(match[1]), int(match[2]), match[3])
    return None


def _either(first: int, second: int, year: str) -> str | None:
    """Day and month in either order: sure only when one of them is no month, or both are one."""
    if first > 12 or first == second:
        return _day(year, second, first)
    return _day(year, first, second) if second > 12 else None


def _day(year: int | str, month: int | str, day: int | str) -> str:
    return date(int(year), int(month), int(day)).isoformat()
