"""Normalises words of questions and table labels: stems, synonyms, quarters, months."""

import re

from ingest.language.dates import YEAR, with_fiscal_years, with_quarters
from ingest.language.locales import MONTH_OF

# Words that do not describe a row or a column. Fewer than for a search: "other", "net" and "long"
# distinguish rows.
_FILLER = frozenset(
    """
a about according achieve across altogether am an and any are as at be been being big bring
brought but by came can come comes contribute could did do does each earn earned ended ending ends
exactly exist for from generate generated get gets give gives given go going gone got had has have
having high how i if in into is it its itself just large look low made make many may me much must my
number of off on or our out over own please posted reached recorded report reported s shall she
should show small so sold such tell than that the their them then there these they this those to
unaudited under up us value vs was we went were what when where which while who whom whose will win
with won work worked working works would year you your
""".split()  # noqa: SIM905
)
_ALIKE = {
    "revenue": "turnover sale",
    "profit": "income earning",
    "employee": "employed staff headcount people person worker workforce personnel",
    "cost": "expense expenditure spending spend spent",
    "leave": "vacation holiday",
    "annual": "yearly annually",
    "week": "weekly",
    "month": "monthly",
    "quarter": "quarterly",
    "growth": "grow grew grown",
    "share": "proportion",
    "non": "outside",
}
_CANON = {other: word for word, others in _ALIKE.items() for other in others.split()}
MONTHS = tuple(f"month{number}" for number in range(1, 13))
_TOKEN = re.compile(r"[Qq][1-4]\b|\d+(?:[.,]\d+)*|[^\W\d_]+")
_STATES = re.compile(r"\bU\.S\.(?:A\.)?|\bUS\b|\bUnited States\b")
_FORM = re.compile(r"\b10-[QK]\b")
_ENDED = re.compile(r"(?i)\bquarter(?:ly period)? ended\b")
SPANS = frozenset(("three", "six", "nine", "twelve"))


def terms(text: str) -> list[str]:
    """The content words in normal form and in order; some repeat."""
    text = _STATES.sub(" usa ", text.replace("’", "'"))
    text = with_fiscal_years(with_quarters(text, "Q{}".format), lambda _, year: year)
    text = _ENDED.sub("three months", _FORM.sub(" ", text))
    tokens = [token.lower() for token in _TOKEN.findall(text)]
    dated = [_month(tokens, at) or _term(token) for at, token in enumerate(tokens)]
    return [term for term in dated if term]


def is_hard(term: str) -> bool:
    """Whether it is a number, quarter, month or time span, for which another one is no match."""
    quarter = len(term) == 2 and term[0] == "q" and term[1].isdigit()
    return term[0].isdigit() or quarter or term in MONTHS or term in SPANS


def is_year(term: str) -> bool:
    """Whether the term is a year in digits."""
    return bool(re.fullmatch(YEAR, term))


def _month(tokens: list[str], at: int) -> str:
    """The month of a word: "may" only beside a number, "march" also alone."""
    number = MONTH_OF.get(tokens[at])
    beside = tokens[max(at - 1, 0) : at] + tokens[at + 1 : at + 2]
    dated = any(token.isdigit() for token in beside)
    sure = len(tokens[at]) > 4 or dated
    return f"month{number}" if number and sure else ""


def _term(word: str) -> str:
    if word[0].isdigit():
        return word.replace(",", "")
    base = _base(word)
    return "" if word in _FILLER or base in _FILLER else _CANON.get(base, base)


def _base(word: str) -> str:
    """Without the ending of a plural."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("xes", "ches", "shes", "sses")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
