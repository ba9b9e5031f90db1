"""Amounts of a sentence, converted so that two sentences can be compared: 1.5 km is 1,500 m.

Contradictions need kinds: 5 days do not contradict 5 percent, nor $29 a month $348 a year.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from ingest.language.dates import YEAR, Date, find_dates
from ingest.language.measures import Quantity, blanked, find_quantities

_ADDRESS = re.compile(r"\b[\w.+-]{1,80}@[\w-]++(?:\.[\w-]++)+\b|\b(?:https?://|www\.)[^\s,;]+[\w/]")
_PHONE = re.compile(r"(?<![\w.,$€£])(?:\+|\(?0)\d(?:[ ()/-]*\d){5,}(?![\w.]\d)")
_CLOCK = re.compile(
    r"(?<![\w.,:])(?P<h>\d\d?)(?:[:.](?P<m>\d\d))?\s?(?P<half>[ap]\.?m\b\.?|o'clock\b)"
    r"|(?<![\w.,:])(?P<hh>[01]?\d|2[0-4]):(?P<mm>[0-5]\d)(?![:\d])",
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
_OF_CODE = re.compile(r"[A-Za-z]-\Z")
_ROUNDED = 1000  # from here on, but not 1000 itself
_ABOUT = 0.1
_CALENDAR = 0.03  # a month is 30 days, or 31


@dataclass(frozen=True)
class Amount:
    """A number with its kind. `value` is in the kind's own unit."""

    kind: str  # "length", "money", "date", "clock", ...; "number" where nothing is known
    value: float | str | Date
    text: str
    off: float = 0.0  # tolerance of a rounded value
    unit: str = ""  # the currency of money; what else must be the same
    per: str = ""
    bound: str = ""  # "low", "high", "about" or none

    def agrees(self, other: "Amount") -> bool:
        """Whether both can be true."""
        if isinstance(self.value, float) and isinstance(other.value, float):
            return self._near(other, self.value, other.value)
        if isinstance(self.value, Date) and isinstance(other.value, Date):
            return self.value.fits(other.value)
        return self.value == other.value

    def comparable(self, other: "Amount") -> bool:
        """Whether kind, unit and period are the same: otherwise they cannot be compared."""
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
        more = mine - theirs if self.bound else theirs - mine  # than a value that the bound allows
        if (bounds := {self.bound, other.bound}) in ({"low", ""}, {"high", ""}):
            return more <= off if "low" in bounds else more >= -off
        return abs(mine - theirs) <= off


def amounts(text: str) -> tuple[list[Amount], str]:
    """All amounts of a text, in order, and the text without them."""
    found: list[Amount] = []
    for kind, pattern in (("address", _ADDRESS), ("phone", _PHONE)):
        found += [Amount(kind, _bare(kind, m[0]), m[0]) for m in pattern.finditer(text)]
        text = pattern.sub(" ", text)
    dates = [day for day in find_dates(text) if not day.alone]
    found += [Amount("date", day, text[day.start : day.end]) for day in dates]
    text = blanked(text, ((day.start, day.end) for day in dates))
    found += [_clock(match) for match in _CLOCK.finditer(text)]
    text = _CLOCK.sub(" ", text)
    numbers = [number for number in find_quantities(text) if _is_amount(number, text)]
    found += [_amount(number, text) for number in numbers]
    return found, blanked(text, ((number.start, number.end) for number in numbers))


def _bare(kind: str, text: str) -> str:
    return re.sub(r"\D", "", text) if kind == "phone" else text.lower()


def _clock(match: re.Match[str]) -> Amount:
    hours = int(match["h"] or match["hh"])
    minutes = int(match["m"] or match["mm"] or 0)
    half = (match["half"] or "").lower().replace(".", "")
    hours = hours % 12 + 12 * (half == "pm") if half in ("am", "pm") else hours
    return Amount("clock", float(60 * hours + minutes), match[0].strip())


def _is_amount(number: Quantity, text: str) -> bool:
    """Whether it is an amount: codes such as `4x` and `COVID-19`, and ambiguous numbers, are
    labels."""
    if number.tail or _OF_CODE.search(_before(number, text)):
        return False
    return number.value is not None or bool(_LABEL.search(_before(number, text)))


def _before(number: Quantity, text: str) -> str:
    return text[max(number.start - 24, 0) : number.start]


def _amount(number: Quantity, text: str) -> Amount:
    unit, before = number.unit, _before(number, text)
    if number.ordinal:
        return Amount("ordinal", number.digits, number.digits)
    kind, written = unit.kind if unit else "number", text[number.start : number.end]
    if kind == "number" and not number.scale and re.fullmatch(YEAR, number.digits):
        return Amount("year", number.digits, number.digits)
    bound, per = _BOUND.search(before), _PER.match(text, number.end)
    if kind == "number" and (label := _LABEL.search(before)):
        return Amount("label", number.digits, f"{label[1]} {number.digits}", unit=label[1].lower())
    size = (unit.size if unit else 1.0) * number.modifier
    sign = -1 if number.negative and kind == "temperature" else 1
    named = unit and kind in ("money", "temperature") and unit.name != "cent"
    return Amount(
        kind=kind,
        value=float(number.amount or 0) * size * sign,
        text=written,
        off=_off(number) * size,
        unit=unit.name if unit and named else "",
        per=per[1].lower().replace("annum", "year") if per else "",
        bound=(bound.lastgroup or "") if bound else "",
    )


def _off(number: Quantity) -> float:
    """Half a unit of the last significant digit: trailing zeros may come from rounding."""
    value = number.value or Decimal(0)
    round_one = value.normalize().as_tuple()
    place = min(int(value.as_tuple().exponent), 0) or int(round_one.exponent)
    doubtful = place > 0 and value >= _ROUNDED and len(round_one.digits) > 1
    return 0.5 * 10.0 ** (place + number.scale) if place < 0 or number.scale or doubtful else 0.0
