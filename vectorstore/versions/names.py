"""Decides by the names of two files whether they are versions of one document or two documents.

`Policy v1` and `Policy v2` are versions of one document, `Handbook 2023` and `Handbook 2024`, too;
`2023 Q1` and `2023 Q3` are two reports.
"""

import re
from dataclasses import dataclass

from ingest.language.dates import MONTH, YEAR

_NUMBER = re.compile(
    r"\b(?:version|ver|revision|rev|v)[ ._-]?(\d+(?:[._]\d+)*)(?=[^\w]|_|$)", re.IGNORECASE
)
_OLDER = re.compile(r"\b(?:draft|old|previous|superseded|entwurf|alt)\b", re.IGNORECASE)
_NEWER = re.compile(
    r"\b(?:final|new|updated|revised|latest|current|signed|neu|aktuell)\b", re.IGNORECASE
)
_COPY = re.compile(r"\b(?:copy(?: of)?|kopie)\b|\(\d{1,2}\)$", re.IGNORECASE)
_PERIOD = re.compile(
    rf"\d{{4}}-\d\d-\d\d|\b{YEAR}(?:\d{{4}})?\b|\bq[1-4]\b|\bh[12]\b|\bfy\d\d(?:\d\d)?\b"
    rf"|\b{MONTH}\b|\b\d\d?\.\d\d?\.\d{{4}}\b",
    re.IGNORECASE,
)
_YEAR = re.compile(YEAR)
# Documents that are valid until the next one; a report of another year stays true.
_STANDING = re.compile(
    r"\b(?:handbook|manual|polic(?:y|ies)|guide(?:line)?s?|rules|regulations?|terms|statutes"
    r"|general conditions|conditions of|bylaws|code of conduct|procedures?|price ?list|tariffs?"
    r"|fee schedule|catalog(?:ue)?)\b"
)
# "Monetary policy report 2023", "Working conditions survey 2023".
_OF_A_TIME = re.compile(
    r"\b(?:reports?|reviews?|surveys?|stud(?:y|ies)|statistics|results|minutes|meetings?|audits?"
    r"|accounts|statements?|cases|evaluations?|outlook|conference|newsletter)\b"
)


@dataclass(frozen=True)
class VersionName:
    """A parsed file name."""

    base: str  # without marks of versions and periods
    periods: tuple[str, ...]  # years, quarters, months, days
    number: tuple[int, ...]  # of the version, () when there is none
    rank: int  # -1 a draft, 1 a final one
    marked: bool  # it mentions a version


def parsed(name: str) -> VersionName:
    """Parses a file's name; folders before it and the suffix do not count."""
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", name.rsplit("/", 1)[-1]).replace("_", " ")
    numbers = _NUMBER.findall(stem)
    rank = bool(_NEWER.search(stem)) - bool(_OLDER.search(stem))
    base = stem
    for mark in (_NUMBER, _OLDER, _NEWER, _COPY):
        base = mark.sub(" ", base)
    periods = tuple(sorted(found.lower() for found in _PERIOD.findall(base)))
    marked = bool(numbers) or rank != 0 or bool(_COPY.search(stem))
    number = tuple(map(int, re.split(r"[._]", numbers[-1]))) if numbers else ()
    base = " ".join(re.findall(r"\w+", _PERIOD.sub(" ", base).lower()))
    return VersionName(base, periods, number, rank, marked)


def one_document(one: VersionName, other: VersionName) -> bool:
    """Whether the names say that these are versions of the same document.

    Two version numbers decide, whatever the dates. Without them a period distinguishes reports.
    """
    if not one.base or one.base != other.base:
        return False
    if one.number and other.number:
        return True
    if _of_years(one, other):
        return bool(_STANDING.search(one.base)) and not _OF_A_TIME.search(one.base)
    return one.periods == other.periods and (one.marked or other.marked)


def older(one: VersionName, other: VersionName) -> bool | None:
    """Whether the first is the older one; None when the names do not say."""
    if one.base != other.base:
        return None
    if one.number and other.number and one.number != other.number:
        return one.number < other.number
    if _of_years(one, other):
        return one.periods < other.periods
    if one.rank != other.rank:
        return one.rank < other.rank
    return None


def _of_years(one: VersionName, other: VersionName) -> bool:
    """Whether the names differ in the one year that each has."""
    years = [v.periods[0] for v in (one, other) if len(v.periods) == 1]
    return len(years) == 2 and years[0] != years[1] and all(map(_YEAR.fullmatch, years))
