"""Amounts of a sentence, converted so that two sentences can be compared: 1.5 km is 1,500 m.

What decides whether an answer is right (evaluation/quantities.py) needs no kinds; a contradiction
does: 5 days do not contradict 5 percent, nor $29 a month $348 a year.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.language.quantities import Date, dates, in_digits

_HOUR, _DAY = 1 / 24, 1.0
_KINDS = {  # kind -> word -> how many of the kind's own unit it is
    "length": {
        "mm": 0.001, "cm": 0.01, "m": 1.0, "metre": 1.0, "meter": 1.0, "km": 1e3, "kilometre": 1e3,
        "kilometer": 1e3, "mile": 1609.34, "foot": 0.3048, "feet": 0.3048, "ft": 0.3048,
        "inch": 0.0254, "inches": 0.0254,
    },
    "mass": {
        "mg": 0.001, "g": 1.0, "gram": 1.0, "kg": 1e3, "kilogram": 1e3, "lb": 453.6,
        "tonne": 1e6, "ton": 1e6,
    },
    "time": {
        "second": _HOUR / 3600, "minute": _HOUR / 60, "min": _HOUR / 60, "hour": _HOUR,
        "day": _DAY, "week": 7.0, "month": 365.25 / 12, "year": 365.25,
    },
    "share": {"%": 1.0, "percent": 1.0},
    "temperature": {"°c": 1.0, "°f": 1.0},
    "speed": {"km/h": 1.0, "kph": 1.0, "mph": 1.609},
    "volume": {"ml": 0.001, "l": 1.0, "litre": 1.0, "liter": 1.0},
    "data": {"kb": 1e-6, "mb": 1e-3, "gb": 1.0, "tb": 1e3},
    "power": {"w": 1.0, "kw": 1e3},
    "area": {"m²": 1.0, "ha": 1e4, "hectare": 1e4},
    "money": {
        "dollar": 1.0, "euro": 1.0, "pound": 1.0, "usd": 1.0, "eur": 1.0, "gbp": 1.0, "chf": 1.0,
        "€": 1.0, "£": 1.0, "cent": 0.01,
    },
}  # fmt: skip
_UNITS = {word: (kind, size) for kind, words in _KINDS.items() for word, size in words.items()}
_CURRENCIES = {
    "$": "$", "us$": "$", "dollar": "$", "usd": "$", "€": "€", "euro": "€", "eur": "€", "£": "£",
    "pound": "£", "gbp": "£", "chf": "chf", "¥": "¥",
}  # fmt: skip
_SCALES = {
    "thousand": 1e3, "k": 1e3, "million": 1e6, "mn": 1e6, "m": 1e6, "billion": 1e9, "bn": 1e9,
}  # fmt: skip
_MODIFIERS = "working|calendar|business|full|consecutive|paid|additional|square|other|whole"
_WORKING = 7 / 5  # days that a working day takes

_ADDRESS = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b|\b(?:https?://|www\.)[^\s,;]+[\w/]")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b"
)
_DATE = re.compile(
    rf"\b\d{{4}}-(?:0\d|1[0-2])(?:-\d\d)?\b"
    rf"|\b\d\d?(?:st|nd|rd|th)?(?: of)? {_MONTH}\.?(?:,? \d{{4}}\b)?"
    rf"|\b{_MONTH}\.? \d\d?(?:st|nd|rd|th)?\b(?:,? \d{{4}}\b)?|\b{_MONTH}\.?,? \d{{4}}\b",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?<![\w.,$€£])(?:\+|\(?0)\d(?:[ ()/-]*\d){5,}(?![\w.]\d)")
_CLOCK = re.compile(
    r"(?<![\w.,:])(?P<h>\d\d?)(?:[:.](?P<m>\d\d))?\s?(?P<half>[ap]\.?m\b\.?|o'clock\b)"
    r"|(?<![\w.,:])(?P<hh>[01]?\d|2[0-4]):(?P<mm>[0-5]\d)(?![:\d])",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"(?P<before>US\$|[$€£¥]|\b(?:USD|EUR|GBP|CHF)\s)?\s?"
    r"(?<![\w.,:/])(?<![A-Za-z]-)(?P<sign>(?<!\d)-)?"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:\s?(?P<scale>thousand|million|billion|mn|bn|k|m)\b(?!/))?"
    rf"(?:[\s-]?(?:(?P<modifier>{_MODIFIERS})[\s-])?(?P<unit>%|°\s?[CF]\b|km/h|m²|€|£|[A-Za-z]+))?",
    re.IGNORECASE,
)
_PER = re.compile(
    r"\W{0,2}(?:per|an?|each|every|/)\s?(second|minute|hour|day|week|month|year|quarter|night|km|"
    r"mile|kg|person|annum)\b",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"(?P<low>at least|minimum(?: of)?|no (?:less|fewer) than|not (?:less|fewer) than|more than|"
    r"over|above|from|exceed(?:s|ing)?)\W*\Z"
    r"|(?P<high>at most|maximum(?: of)?|up to|(?:no|not) more than|not exceed|less than|under|"
    r"fewer than|below|within|no later than)\W*\Z"
    r"|(?P<about>about|around|approximately|approx\.?|nearly|almost|some|roughly|circa|ca\.?|~)\W*\Z",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"\b(room|gate|platform|track|section|chapter|page|table|figure|note|notes|article|paragraph|"
    r"clause|step|level|floor|building|model|version|form|type|class|phase|appendix|annex|part|line|"
    r"bus|zone|route|item|rule|exhibit|question|volume|extension|account|article)s?"
    r"(?:\W+(?:no|number)\b)?\W{0,2}\Z",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_RANGE = re.compile(r"\s?(?:to|-|–|and|or)\s?\Z")
_OTHERWISE = (("half a year", "6 months"), ("half an hour", "30 minutes"), ("per cent", "percent"))
_ROUNDED = 1000  # from here on trailing zeros may be of rounding
_ABOUT = 0.1
_CALENDAR = 0.03  # a month is 30 days, or 31


@dataclass(frozen=True)
class Amount:
    """A number with what it counts. `value` is in the kind's own unit."""

    kind: str  # "length", "money", "date", "clock", ...; "number" where nothing is known
    value: float | str | Date
    text: str
    off: float = 0.0  # what it may be off by, for it is rounded
    unit: str = ""  # the currency of money; what else must be the same
    per: str = ""
    bound: str = ""  # "low", "high", "about" or none

    def agrees(self, other: "Amount") -> bool:
        """Do the two say the same, or can both be true?"""
        if isinstance(self.value, float) and isinstance(other.value, float):
            return self._near(other, self.value, other.value)
        if isinstance(self.value, Date) and isinstance(other.value, Date):
            return _same_day(self.value, other.value)
        return self.value == other.value

    def comparable(self, other: "Amount") -> bool:
        """The same kind, unit and period: else they say nothing of each other."""
        units = not (self.unit and other.unit) or self.unit == other.unit
        periods = not (self.per and other.per) or self.per == other.per
        bounds = {self.bound, other.bound} != {"low", "high"}
        return self.kind == other.kind and units and periods and bounds

    def _near(self, other: "Amount", mine: float, theirs: float) -> bool:
        off = max(self.off, other.off) + 1e-9 * abs(mine)
        if "about" in (self.bound, other.bound):
            off = max(off, _ABOUT * max(abs(mine), abs(theirs)))
        if self.kind == "time":
            off = max(off, _CALENDAR * min(mine, theirs))
        if {self.bound, other.bound} == {"low", ""}:  # a value that the bound allows
            floor, value = (mine, theirs) if self.bound else (theirs, mine)
            return value >= floor - off
        if {self.bound, other.bound} == {"high", ""}:
            ceiling, value = (mine, theirs) if self.bound else (theirs, mine)
            return value <= ceiling + off
        return abs(mine - theirs) <= off


def amounts(text: str) -> tuple[list[Amount], str]:
    """All of a text, in order, and the text without them."""
    for words, digits in _OTHERWISE:
        text = text.replace(words, digits)
    text = in_digits(text)
    found: list[Amount] = []
    for kind, pattern in (("address", _ADDRESS), ("phone", _PHONE)):
        found += [Amount(kind, _bare(kind, m[0]), m[0]) for m in pattern.finditer(text)]
        text = pattern.sub(" ", text)
    found += [Amount("date", _date(match[0]), match[0]) for match in _DATE.finditer(text)]
    text = _DATE.sub(" ", text)
    found += [_clock(match) for match in _CLOCK.finditer(text)]
    text = _CLOCK.sub(" ", text)
    numbers = list(_numbers(text))
    for start, end, _ in reversed(numbers):
        text = f"{text[:start]} {text[end:]}"
    return found + [amount for _, _, amount in numbers], text


def _bare(kind: str, text: str) -> str:
    return re.sub(r"\D", "", text) if kind == "phone" else text.lower()


def _date(text: str) -> Date:
    """What says most of it: "3 May 2025" is also a month."""
    return max(dates(text), key=lambda day: (day.day is not None, day.year is not None))


def _same_day(one: Date, other: Date) -> bool:
    parts = ((one.year, other.year), (one.month, other.month), (one.day, other.day))
    return all(a == b or a is None or b is None for a, b in parts)


def _clock(match: re.Match[str]) -> Amount:
    hours = int(match["h"] or match["hh"])
    minutes = int(match["m"] or match["mm"] or 0)
    half = (match["half"] or "").lower().replace(".", "")
    hours = hours % 12 + 12 * (half == "pm") if half in ("am", "pm") else hours
    return Amount("clock", float(60 * hours + minutes), match[0].strip())


def _numbers(text: str) -> Iterator[tuple[int, int, Amount]]:
    """Each with where it begins and where its unit ends; of "3 to 5 days" both are days."""
    found = [(match, *_end(match)) for match in _AMOUNT.finditer(text)]
    for at, (match, end, unit) in enumerate(found):
        counted = match
        following = found[at + 1] if at + 1 < len(found) else None
        if not unit and following and _RANGE.match(text[end : following[0].start()] or "-"):
            counted, _, unit = following
        yield match.start(), end, _amount(match, end, unit, counted["modifier"] or "")


def _end(match: re.Match[str]) -> tuple[int, str]:
    """Where the amount ends, and its unit; a word behind it that is no unit belongs to the text."""
    unit = re.sub(r"\s", "", (match["unit"] or "").lower())
    known = unit if unit in _UNITS else unit.removesuffix("s")
    if known in _UNITS:
        return match.end("unit"), known
    return match.end("scale") if match["scale"] else match.end("digits"), ""


def _amount(match: re.Match[str], end: int, unit: str, modifier: str) -> Amount:
    text = match.string
    per = _PER.match(text, end)
    currency = _CURRENCIES.get((match["before"] or "").strip().lower()) or _CURRENCIES.get(unit, "")
    kind, size = ("money", 1.0) if match["before"] else _UNITS.get(unit, ("number", 1.0))
    scale = _SCALES.get((match["scale"] or "").lower(), 1.0)
    if match["scale"] and match["scale"].lower() == "m" and kind == "number" and not currency:
        kind, scale = "length", 1.0
    digits = match["digits"].replace(",", "")
    if modifier.lower() in ("working", "business"):
        size *= _WORKING
    if kind == "number" and not match["scale"] and _YEAR.fullmatch(match["digits"]):
        return Amount("year", digits, digits)
    before = text[max(match.start() - 24, 0) : match.start()]
    bound = _BOUND.search(before)
    if kind == "number" and (label := _LABEL.search(before)):
        return Amount("label", digits, f"{label[1]} {digits}", unit=label[1].lower())
    value = float(digits) * scale * size * (-1 if match["sign"] and kind == "temperature" else 1)
    return Amount(
        kind,
        value,
        text[match.start() : end].strip(),
        _off(digits, scale) * size,
        currency or (unit if kind == "temperature" else ""),
        per[1].lower().replace("annum", "year") if per else "",
        (bound.lastgroup or "") if bound else "",
    )


def _off(digits: str, scale: float) -> float:
    """Half of a one in the last place that counts."""
    whole, _, decimals = digits.partition(".")
    if decimals:
        return float(0.5 * 10.0 ** -len(decimals) * scale)
    zeros = len(whole) - len(whole.rstrip("0"))
    if scale > 1 or (float(digits) >= _ROUNDED and len(whole) - zeros > 1):
        return 0.5 * 10.0**zeros * scale if zeros or scale > 1 else 0.0
    return 0.0
