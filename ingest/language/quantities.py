"""Numbers, units and dates in running text, so that two ways to write one compare as equal."""

import re
from dataclasses import dataclass

from ingest.language.numbers import MONTH_OF, ORDINALS, TENS, UNITS

_SPELT = (
    {word: number for number, word in enumerate(UNITS)}
    | {word: 10 * number for number, word in enumerate(TENS, start=2)}
    | {word: number for number, word in enumerate(ORDINALS[:10], start=1) if word != "second"}
)
_COMPOUND = re.compile(rf"\b({'|'.join(TENS)})[- ]({'|'.join(UNITS[1:10])})\b", re.IGNORECASE)
_WORD = re.compile(rf"\b({'|'.join(_SPELT)})\b", re.IGNORECASE)

_SCALES = {
    "thousand": 1e3,
    "k": 1e3,
    "million": 1e6,
    "m": 1e6,
    "mn": 1e6,
    "billion": 1e9,
    "bn": 1e9,
}
_MEASURES = {
    "%": "%", "percent": "%", "percentage": "%", "second": "second", "minute": "minute",
    "hour": "hour", "day": "day", "week": "week", "month": "month", "year": "year",
    "kg": "kg", "g": "g", "km": "km", "m": "m", "cm": "cm", "mm": "mm",
}  # fmt: skip
_NUMBER = re.compile(
    r"(?<![\w.])(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?:st|nd|rd|th)?"
    r"(?:\s?(?P<scale>thousand|million|billion|mn|bn|k|m)\b)?"
    r"(?P<after>(?:\W?\s?(?:%|[a-z]+)){0,3})",
    re.IGNORECASE,
)

_MONTH = "|".join(sorted(MONTH_OF, key=len, reverse=True))
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?P<y>\d{4})-(?P<n>\d\d)(?:-(?P<d>\d\d))?\b",
        rf"\b(?P<d>\d\d?)(?:st|nd|rd|th)?(?: of)? (?P<m>{_MONTH})\b\.?(?:,? (?P<y>\d{{4}})\b)?",
        rf"\b(?P<m>{_MONTH})\.? (?P<d>\d\d?)(?:st|nd|rd|th)?\b(?:,? (?P<y>\d{{4}})\b)?",
        rf"\b(?P<m>{_MONTH})\.?,? (?P<y>\d{{4}})\b",
    )
)


@dataclass(frozen=True)
class Quantity:
    """A number as it is written, without its sign: texts say "fell by 7" for "-7"."""

    value: float  # with its scale: "2 million" is 2e6
    bare: float  # without: tables say "in millions" at their head
    decimals: int
    unit: str  # "%", "day", ... or nothing known

    def is_(self, other: "Quantity") -> bool:
        """Whether the two say the same; one of them may be rounded, but not to a whole number."""
        if self.unit and other.unit and self.unit != other.unit:
            return False
        fewer = min(self.decimals, other.decimals)
        rounding = 0.5 * 10**-fewer if fewer else 0.0
        return any(
            abs(mine - theirs) <= rounding * min(scale, other_scale) + 1e-9 * abs(theirs)
            for mine, scale in self._values()
            for theirs, other_scale in other._values()
        )

    def _values(self) -> list[tuple[float, float]]:
        """Its values, each with the size of a one in it."""
        scale = self.value / self.bare if self.bare else 1.0
        found = [(self.value, scale), (self.bare, 1.0)]
        return [*found, (self.bare / 100, 0.01)] if self.unit == "%" else found


@dataclass(frozen=True)
class Date:
    """What is said of a date; None for what is not."""

    year: int | None
    month: int
    day: int | None

    def is_(self, other: "Date") -> bool:
        """Whether this one, of an answer, says all that the other one does, and nothing else."""
        months = self.month == other.month
        return months and self.day == other.day and (self.year == other.year or not other.year)


def in_digits(text: str) -> str:
    """Numbers that are spelt become digits; "second" stays, as a unit of time."""
    compound = _COMPOUND.sub(lambda m: str(_SPELT[m[1].lower()] + _SPELT[m[2].lower()]), text)
    return _WORD.sub(lambda m: str(_SPELT[m[1].lower()]), compound)


def quantities(text: str) -> list[Quantity]:
    """All numbers, in order."""
    return [_quantity(match) for match in _NUMBER.finditer(in_digits(text))]


def dates(text: str) -> list[Date]:
    """All dates with a month, in no order."""
    found = []
    for pattern in _DATES:
        for match in pattern.finditer(text):
            parts = match.groupdict()
            month = int(parts["n"]) if parts.get("n") else MONTH_OF[parts["m"].lower()]
            found.append(Date(_whole(parts.get("y")), month, _whole(parts.get("d"))))
    return found


def _quantity(match: re.Match[str]) -> Quantity:
    digits = match["digits"].replace(",", "")
    scale = _SCALES.get((match["scale"] or "").lower(), 1.0)
    decimals = len(digits.partition(".")[2])
    return Quantity(float(digits) * scale, float(digits), decimals, _unit(match["after"]))


def _unit(after: str) -> str:
    """Of "20 working days" it is the day: a word or two may stand between."""
    for word in re.findall(r"%|[a-z]+", after.lower()):
        if unit := _MEASURES.get(word) or _MEASURES.get(word.removesuffix("s")):
            return unit
    return ""


def _whole(digits: str | None) -> int | None:
    return int(digits) if digits else None
