"""Words as the full-text index sees them: what is kept of a text, what is asked of a query."""

import re
from collections.abc import Sequence

# Words that say nothing about what is asked; dropping them gained nDCG and 40 % of the time.
_STOP = frozenset(
    re.findall(
        r"\w+",
        """
a about after all also am an and any are as at be been before being between both but by can
could did do does doing down during each few for from further had has have having he her here
hers him his how i if in into is it its itself just me more most my no nor not now of off on
once only or other our out over own same she should so some such than that the their them then
there these they this those through to too under until up very was we were what when where which
while who whom why will with would you your yours tell please give explain describe according
mentioned document documents
""",
    )
)
_WORD = re.compile(r"\w+(?:[.,]\d+)*")
_FISCAL = re.compile(r"\b(?:FY|fiscal year)\s?'?(\d{4}|\d{2})\b", re.IGNORECASE)
_PARTS = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+|\d+")
_NTH = ("first", "second", "third", "fourth")
# (?a:...): else case is ignored of a dotted İ and a long s, too, and no list has the word.
_QUARTER = re.compile(r"\b(?a:(first|second|third|fourth)) quarter\b", re.IGNORECASE)
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])")
_PLAIN = re.compile(r"(?<![\w.,-])(?!(?:19|20)\d\d\b)\d{4,9}(?![\w,-])")  # no years
_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_OF_YEAR = f"(?a:{'|'.join(_NAMES)})"
_MONTH = re.compile(rf"\b({_OF_YEAR}) (\d{{4}})\b", re.IGNORECASE)
_AMERICAN = re.compile(rf"\b({_OF_YEAR}) (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})\b", re.IGNORECASE)
_BRITISH = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th)?,?(?: of)? ({_OF_YEAR}),? (\d{{4}})\b", re.IGNORECASE
)
_ISO = re.compile(r"\b(\d{4})-(0[1-9]|1[0-2])(?:-\d\d)?\b")
_QUOTED = re.compile(r"[\"“„«]([^\"“”„«»]{3,120})[\"”“»]")
_MOST = 40  # words of a query; a pasted page would match everything, slowly


def indexed(text: str) -> str:
    """The text with `FY18` also written `2018`."""
    return _FISCAL.sub(lambda match: f"{match.group()} {_year(match.group(1))}", text)


def passage(text: str, headings: Sequence[str]) -> str:
    """What a passage is found by: also the headings that it stands under."""
    return "\n".join([indexed(text), *([" ".join(headings)] if headings else [])])


def name_parts(name: str) -> str:
    """`2023_Q1-AnnualReport.pdf` as the words that people would use for it."""
    return " ".join(_PARTS.findall(name.rsplit(".", 1)[0]))


def card(name: str, title: str, first_pages: Sequence[str]) -> str:
    """What a document is found by as a whole."""
    return indexed("\n".join([name, name_parts(name), title, *first_pages]))


def content_words(text: str) -> list[str]:
    """The words that carry the meaning, in lower case, each once, in order."""
    found = dict.fromkeys(word.lower() for word in _WORD.findall(indexed(text)))
    return [word for word in found if word not in _STOP]


def match(query: str) -> str:
    """An FTS5 expression: any of the words; empty when there are none.

    Every word is quoted: raw text would be read as FTS5 syntax and raise.
    """
    chosen = content_words(query) or [word.lower() for word in _WORD.findall(query)]
    found = dict.fromkeys([*chosen[:_MOST], *written_otherwise(query)[:_MOST]])
    return " OR ".join(f'"{word}"' for word in found)


def written_otherwise(text: str) -> list[str]:
    """Numbers, quarters and dates of a text as documents may write them, 1,200 also as 1200; and
    what it quotes, as a phrase."""
    return [
        *(phrase for quoted in _QUOTED.findall(text) if " " in (phrase := _phrase(quoted))),
        *(
            f"{other} quarter"
            for n, other in enumerate(_NTH, 1)
            if re.search(rf"\bq{n}\b", text, re.I)
        ),
        *(f"q{_NTH.index(nth.lower()) + 1}" for nth in _QUARTER.findall(text)),
        *(number.replace(",", "") for number in _GROUPED.findall(text)),
        *(f"{int(number):,}" for number in _PLAIN.findall(text)),
        *(f"{year} {_month(month)} {int(day):02}" for month, day, year in _AMERICAN.findall(text)),
        *(f"{year} {_month(month)} {int(day):02}" for day, month, year in _BRITISH.findall(text)),
        *(f"{_NAMES[int(month) - 1]} {year}" for year, month in _ISO.findall(text)),
        *(f"{year} {_month(month)}" for month, year in _MONTH.findall(text)),
    ]


def _phrase(quoted: str) -> str:
    return " ".join(word.lower() for word in _WORD.findall(quoted))


def _month(name: str) -> str:
    return f"{_NAMES.index(name.lower()) + 1:02}"


def _year(digits: str) -> str:
    return digits if len(digits) == 4 else f"20{digits}"
