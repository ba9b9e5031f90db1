"""Parses a chart request into terms: numbers of something, over something, within years."""

import re
from dataclasses import dataclass
from functools import cached_property

from assistant.answering.table_qa.question.normalise import is_hard, is_year, terms
from assistant.answering.table_qa.question.parse_question import LOOKUP, TableQuestion
from ingest.language.dates import YEAR

_OVER = re.compile(
    r"\b(?:by|per|over(?: the)?|for each|of each|in each|for every|at each|across(?: all| the)?"
    r"|of all|for all|versus|vs\.?|against)\s++(?P<over>[\w'’-][\w\s'’-]{0,60}?)"
    r"(?=$|[,.;]|\s(?:from|since|in|between|until|for|as|and by)\b)",
    re.IGNORECASE,
)
_SINCE = re.compile(rf"\bsince\s+({YEAR})\b", re.IGNORECASE)
_FROM = re.compile(
    rf"\b(?:from|between)\s+({YEAR})\s*(?:to|until|till|through|and|-|–)\s*({YEAR})\b",
    re.IGNORECASE,
)
_TALK = re.compile(
    r"\b(?:how|what|which|much|many|developed?|evolved|changed|went|rose|fell|grew"
    r"|development of|compare|comparison"
    r"|numbers? of|amount of|figures?|values?|data|table|please|the|all|our|each|show|number"
    r"|results?)\b",
    re.IGNORECASE,
)
_YEARS = re.compile(r"\byears?\b", re.IGNORECASE)
TIMES = frozenset(terms("quarter month time date period")) | {"year"}


@dataclass(frozen=True)
class Wanted:
    """`over` are the terms of the axis, `of` those of what is counted or measured."""

    text: str
    of: frozenset[str]
    over: frozenset[str]
    first: int = 0  # years, inclusive; 0: not limited
    last: int = 9999

    @cached_property
    def asked(self) -> TableQuestion:
        """As tables see it."""
        found = tuple(term for term in terms(self.text) if term in self.of)
        return TableQuestion(self.text, LOOKUP, found, frozenset())

    def within(self, label: str) -> bool:
        """Whether a label is within the requested years."""
        years = [int(term) for term in terms(label) if is_year(term)]
        return not years or any(self.first <= year <= self.last for year in years)


def wanted(text: str) -> Wanted:
    """Of "revenue by region since 2020": revenue, region, and 2020."""
    rest, first, last = text, 0, 9999
    if found := _FROM.search(rest):
        first, last = sorted((int(found[1]), int(found[2])))
        rest = rest.replace(found[0], " ")
    elif found := _SINCE.search(rest):
        first = int(found[1])
        rest = rest.replace(found[0], " ")
    over = " ".join(found["over"] for found in _OVER.finditer(rest))
    of = frozenset(terms(_TALK.sub(" ", _OVER.sub(" ", rest))))
    axis = frozenset(term for term in terms(over) if not is_hard(term))
    if _YEARS.search(over):
        axis |= {"year"}  # which tells nothing in other questions, and is no term
    return Wanted(text, of, axis - of, first, last)
