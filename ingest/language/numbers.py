"""Numbers and dates of running text, read strictly: two are the same only if they say the same.

`1,200,000`, `1.2 million` and `$1.2 million` are; `1.2` and `1.2 million`, `5 %` and `5 days`,
`82.9` and `82.96` are not. What judges answers (evaluation/quantities.py) is more lenient.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

UNITS = re.findall(
    r"\w+",
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen",
)
TENS = re.findall(r"\w+", "twenty thirty forty fifty sixty seventy eighty ninety")
ORDINALS = re.findall(
    r"\w+",
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth"
    " fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth",
)
MONTHS = (
    "january|jan", "february|feb", "march|mar", "april|apr", "may", "june|jun", "july|jul",
    "august|aug", "september|sept|sep", "october|oct", "november|nov", "december|dec",
)  # fmt: skip
MONTH_OF = {name: at for at, names in enumerate(MONTHS, start=1) for name in names.split("|")}

_SPELT = {w: n for n, w in enumerate(UNITS)} | {w: 10 * n for n, w in enumerate(TENS, start=2)}
_NTH = {word: number for number, word in enumerate(ORDINALS, start=1)}
_SMALL, _TEN = "|".join(UNITS), "|".join(TENS)
_IN_WORDS = re.compile(
    rf"\b(?:(?P<hundreds>{_SMALL})[- ]hundred(?:[- ]and)?(?:[- ](?=(?:{_TEN}|{_SMALL})\b))?)?"
    rf"(?:(?P<tens>{_TEN})(?:[- ](?P<ones>{_SMALL}))?|(?P<small>{_SMALL}))?\b",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    rf"\b(?:(?P<tens>{_TEN})[- ])?(?P<word>{'|'.join(ORDINALS)})\b"
    r"|\b(?P<digits>\d+)(?:st|nd|rd|th)\b",
    re.IGNORECASE,
)
_SECONDS = re.compile(r"(?:\d|\b(?:a|per|each|every|one))[- ]\Z", re.IGNORECASE)
_PERIOD = re.compile(r"[- ](?:\w+ )?(?:quarter|half|edition|floor|place|prize|level|class)\b", re.I)
_QUARTER = re.compile(r"\bQ([1-4])\b(?!\s*[.:]\d)")
_FISCAL = re.compile(r"\bFY\s?'?(\d{4}|\d\d)\b")

_SCALES = {
    "hundred": 2, "thousand": 3, "million": 6, "mn": 6, "billion": 9, "bn": 9, "trillion": 12,
    "tn": 12,
}  # fmt: skip
_SHORT_SCALES = {"k": 3, "m": 6, "b": 9, "t": 12}  # only behind money: 5m are also metres
_MONEY = {
    "$": "$", "usd": "$", "dollar": "$", "€": "€", "eur": "€", "euro": "€", "£": "£",
    "gbp": "£", "pound": "£", "¥": "¥", "yen": "¥", "jpy": "¥", "chf": "chf", "cent": "cent",
}  # fmt: skip
_CURRENCIES = frozenset(_MONEY.values())
_MEASURES = _MONEY | {
    "%": "%", "percent": "%", "second": "second", "sec": "second", "minute": "minute",
    "min": "minute", "hour": "hour", "hr": "hour", "day": "day", "week": "week", "month": "month",
    "year": "year", "yr": "year", "decade": "decade", "century": "century", "centurie": "century",
    "kg": "kg", "kilogram": "kg", "gram": "gram", "g": "gram", "lb": "lb", "ton": "ton",
    "tonne": "ton", "mm": "mm", "cm": "cm", "m": "m", "metre": "m", "meter": "m", "km": "km",
    "kilometre": "km", "kilometer": "km", "mile": "mile", "foot": "foot", "feet": "foot",
    "ft": "foot", "inch": "inch", "inche": "inch", "acre": "acre", "hectare": "hectare",
    "litre": "litre", "liter": "litre", "gb": "gb", "mb": "mb", "kb": "kb", "tb": "tb",
    "degree": "degree", "am": "am", "pm": "pm",
}  # fmt: skip
_BETWEEN = frozenset(
    re.findall(
        r"\w+",
        "a an the of in on at to for from by per and or as is are was were with each every than"
        " when if that which who over under after before within until during since plus minus"
        " between",
    )
)
_NUMBER = re.compile(
    r"(?<!\w)(?<!\d[.,:/])(?P<money>[$€£¥])?\s?"
    r"(?P<raw>\.?\d+(?:[.,:/]\d+)*)(?P<tail>[A-Za-z%]*)"
)
_AFTER = re.compile(r"\s?[-\s(]?([A-Za-z]+|%|€)")
_CODE = re.compile(r"\b(?=\w*\d)(?=\w*[A-Za-z])\w+\b")
_DASH = re.compile("[\u2010-\u2015\u2212]")
_RAISED = re.compile("[¹²³⁰⁴-⁹]+")  # a footnote's mark behind a number is no digit of it
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?\Z")
_PLAIN = re.compile(r"(?![1-9]\d{0,2}\.\d{3}\Z)\d*\.?\d+\Z")  # 1.200 may be 1200

_MONTH = rf"(?a:{'|'.join(sorted(MONTH_OF, key=len, reverse=True))})"
_DAY = r"(?P<d>\d\d?)(?:st|nd|rd|th)?"
_YEAR = r"(?P<y>(?:1\d|20)\d\d)\b"
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?P<y>\d{4})-(?P<n>0[1-9]|1[0-2])(?:-(?P<d>\d\d))?\b",
        rf"\b{_DAY}(?: of)? (?P<m>{_MONTH})\b\.?(?:,? {_YEAR})?",
        rf"\b(?P<m>{_MONTH})\.? (?:the )?{_DAY}\b(?:,? {_YEAR})?",
        rf"\b(?P<m>{_MONTH})\.?(?:,| of)? {_YEAR}",
        r"\b(?P<a>\d\d?)[/.](?P<b>\d\d?)[/.](?P<y>\d{4})\b",
    )
)
_FULL = [names.split("|")[0].capitalize() for names in MONTHS]
_MONTH_ALONE = re.compile(rf"\b(?:{'|'.join(_FULL)})\b")


@dataclass(frozen=True)
class Figure:
    """A number as it is written, without its sign: texts say "fell by 7" for "-7"."""

    raw: str  # its digits and marks, or a code such as `a4`
    bare: Decimal | None = None  # without its scale; None: only the same writing is the same
    scale: int = 0  # power of ten: "million" is 6
    unit: str = ""  # "%", "$", "day", ... or nothing known
    ordinal: bool = False

    @property
    def money(self) -> bool:
        return self.unit in _CURRENCIES

    def same(self, other: "Figure", heads: frozenset[int] = frozenset()) -> bool:
        """Whether a document's number says what this one does. `heads` are powers of ten that
        the document gives for a table's numbers ("in millions")."""
        if self.ordinal != other.ordinal or (self.unit and other.unit and self.unit != other.unit):
            return False
        if self.bare is None or other.bare is None:
            return self.raw == other.raw and self.scale == other.scale
        if self.bare.scaleb(self.scale) == other.bare.scaleb(other.scale):
            return True
        return self.bare == other.bare and not other.scale and self.scale in heads


@dataclass(frozen=True)
class Date:
    """What is said of a date; None for what is not."""

    year: int | None
    month: int
    day: int | None

    def same(self, other: "Date", years: frozenset[int]) -> bool:
        """Whether a document's date says all that this one does. `years` are all that the same
        lines name: a date without one may be of the only one."""
        if self.month != other.month or self.day not in (None, other.day):
            return False
        if other.year is None and self.year is not None:
            return years == {self.year}
        return self.year in (None, other.year)


def plain(text: str) -> str:
    """One form for blanks and dashes; `Q3` and `FY18` as words; numbers in words as digits."""
    text = unicodedata.normalize("NFKC", _RAISED.sub(" ", text))
    text = " ".join(_DASH.sub("-", text).split())
    text = text.replace("US$", "$").replace("per cent", "percent")
    text = _QUARTER.sub(lambda m: f"{ORDINALS[int(m[1]) - 1]} quarter", text)
    return _FISCAL.sub(lambda m: f"fiscal year {m[1] if len(m[1]) == 4 else f'20{m[1]}'}", text)


def figures(text: str, said: bool = True) -> list[Figure]:
    """All numbers of a plain text without dates. Of an answer (`said`) a lone "one" or
    "first" is none, unless it counts a measure: mostly they are words like others."""
    found = [
        _ordinal(match)
        for match in _ORDINAL.finditer(text)
        if not (_is_second(match) or (said and _is_early(match)))
    ]
    text = _ORDINAL.sub(lambda m: m[0] if _is_second(m) else " ", text)
    text = _IN_WORDS.sub(lambda m: _in_digits(m, said), text)
    numbers = [figure for match in _NUMBER.finditer(text) if (figure := _figure(match))]
    codes = [Figure(m[0].lower()) for m in _CODE.finditer(text) if not _NUMBER.match(m[0])]
    return [*found, *numbers, *codes]


def dates(text: str) -> tuple[list[Date], str]:
    """All dates of a plain text, and the text without them."""
    found = []
    for pattern in _DATES:
        for match in pattern.finditer(text):
            if date := _date(match):
                found.append(date)
        text = pattern.sub(lambda m: f" {'' if _date(m) else m[0]} ", text)
    alone = [Date(None, MONTH_OF[m[0].lower()], None) for m in _MONTH_ALONE.finditer(text)
             if m.start() or m[0] not in ("March", "May")]  # fmt: skip
    return found + alone, text


def scales(text: str) -> frozenset[int]:
    """Powers of ten that a page gives for its numbers: "(in millions, except per share)"."""
    found = re.findall(r"\b(?:in|\$|USD|EUR)\s(?:\w+\s)?(thousand|million|billion)s?\b", text, re.I)
    return frozenset(_SCALES[word.lower()] for word in found)


def _is_second(match: re.Match[str]) -> bool:
    """A second of time."""
    word = (match["word"] or "").lower()
    return word == "second" and bool(_SECONDS.search(match.string, 0, match.start()))


def _is_early(match: re.Match[str]) -> bool:
    """The first film is also the original one; the first quarter is a number."""
    return match[0].lower() == "first" and not (
        _counts(match) or _PERIOD.match(match.string, match.end())
    )


def _ordinal(match: re.Match[str]) -> Figure:
    if match["digits"]:
        number = int(match["digits"])
    else:
        tens = _SPELT[match["tens"].lower()] if match["tens"] else 0
        number = tens + _NTH[match["word"].lower()]
    return Figure(str(number), Decimal(number), ordinal=True)


def _in_digits(match: re.Match[str], said: bool) -> str:
    words = match[0]
    if not words:
        return words
    if said and words.lower() == "one" and not _counts(match):
        return words
    parts = {name: _SPELT[word.lower()] for name, word in match.groupdict().items() if word}
    total = 100 * parts.pop("hundreds", 0) + sum(parts.values())
    return f"{total}{' ' if words.endswith((' ', '-')) else ''}"


def _counts(match: re.Match[str]) -> bool:
    word = _AFTER.match(match.string, match.end())
    return bool(word) and (_measure(word[1]) != "" or word[1].lower() in _SCALES)  # type: ignore[index]


def _figure(match: re.Match[str]) -> Figure | None:
    raw, tail = match["raw"], match["tail"].lower()
    money = _MONEY.get((match["money"] or "").lower(), "")
    bare = _value(raw)
    if not tail:
        scale, unit = _scale_and_unit(match.string, match.end())
        return Figure(raw, bare, scale, money or unit)
    if money and tail in _SHORT_SCALES:
        return Figure(raw, bare, _SHORT_SCALES[tail], money)
    if tail in _SCALES:
        return Figure(raw, bare, _SCALES[tail], money)
    if unit := _measure(tail):
        return Figure(raw, bare, 0, unit)
    return Figure(f"{raw}{tail}")


def _value(raw: str) -> Decimal | None:
    if _GROUPED.match(raw):
        return Decimal(raw.replace(",", ""))
    return Decimal(raw) if _PLAIN.match(raw) else None


def _scale_and_unit(text: str, at: int) -> tuple[int, str]:
    """What stands behind a number: a scale, and a measure at most two words later."""
    scale = 0
    for step in range(4):
        word = _AFTER.match(text, at)
        if not word:
            break
        said = word[1].lower()
        if not step and said.removesuffix("s") in _SCALES:
            scale = _SCALES[said.removesuffix("s")]
        elif unit := _measure(said):
            return scale, unit
        elif said in _BETWEEN:
            break
        at = word.end()
    return scale, ""


def _measure(word: str) -> str:
    word = word.lower()
    return _MEASURES.get(word) or _MEASURES.get(word.removesuffix("s"), "")


def _date(match: re.Match[str]) -> Date | None:
    parts = match.groupdict()
    year = int(parts["y"]) if parts.get("y") else None
    if parts.get("a"):
        return _in_numbers(int(parts["a"]), int(parts["b"]), year)
    month = int(parts["n"]) if parts.get("n") else MONTH_OF[parts["m"].lower()]
    day = int(parts["d"]) if parts.get("d") else None
    return Date(year, month, day) if day is None or 0 < day < 32 else None


def _in_numbers(first: int, second: int, year: int | None) -> Date | None:
    """3/3/2024, 25/3/2024 and 3/25/2024; 3/4/2024 may be two days, and is no date here."""
    if first == second <= 12:
        return Date(year, first, second)
    if first > 12 >= second > 0 and first < 32:
        return Date(year, second, first)
    return Date(year, first, second) if second > 12 >= first > 0 and second < 32 else None
