"""Numbers as people write them, in digits and in English words.

The number itself shows which mark is the decimal one, else the table around it does:

| written | value | why |
|---|---|---|
| `1,234.50` `1.234,50` `1 234,50` `1'234.50` | 1234.5 | the last of two marks is the decimal one |
| `1.234.567` `1,234,567` `1,23,456` | whole | a mark that is repeated separates groups |
| `1,234` | 1234 | a comma before three digits separates groups |
| `3,5` `12,50` `0,125` | 3.5 12.5 0.125 | any other comma is the decimal mark |
| `1.5` `0.125` `1234.5` | as it is | no group is of one or four digits, none begins with 0 |
| `1.234` | none | a thousand, or a little more than one |
| `1/2` `7:30` `1.2.3` | none | no number |

A plain blank separates groups only before a decimal comma: "120 135 150" are three cells of a row.
text2num was tried for the words: it reads "1.2 million and two million" as 1.2 1000002 1000000.
"""

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal

# -- Months and scales in the languages that documents are written in; all are read in any text
# Left out are short forms that are common words elsewhere: Portuguese "set" and "out", Spanish
# "ago", Italian "gen", "mag" and "set". A library was measured and not taken: importing Babel and
# loading twelve languages takes 110 ms, and its data 36 MB.

# Each of the twelve months of a year, with its other forms behind it.
MONTHS = {
    "en": "January Jan|February Feb|March Mar|April Apr|May|June Jun|July Jul|August Aug"
    "|September Sept Sep|October Oct|November Nov|December Dec",
    "de": "Januar Jänner|Februar Feber|März Mär Mrz Maerz|April|Mai|Juni|Juli|August|September"
    "|Oktober Okt|November|Dezember Dez",
    "fr": "janvier janv|février févr|mars|avril avr|mai|juin|juillet juil|août|septembre|octobre"
    "|novembre|décembre déc",
    "es": "enero ene|febrero|marzo|abril abr|mayo|junio|julio|agosto|septiembre setiembre|octubre"
    "|noviembre|diciembre dic",
    "it": "gennaio genn|febbraio febbr|marzo|aprile|maggio|giugno giu|luglio lug|agosto|settembre"
    "|ottobre ott|novembre|dicembre",
    "nl": "januari|februari|maart mrt|april|mei|juni|juli|augustus|september|oktober|november"
    "|december",
    "pt": "janeiro|fevereiro|março|abril|maio|junho|julho|agosto|setembro|outubro|novembro"
    "|dezembro",
    "sv": "januari|februari|mars|april|maj|juni|juli|augusti|september|oktober|november|december",
    "da": "januar|februar|marts|april|maj|juni|juli|august|september|oktober|november|december",
    "pl": "stycznia styczeń|lutego luty|marca marzec|kwietnia kwiecień|maja|czerwca czerwiec"
    "|lipca lipiec|sierpnia sierpień|września wrzesień|października październik"
    "|listopada listopad|grudnia grudzień",
    "cs": "ledna leden|února únor|března březen|dubna duben|května květen|června červen"
    "|července červenec|srpna srpen|září|října říjen|listopadu listopad|prosince prosinec",
}
# Powers of ten. "Billion" is a thousand millions, as in English: only its German plural differs.
_SCALES = {
    2: "hundred",
    3: "thousand tausend tsd mille millier milliers mil mila duizend tusen tusind tys tisíc",
    6: "million mn mio millionen millón millones milione milioni mln miljoen milhão milhões"
    " miljoner millioner milion miliony milionów milionů",
    9: "billion bn milliard milliarde milliarden mrd miliardo miliardi mld miljard bilhão bilhões"
    " miljarder milliarder mia miliard miliardy miliardów",
    12: "trillion tn billionen",
}


def bare(text: str) -> str:
    """The text without accents and other combining marks: `Março` becomes `Marco`."""
    apart = unicodedata.normalize("NFD", text)
    return "".join(c for c in apart if not unicodedata.combining(c))


def month_names(language: str) -> list[str]:
    """The twelve full names of a language."""
    return [names.split()[0] for names in MONTHS[language].split("|")]


# Every form in lower case, with and without accents -> 1 to 12.
MONTH_OF = {
    form: number
    for names in MONTHS.values()
    for number, forms in enumerate(names.lower().split("|"), start=1)
    for name in forms.split()
    for form in (name, bare(name))
}
SCALE_OF = {
    form: power
    for power, words in _SCALES.items()
    for word in words.split()
    for form in (word, bare(word))
}
_WITH_S = "hundred thousand million billion trillion milliard"
SCALE_OF |= {f"{word}s": SCALE_OF[word] for word in _WITH_S.split()}
SHORT_SCALES = {"k": 3, "m": 6, "b": 9, "t": 12}  # of money: "5m" alone are metres


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

    `mark`: the decimal mark, where it is known from elsewhere.
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
    proofs = set()
    for digits in numbers:
        sure = [mark for mark in (".", ",") if _surely(digits, mark)]
        proofs |= set(sure if len(sure) == 1 else ())
    return proofs.pop() if len(proofs) == 1 else ""


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
