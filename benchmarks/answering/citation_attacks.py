"""Sentences that are true become false ones: one number, date, quoted phrase or name is changed.

The changed item stands nowhere in what was read, unless the kind says "another's": then it is taken
from another place of it, so that only its place in the sentence is false.
"""

import re
from collections.abc import Iterator

from ingest.language.numbers import month_names

KINDS = (
    "number", "number, spelt", "number, another's", "scale", "unit", "day of a date",
    "month of a date", "year", "quoted phrase", "name", "name, another's", "not",
)  # fmt: skip

_MONTHS = month_names("en")
_SPELT = (
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_SCALES = {"thousand": "million", "million": "billion", "billion": "million", "trillion": "billion"}
_UNITS = {
    "%": " days", "percent": "days", "day": "month", "days": "months", "week": "year",
    "weeks": "years", "month": "day", "months": "days", "year": "week", "years": "weeks",
    "hour": "day", "hours": "days", "minute": "hour", "minutes": "hours",
}  # fmt: skip
_NUMBER = re.compile(r"(?!\A\d{1,2}[.)] )(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\w])")
_YEAR = re.compile(r"(?<![\w.,$])(?:19|20)\d\d(?![\w,])")
_MONTH = re.compile(rf"\b(?:{'|'.join(_MONTHS)})\b")
_DAY = re.compile(rf"\b({'|'.join(_MONTHS)}) (\d\d?)\b|\b(\d\d?) ({'|'.join(_MONTHS)})\b")
_SPELT_NUMBER = re.compile(rf"\b(?:{'|'.join(_SPELT)})\b")
_SCALE = re.compile(rf"(?<=\d )({'|'.join(_SCALES)})\b")
_UNIT = re.compile(r"(?<=\d)%|(?<=\d )(?:percent|(?:day|week|month|year|hour|minute)s?)\b")
_QUOTED = re.compile(r"[\"“]([^\"”]{3,})[\"”]")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}\b(?! \d)")
_VERB = re.compile(r"\b(?:is|are|was|were|will|can|may|must|should)\b(?! not)")


def changed(text: str, read: str) -> Iterator[tuple[str, str]]:
    """(kind, sentence) with one change each; `read` is the question and all passages."""
    yield from _numbers(text, read)
    yield from _dates(text, read)
    for match in _QUOTED.finditer(text):
        words = match[1].split()
        words[len(words) // 2] = "quarrelsome"
        yield "quoted phrase", _put(text, match, f"“{' '.join(words)}”")
    yield from _names(text, read)
    if verb := _VERB.search(text):
        yield "not", f"{text[: verb.end()]} not{text[verb.end() :]}"


def _put(text: str, match: re.Match[str], new: str) -> str:
    return f"{text[: match.start()]}{new}{text[match.end() :]}"


def _numbers(text: str, read: str) -> Iterator[tuple[str, str]]:
    for match in _NUMBER.finditer(text):
        yield "number", _put(text, match, _other_number(match[0], read))
        yield "number, spelt", _put(text, match, _other_spelt(read))
        if taken := _number_of_others(match[0], text, read):
            yield "number, another's", _put(text, match, taken)
    for match in _SPELT_NUMBER.finditer(text):
        yield "number, spelt", _put(text, match, _other_spelt(read))
    for kind, pattern, others in (("scale", _SCALE, _SCALES), ("unit", _UNIT, _UNITS)):
        for match in pattern.finditer(text):
            yield kind, _put(text, match, others[match[0]])


def _dates(text: str, read: str) -> Iterator[tuple[str, str]]:
    for match in _DAY.finditer(text):
        group = 2 if match[2] else 3
        start, end = match.span(group)
        day = next(d for d in range(1, 32) if not re.search(rf"\b{d}\b", read))
        yield "day of a date", f"{text[:start]}{day}{text[end:]}"
    for match in _MONTH.finditer(text):
        month = next((m for m in _MONTHS if m not in read), None)
        yield from [("month of a date", _put(text, match, month))] if month else []
    for match in _YEAR.finditer(text):
        year = next(y for y in range(int(match[0]) + 1, 2999) if str(y) not in read)
        yield "year", _put(text, match, str(year))


def _names(text: str, read: str) -> Iterator[tuple[str, str]]:
    for match in _NAME.finditer(text):
        if match[0] not in _MONTHS:
            yield "name", _put(text, match, "Quillmere")
            if other := _name_of_others(text, read):
                yield "name, another's", _put(text, match, other)


def _other_number(number: str, read: str) -> str:
    """The same with its first digits one higher, or more if that stands somewhere, too."""
    digits = re.match(r"\d+", number)
    head = digits[0] if digits else ""
    known = {n.replace(",", "").rstrip(".") for n in re.findall(r"\d[\d,.]*", read)}
    others = (f"{int(head) + more}{number[len(head) :]}" for more in range(1, 1000))
    return next(other for other in others if other.replace(",", "") not in known)


def _other_spelt(read: str) -> str:
    """A number as a word that stands nowhere, also not as digits."""
    free = (
        word for value, word in enumerate(_SPELT, start=2)
        if not re.search(rf"\b(?:{word}|{value})\b", read, re.IGNORECASE)
    )  # fmt: skip
    return next(free, "seventeen")


def _number_of_others(number: str, text: str, read: str) -> str | None:
    """A number of the same kind that was read elsewhere."""
    year = bool(_YEAR.fullmatch(number))
    said = set(_NUMBER.findall(text))
    found = dict.fromkeys(n for n in _NUMBER.findall(read) if bool(_YEAR.fullmatch(n)) == year)
    return next((n for n in found if n not in said), None)


def _name_of_others(text: str, read: str) -> str | None:
    said = set(re.findall(r"\w+", text))
    return next((n for n in dict.fromkeys(_NAME.findall(read)) if n not in said), None)
