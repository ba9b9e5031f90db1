"""Numbers of running text with their units: `$1.2 million`, `25 working days`, `der 3.`, `7 %`.

Callers compare them in their own way: strictly for citations, rounded for judging answers.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import pairwise

from ingest.language.dates import YEAR
from ingest.language.numbers import (
    DIGITS,
    NTH,
    NTH_WORDS,
    SCALE_OF,
    SHORT_SCALES,
    SPELT,
    WORDS,
    bare,
    decimal_mark,
    has_words,
    value_of,
    value_of_words,
)

# -- Measures and currencies: their names in some languages


@dataclass(frozen=True)
class Unit:
    """A measure or a currency."""

    name: str
    kind: str  # "length", "money", "time", ...


# kind: a name, and other ways to write it; plurals with -s are understood.
_TABLE = """
length: mm; cm; m metre meter mètre metro
length: km kilometre kilometer kilomètre kilómetro chilometro chilometri quilômetro
length: mile; foot feet ft; inch inches
mass: mg; gram g gramm; kg kgs kilogram kilogramm kilogramme; lb lbs
mass: ton tonne tonnen
time: second sec sekunde sekunden seconde seconden segundo secondo secondi
time: minute min minuten minuto minuti
time: hour hr hrs stunde stunden heure hora uur timmar
time: day tage tagen jour día giorno giorni dag dagen dia dagar
time: week woche wochen semaine semana settimana settimane weken
time: month monat monate monaten mois meses mese mesi maand maanden månader
time: year yr yrs jahr jahre jahren année ans año anno anni jaar jaren ano år
time: decade jahrzehnt jahrzehnte; century centuries jahrhundert jahrhunderte siècle
share: % percent prozent pourcent porciento percento porcento procent procento; ‰
temperature: °c; °f; degree
speed: km/h kph; mph
volume: ml; litre l liter litro
data: kb; mb; gb; tb
power: w; kw; mw; gw
energy: kwh; mwh; gwh
frequency: hz; khz; mhz; ghz
area: m² m2; hectare ha; km² km2; acre
money: $ us$ usd dollar; € eur euro; £ gbp pound; ¥ jpy yen; chf franken; cent
half of a day: am; pm
"""
CODES = (
    "USD EUR GBP CHF JPY CNY ILS AUD CAD NZD INR SEK NOK DKK PLN CZK HUF BRL MXN ZAR TRY KRW"
    " SGD HKD"
).replace(" ", "|")  # as a regular expression, in capitals: "try" is a word
MONEY = rf"(?:US|A|C|NZ|HK|S)?\$|[€£¥₪₹₩₽]|(?-i:{CODES})"  # what may stand before a number
# As they are written, also in cells of tables, where a lone letter is no unit.
SYMBOLS = "%|‰|°C|°F|kg|mg|km|cm|mm|km²|m²|ml|kWh|MWh|GWh|MW|GW|kW|GB|MB|TB|Hz|kHz|MHz|GHz|bps"
_SHORT = 3  # letters


def _units() -> dict[str, Unit]:
    found = {code.lower(): Unit(code.lower(), "money") for code in CODES.split("|")}
    for line in _TABLE.strip().splitlines():
        kind, entries = line.split(": ")
        for name, *others in map(str.split, entries.split("; ")):
            unit = Unit(name, kind)
            found |= {form: unit for word in (name, *others) for form in (word, bare(word))}
    return found


_UNITS = _units()


def find_unit(word: str) -> Unit | None:
    """The measure or currency that a word or a sign names, in singular or plural."""
    word = word.lower().replace(" ", "")
    singular = word.removesuffix("s") if len(word) > _SHORT else word  # but "has" are no hectares
    signed = Unit(word, "money") if word[-1:] in (*"$₪₹₩₽",) else None  # C$
    return _UNITS.get(word) or _UNITS.get(singular) or signed


_PERCENT = r"(?:per|pour|por) ?(?:ciento|cent[oe]?)\b"
_UNIT = (
    rf"%|‰|°\s?[CF]\b|km/h\b|k?m[²2]\b|{_PERCENT}|(?:(?:US|C|A)?\$|[€£¥₪₹])(?!\s?[-\d(—])"
    r"|[^\W\d_]+(?!\w)"
)
_BEFORE = rf"(?<!\w)(?<!\d[.,:/])(?:(?P<money>{MONEY})\s?)?(?P<sign>-)?"
_NUMBER = re.compile(rf"(?P<nth>\b{NTH}\b)|{_BEFORE}(?P<digits>{DIGITS})(?P<words>)")
_OR_WORDS = re.compile(
    rf"(?P<nth>\b(?:{NTH}|{NTH_WORDS})\b)|{_BEFORE}(?P<digits>{DIGITS})|\b(?P<words>{WORDS})\b",
    re.IGNORECASE,
)
_FOLLOWING = re.compile(rf"\s?[-\s(]?({_UNIT})", re.IGNORECASE)
_ABBREVIATED = 3  # letters of a scale that may have a dot: "5 Mio. Euro"
_REACH = 4  # words, the last of which may be the unit: "5 full working days"
# A number does not count what follows one of these.
_BETWEEN = frozenset(
    re.findall(
        r"\w+",
        "a an the of in on at to for from by per and or as is are was were with each every than"
        " when if that which who over under after before within until during since plus minus"
        " between",
    )
)
# Say which days or metres, not how many.
_MODIFIERS = (
    "working", "business", "calendar", "full", "consecutive", "paid", "additional", "square",
    "other", "whole",
)  # fmt: skip
_RANGE = re.compile(r"\s?(?:to|-|and|or|bis|à|a)\s?")
_REST = re.compile(r"\w+")
_CURRENCY = r"(?:(?:U\.?S\.? )?(?:dollars?|euros?)|(?-i:[A-Z]{3}))"
_SCALE = rf"(?:{'|'.join(sorted(SCALE_OF, key=len, reverse=True))})"
_PLURAL = r"(?:thousands|millions|billions|tausend|mio|mrd|millionen|milliarden|milliers|millones)"
_HEAD = re.compile(
    rf"(?i)\b(?:(?:{_CURRENCY}|amounts?) )?(?:in|en) (?P<a>{_PLURAL})\b(?: (?:of|de) {_CURRENCY})?"
    rf"|\bin {_CURRENCY} (?P<b>{_SCALE})\b|(?<=\()in (?P<c>{_SCALE})\b"
    rf"|\bin (?P<d>{_SCALE})\b\.? {_CURRENCY}(?!\w)|[€$£¥]\s?(?P<e>k|m|{_SCALE})\b"
    rf"|\b(?P<f>k|m|t)[€$£]|(?-i:\b(?:{CODES})) ?(?P<g>k|m|{_SCALE})\b"
)


@dataclass(frozen=True)
class Quantity:
    """A number as written. Texts say "fell by 7" for -7, so the sign is separate."""

    digits: str  # as they are written, with their marks; of a word its digits
    value: Decimal | None  # without its scale; None where it is none, or may be two
    scale: int = 0  # power of ten: of a million 6
    unit: Unit | None = None
    ordinal: bool = False
    negative: bool = False
    tail: str = ""  # letters after the digits that are no unit, as in `4x`
    word: str = ""  # how it is written when it is in words
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)  # with its scale and unit, when they stand beside it

    @property
    def amount(self) -> Decimal | None:
        """The value times its power of ten: 1,200,000 for `1.2 million`; None without a value."""
        return None if self.value is None else self.value.scaleb(self.scale)

    @property
    def money(self) -> bool:
        return self.unit is not None and self.unit.kind == "money"


def find_quantities(text: str) -> list[Quantity]:
    """All numbers of a text without dates, in order. Of "3 to 5 days" both are days, and beside
    "2.5" also "1.234" has its decimals behind a dot."""
    pattern = _OR_WORDS if has_words(text) else _NUMBER
    found = [_quantity(match) for match in pattern.finditer(text)]
    if any(number.value is None for number in found):
        mark = decimal_mark(number.digits for number in found)
        found = [_sure(number, mark) for number in found]
    for at, (one, other) in enumerate(pairwise(found)):
        between = _RANGE.fullmatch(text, one.end, other.start)
        if between and other.unit and not (one.unit or one.tail or re.fullmatch(YEAR, one.digits)):
            behind = text[other.start].isalnum()  # its unit; "Q3 2022 to $11" has it in front
            found[at] = replace(one, unit=other.unit) if behind else one
    return found


def blanked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text without some spans, which are ordered and do not overlap."""
    parts, at = [], 0
    for start, end in spans:
        parts.append(text[at:start])
        at = end
    return " ".join([*parts, text[at:]])


def head_scale(text: str) -> tuple[str, int] | None:
    """The scale that a table or page states for all its numbers, as written, and its power of ten:
    "in millions", "T€"."""
    match = _HEAD.search(text)
    return (match[0], _power(match)) if match else None


def head_scales(text: str) -> frozenset[int]:
    """All powers of ten that a page states for its numbers."""
    return frozenset(map(_power, _HEAD.finditer(text)))


def _power(match: re.Match[str]) -> int:
    word = next(word for word in match.groups() if word).lower()
    if word == "t":  # T€, of German thousands
        return 3
    return SHORT_SCALES.get(word) or SCALE_OF[word]


def _quantity(match: re.Match[str]) -> Quantity:
    if word := match["nth"] or match["words"]:
        value, ordinal = value_of_words(word), bool(match["nth"])
        found = Quantity(str(value), value, ordinal=ordinal, word=word if word.isalpha() else "")
    else:
        found = Quantity(match["digits"], value_of(match["digits"]))
    start, end = match.span()
    found = replace(found, negative=bool(match["sign"]), start=start, end=end)
    if match["money"]:
        found = replace(found, unit=find_unit(match["money"]))
    rest = _REST.match(match.string, end)
    if rest and not (_scale(rest[0].lower(), found, True) or find_unit(rest[0])):
        return replace(found, tail=rest[0].lower(), end=rest.end())
    return _followed(found, match.string)


def _sure(number: Quantity, mark: str) -> Quantity:
    """Read with a decimal mark that is known, which a dot is in a percentage."""
    share = number.unit is not None and number.unit.kind == "share"
    known = number.value is None and (mark or share)
    return replace(number, value=value_of(number.digits, mark or ".")) if known else number


def _followed(found: Quantity, text: str) -> Quantity:
    """The number with the scale after it, and a unit a few words later."""
    at, passed = found.end, list[str]()
    for step in range(_REACH):
        match = _FOLLOWING.match(text, at)
        if not match:
            break
        word = match[1].lower()
        if not step and (scale := _scale(word, found, match.start(1) == at)):
            found = replace(found, scale=scale, end=match.end())
            at = match.end() + (len(word) <= _ABBREVIATED and text.startswith(". ", match.end()))
            continue
        if word in _BETWEEN or word in SPELT:
            break
        # Alone a letter is a unit only right behind a number.
        before = text[max(match.start(1) - 2, 0) : match.start(1)].rstrip(" ")
        far = word.isalpha() and len(word) == 1 and not before[-1:].isdigit()
        if (unit := find_unit(word)) and not far:
            return _counting(found, unit, passed, match.end())
        passed.append(word)
        at = match.end()
    return found


def _scale(word: str, found: Quantity, beside: bool) -> int:
    """`5m` are metres, `$5m` and `$5 m` millions, `5k` always thousands."""
    if found.unit or (word == "k" and beside):
        return SHORT_SCALES.get(word) or SCALE_OF.get(word, 0)
    return SCALE_OF.get(word, 0)


def _counting(found: Quantity, unit: Unit, passed: list[str], end: int) -> Quantity:
    """The number with a unit that follows after some words."""
    if found.unit and found.unit != unit:  # "$5 million year over year"
        return found
    near = not passed or (len(passed) == 1 and passed[0] in _MODIFIERS)
    return replace(found, unit=unit, end=end if near else found.end)
