"""Extracts numbers and languages of a message as arguments."""

import re
from dataclasses import dataclass

# Pixels: a picture of 16 is none, and of more than 4096 no model draws any.
_SIDE = r"(\d{2,4})"
# A sign or white space before it, tried where the white space begins and not at each of its places.
_LEAD = r"(?:[,;]\s*+|(?<!\s)\s++)?+"
_SIZE = re.compile(
    rf"(?:[,;:]\s*+|(?<!\s)\s++)?+(?:\b(?:at|in|with|of|as|size:?|sized|resolution:?)\s+)?(?:an?\s+)?"
    rf"\b{_SIDE}\s?(?:x|×|\*|by)\s?{_SIDE}(?:\s?(?:px|pixels?))?\b",
    re.IGNORECASE,
)
_SEED = re.compile(
    _LEAD + r"\(?(?:\b(?:and|with|using|use)\s+)?(?:\b(?:a|the)\s+)?\bseed\s*+"
    r"(?:is|=|:|of|number)?+\s*+(\d{1,10})\b\)?",
    re.IGNORECASE,
)
_STEPS = re.compile(
    _LEAD + r"\(?(?:\b(?:and|with|in|using|use)\s+)?\b(?:(\d{1,3})\s*+steps|steps\s*+(?:="
    r"|:)?+\s*+(\d{1,3}))"
    r"\b\)?",
    re.IGNORECASE,
)
_GUIDANCE = re.compile(
    _LEAD + r"\(?(?:\b(?:and|with|at)\s+)?\b(?:guidance|cfg)(?: scale)?\s*+(?:is|=|:|of)?+\s*+"
    r"(\d{1,2}(?:\.\d+)?)\b\)?",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(
    _LEAD + r"\b(?:negative(?: prompt)?|avoid)\s*+:\s*+((?s:.+))\Z", re.IGNORECASE
)
LANGUAGES = tuple(
    """
Afrikaans Albanian Arabic Armenian Azerbaijani Basque Belarusian Bengali Bosnian Bulgarian Catalan
Chinese Croatian Czech Danish Dutch English Estonian Farsi Finnish French Galician Georgian German
Greek Gujarati Hebrew Hindi Hungarian Icelandic Indonesian Irish Italian Japanese Kannada Kazakh
Khmer Korean Kurdish Lao Latin Latvian Lithuanian Luxembourgish Macedonian Malay Malayalam Maltese
Mandarin Marathi Mongolian Nepali Norwegian Pashto Persian Polish Portuguese Punjabi Romanian
Russian Serbian Sinhala Slovak Slovene Slovenian Somali Spanish Swahili Swedish Tagalog Tamil Telugu
Thai Tibetan Turkish Ukrainian Urdu Uzbek Vietnamese Welsh Yiddish Zulu
""".split()  # noqa: SIM905
)
LANGUAGE = rf"(?:{'|'.join(LANGUAGES)})"
_INTO = re.compile(rf"\b(?:in|into|to|for)\s+(?:plain\s+|simple\s+)?({LANGUAGE})\b", re.IGNORECASE)
_ANY = re.compile(rf"\b({LANGUAGE})\b", re.IGNORECASE)
_TIMES = re.compile(
    r"\b(?:(?:by|to|factor)\s+(?:a factor of\s+|factor\s+)?(\d)\b|(\d)\s?(?:x|×|times|fold)\b"
    r"|x\s?(\d)\b)",
    re.IGNORECASE,
)
_TWICE = re.compile(r"\b(?:twice|double|doubling|two times|2k)\b", re.IGNORECASE)
_FOUR = re.compile(r"\b(?:four times|quadruple|fourfold)\b", re.IGNORECASE)
_SAME_SIZE = re.compile(
    r"\b(?:same size|without (?:enlarging|upscaling|making it (?:bigger|larger))|keep the size)\b",
    re.IGNORECASE,
)
_MENDING = re.compile(
    r"\b(?:restor\w+|mend|repair\w*|de-?nois\w+|noisy?|grainy?|jpeg|artefacts|artifacts|faded"
    r"|scratch\w*|damaged)\b",
    re.IGNORECASE,
)
_LARGER = re.compile(
    r"\b(?:larger|bigger|enlarge\w*|upscal\w*|up-?res|resolution|size|print|blow)\b", re.IGNORECASE
)
SCALES = (1, 2, 4)


@dataclass(frozen=True)
class SlotNumbers:
    """The settings of a picture in a message; `rest` has its other words."""

    rest: str
    size: tuple[int, int] | None = None
    steps: int | None = None
    seed: int | None = None
    guidance: float | None = None
    negative: str = ""


def numbers(text: str) -> SlotNumbers:
    """Of "a fox, 512x512, seed 7" the size, the seed, and "a fox"."""
    rest, negative = _take(_NEGATIVE, text)
    rest, size = _take(_SIZE, rest)
    rest, seed = _take(_SEED, rest)
    rest, steps = _take(_STEPS, rest)
    rest, guidance = _take(_GUIDANCE, rest)
    return SlotNumbers(
        rest=tidy(rest),
        size=(int(size[0]), int(size[1])) if size else None,
        steps=next((int(found) for found in steps if found), None),
        seed=int(seed[0]) if seed else None,
        guidance=float(guidance[0]) if guidance else None,
        negative=tidy(negative[0]) if negative else "",
    )


def _take(pattern: re.Pattern[str], text: str) -> tuple[str, tuple[str, ...]]:
    """The text without the first match, and its groups; an empty tuple when there is none."""
    found = pattern.search(text)
    if found is None:
        return text, ()
    return f"{text[: found.start()]} {text[found.end() :]}", tuple(g or "" for g in found.groups())


def tidy(text: str) -> str:
    """One line without signs and space at its ends."""
    text = re.sub(r" ([,.;:!?])", r"\1", " ".join(text.split()))
    return text.strip(" ,;:.!?-–")


def language(text: str) -> str:
    """The target language of a translation; empty when none is named."""
    found = _INTO.findall(text) or _ANY.findall(text)
    return found[-1].capitalize() if found else ""


def scale(text: str, usual: int = 4) -> int:
    """How many times as large; the nearest that can be done. A damaged picture keeps its size."""
    if _SAME_SIZE.search(text) or (_MENDING.search(text) and not _LARGER.search(text)):
        return 1
    if _TWICE.search(text):
        return 2
    if _FOUR.search(text):
        return 4
    wanted = next((int(number) for found in _TIMES.findall(text) for number in found if number), 0)
    return min(SCALES, key=lambda known: abs(known - wanted)) if wanted else usual
