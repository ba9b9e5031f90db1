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
    return " OR ".join(f'"{word}"' for word in chosen[:_MOST])


def _year(digits: str) -> str:
    return digits if len(digits) == 4 else f"20{digits}"
