"""Numbers as people write them, in digits and in English words.

Which mark is the decimal one is told by the number itself, else by the table it stands in:

| written | value | why |
|---|---|---|
| `1,234.50` `1.234,50` `1 234,50` `1'234.50` | 1234.5 | the last of two marks is the decimal one |
| `1.234.567` `1,234,567` `1,23,456` | whole | a mark that is repeated parts groups |
| `1,234` | 1234 | a comma before three digits parts groups |
| `3,5` `12,50` `0,125` | 3.5 12.5 0.125 | any other comma is the decimal mark |
| `1.5` `0.125` `1234.5` | as it is | no group is of one or four digits, none begins with 0 |
| `1.234` | none | a thousand, or a little more than one |
| `1/2` `7:30` `1.2.3` | none | no number |

A plain blank parts groups only before a decimal comma: "120 135 150" are three cells of a row.
text2num was tried for the words: it reads "1.2 million and two million" as 1.2 1000002 1000000.
"""

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal

_BLANKS = "\u00a0\u2009\u202f"  # no-break and thin ones
_GROUPED = {
    ".": re.compile(
        rf"(?:[1-9]\d{{0,2}}(?:(?P<by>[,'’ {_BLANKS}])\d{{3}})(?:(?P=by)\d{{3}})*"
        r"|[1-9]\d?(?:,\d\d)+,\d{3})(?:\.\d+)?"  # lakhs and crores: 1,39,40,19,297
    ),
    ",": re.compile(
        rf"[1-9]\d{{0,2}}(?:(?P<by>[.'’ {_BLANKS}])\d{{3}})(?:(?P=by)\d{{3}})*(?:,\d+)?"
    ),
}
_SIMPLE = {".": re.compile(r"\d*\.\d+"), ",": re.compile(r"\d*,\d+")}
_LONGEST = 28  # characters: longer ones are no number, and Decimal would round them
_UNSURE = re.compile(r"[1-9]\d{0,2}\.\d{3}")

# Digits of running text, with the marks between them.
DIGITS = (
    rf"(?:\d{{1,3}}(?:[{_BLANKS}'’]\d{{3}}){{1,6}}(?:[.,]\d+)?(?!\d)"
    r"|\d{1,3}(?: \d{3}){1,6},\d\d?(?![\d,])|\.?\d+(?:[.,:/]\d+)*)"
)
_ONES = re.findall(
    r"\w+",
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen",
)
_TENS = re.findall(r"\w+", "twenty thirty forty fifty sixty seventy eighty ninety")
_ORDINALS = re.findall(
    r"\w+",
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth"
    " fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth",
)
SPELT = (
    {word: number for number, word in enumerate(_ONES)}
    | {word: 10 * number for number, word in enumerate(_TENS, start=2)}
    | {word: number for number, word in enumerate(_ORDINALS, start=1)}
)
_ONE, _TEN, _NTH = "|".join(_ONES), "|".join(_TENS), "|".join(_ORDINALS)
WORDS = (
    rf"(?:(?:{_ONE})[- ]hundred(?:(?:[- ]and)?[- ](?:(?:{_TEN})(?:[- ](?:{_ONE}))?|(?:{_ONE})))?"
    rf"|(?:{_TEN})(?:[- ](?:{_ONE}))?|(?:{_ONE})|half an?(?= ))"
)
NTH = r"\d+(?i:st|nd|rd|th)"
NTH_WORDS = (  # but "a second" and "3 seconds" are a time
    rf"(?:(?:(?:{_TEN})[- ])?"
    rf"(?:(?<!\d[ -])(?<!\ba )(?<!\bper )(?<!\beach )(?<!\bevery )(?<!\bone )second\b"
    rf"|(?!second)(?:{_NTH})))"
)
_IN_WORDS = re.compile(rf"\b(?:{NTH}|{NTH_WORDS}|{WORDS})\b", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+")
_RAISED = re.compile("(?<![mM])[¹²³⁰⁴-⁹]+")  # a footnote's mark behind a number is no digit of it
_DASH = re.compile("[\u2010-\u2015\u2212]")
_GROUP = re.compile(rf"(?<=\d)[{_BLANKS}](?=\d{{3}}(?!\d))")


def value_of(digits: str, mark: str = "") -> Decimal | None:
    """The value of digits and marks; None when it is no number, or ambiguous.

    `mark`: the decimal mark, where something else tells it.
    """
    if len(digits) > _LONGEST:
        return None
    if digits.isdigit():
        return Decimal(digits) if digits.isascii() else None
    if not mark and _UNSURE.fullmatch(digits):
        return None
    mark = mark or decimal_mark([digits]) or "."
    if not (_GROUPED[mark].fullmatch(digits) or _SIMPLE[mark].fullmatch(digits)):
        return None
    return Decimal("".join(c for c in digits if c.isdigit() or c == mark).replace(",", "."))


def decimal_mark(numbers: Iterable[str]) -> str:
    """ "." or "," when some of the numbers prove it and none contradicts it, else ""."""
    proofs = {proof for digits in numbers if (proof := _proof(digits))}
    return proofs.pop() if len(proofs) == 1 else ""


def _proof(digits: str) -> str:
    sure = [mark for mark in (".", ",") if _surely(digits, mark)]
    return sure[0] if len(sure) == 1 else ""


def _surely(digits: str, mark: str) -> bool:
    """Whether these digits can only be read with this decimal mark."""
    other = "," if mark == "." else "."
    if _GROUPED[mark].fullmatch(digits):
        return mark in digits or digits.count(other) > 1
    return bool(_SIMPLE[mark].fullmatch(digits)) and not _GROUPED[other].fullmatch(digits)


def value_of_words(words: str) -> Decimal:
    """Of a match of `WORDS` or `NTH`: `two hundred and fifty` is 250, `twenty-first` is 21."""
    parts = re.split(r"[- ]", words.lower())
    if digits := re.match(r"\d+", words):
        return Decimal(digits[0])
    if parts[0] == "half":
        return Decimal("0.5")
    total = 0
    for part in parts:
        total = 100 * total if part == "hundred" else total + SPELT.get(part, 0)
    return Decimal(total)


def has_words(text: str) -> bool:
    """Whether there may be numbers in words, whose search is slow."""
    return not SPELT.keys().isdisjoint(_WORD.findall(text.lower())) or "half a" in text


def in_digits(text: str) -> str:
    """The text with numbers in words as digits: `twenty-five` and `twenty-fifth` become 25."""
    return _IN_WORDS.sub(
        lambda m: m[0] if m[0][:4].lower() == "half" else str(value_of_words(m[0])), text
    )


def normalised(text: str) -> str:
    """One form for blanks, dashes and letters; no footnotes' marks; no blanks inside numbers."""
    text = unicodedata.normalize("NFKC", _RAISED.sub(" ", _GROUP.sub("", text)))
    return " ".join(_DASH.sub("-", text).split())
