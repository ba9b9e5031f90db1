"""Normalises words of questions and table labels: stems, synonyms, quarters, months."""

import re

from ingest.language.dates import YEAR, with_fiscal_years, with_quarters
from ingest.language.locales import MONTH_OF
from ingest.language.words import STOP_WORDS, stem

# Words that do not describe a row or a column. Some that a search leaves out distinguish rows, as
# "other" does; of a question for a value, verbs and sizes describe nothing.
_PARTING = frozenset(
    """
after all also before between both down during few further more most no not once only other same
some through until
""".split()  # noqa: SIM905
)
_FILLER = (STOP_WORDS - _PARTING) | frozenset(
    """
achieve across altogether big bring brought came come comes contribute earn earned ended ending ends
exactly exist generate generated get gets given gives go going gone got high large look low made
make many may much must number posted reached recorded report reported s shall show small sold
unaudited us value vs went whose win won work worked working works year
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
_CANON = {stem(other): stem(word) for word, others in _ALIKE.items() for other in others.split()}
MONTHS = tuple(f"month{number}" for number in range(1, 13))
_TOKEN = re.compile(r"[Qq][1-4]\b|\d+(?:[.,]\d+)*|[^\W\d_]+")
_STATES = re.compile(r"\bU\.S\.(?:A\.)?|\bUS\b|\bUnited States\b")
_FORM = re.compile(r"\b10-[QK]\b")
_ENDED = re.compile(r"(?i)\bquarter(?:ly period)? ended\b")
SPANS = frozenset(map(stem, ("three", "six", "nine", "twelve")))


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
    base = stem(word)
    empty = word in _FILLER or word.removesuffix("s") in _FILLER
    return "" if empty else _CANON.get(base, base)
