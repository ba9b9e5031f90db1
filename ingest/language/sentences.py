"""Splits running text into sentences.

Only home of sentencex, which knows the abbreviations of many languages.
"""

import re
from collections.abc import Iterator

import sentencex

from ingest.language.words import language_of

_LINE = re.compile(r"[^\n]+")
_SPACE = re.compile(r"\s")
_UNIT = re.compile(r"(?:(?<=[/°])|(?<=\d )|(?<=\b[ap]\.))[^\W\d_](?=\.)")
_BULLET = re.compile(r"[•‣\u2043\u204c\u204d■-◿★☆➢-➤]")
_PAIRS = re.compile(r"[\"“”„«»‘()\[\]]")
_MOST_SIGNS = 4  # that open a sentence: quotes and brackets
_OPENING = re.compile(rf"(?:(?<=\s)|(?<=[^\x00-\x7f]))[\"“„«‘(\[]{{1,{_MOST_SIGNS}}}\Z")
_BEHIND = re.compile(r"[\"'“„«‘(\[]*(\w)")
_NUMBERED = re.compile(r"\s*\d{1,3}[.)]\s*")  # of an item: what follows belongs to it
_FENCED = re.compile(
    r"^[ \t]*(?P<fence>```++|~~~++)[^\n]*+\n.*?(?:^[ \t]*(?P=fence)[ \t]*$|\Z)",
    re.DOTALL | re.MULTILINE,
)
_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")


def split(text: str) -> list[str]:
    """The sentences of a text, and the lines of a list, in order; nothing but space is lost."""
    return [text[start:end] for start, end in spans(text)]


def split_answer(text: str) -> list[str]:
    """As `split`, but fenced code stays whole: its lines and dots end no sentence."""
    parts, start = [], 0
    for block in _FENCED.finditer(text):
        parts += [*split(text[start : block.start()]), block[0].strip("\n")]
        start = block.end()
    return parts + split(text[start:])


def is_code(sentence: str) -> bool:
    """One of `split_answer` that is fenced code."""
    return bool(_FENCED.match(sentence))


def spans(text: str) -> list[tuple[int, int]]:
    """The spans of sentences, without the space around them; a line end ends one, too."""
    language, found = language_of(text, "en"), []
    for line in _LINE.finditer(text):
        start = line.start()
        for end in _ends(text, line.start(), line.end(), language):
            inner = text[start:end]
            if inner.strip():
                left = start + len(inner) - len(inner.lstrip())
                found.append((left, left + len(inner.strip())))
            start = end
    return found


def _ends(text: str, start: int, last: int, language: str) -> Iterator[int]:
    """The ends of the sentences of a line, each with the space behind it.

    sentencex takes "20 km/h." for an initial, and does not split what stands behind a bullet, in
    quotes or in brackets, also where one of them is missing: it sees other characters there.
    sentencex 1.0.32 panics at a letter, a space that is not ASCII, and a dot: it sees plain ones.
    """
    line = _BULLET.sub("*", _UNIT.sub("0", _SPACE.sub(" ", text[start:last])))
    end = start
    for segment in sentencex.segment(language, _PAIRS.sub(" ", line)):
        end += len(segment)
        opening = _OPENING.search(text, max(end - _MOST_SIGNS, start), end)
        cut = opening.start() if opening else end
        numbered = _NUMBERED.fullmatch(text, start, cut)
        if end == last or (not numbered and _begins(text, cut)):
            yield last if end == last else cut
            start = cut


def _begins(text: str, start: int) -> bool:
    """Whether a sentence can begin here: not in lower case, nor without a space before it."""
    before, behind = text[start - 1], _BEHIND.match(text, start)
    return (before.isspace() or not before.isascii()) and not (behind and behind[1].islower())


def numbers(text: str) -> frozenset[str]:
    """The numbers of a text without thousands separators: `1,500` is `1500`."""
    return frozenset(re.sub(r"(?<=\d),(?=\d{3}\b)", "", n) for n in _NUMBER.findall(text))
