"""Running text becomes sentences.

Only home of sentencex, which knows the abbreviations of many languages.
"""

import re
from collections.abc import Iterator

import sentencex

from ingest.language.detect_language import language_of

_LINE = re.compile(r"[^\n]+")
_LONG = 300  # letters of what may be many sentences in quotes
_UNIT = re.compile(r"(?:(?<=[/°])|(?<=\d )|(?<=\b[ap]\.))[^\W\d_](?=\.)")
_POINT = re.compile(r"[•‣\u2043\u204c\u204d■-◿★☆➢-➤]")
_NUMBERED = re.compile(r"\s*\d{1,3}[.)]\s*")  # of an item: what follows belongs to it
_CLOSED = re.compile(r"[.!?][)\]]+\s")
_MARKS = re.compile(r"(?<=\S)[)\]”»]|\"")  # that end quotes and brackets
_OPENED = re.compile(r"(?<=\s)[\"“„«(\[]+\Z")  # belongs to what follows
_BEHIND = re.compile(r"[\"'“„«(\[]*(\w)")
_FENCED = re.compile(
    r"^[ \t]*(?P<fence>```+|~~~+)[^\n]*\n.*?(?:^[ \t]*(?P=fence)[ \t]*$|\Z)",
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
    """Where each sentence begins and ends, without the space around it; a line ends one, too."""
    language, found = language_of(text, "en"), []
    for line in _LINE.finditer(text):
        start = end = line.start()
        for segment in _segments(line.group(), language):
            end += len(segment)
            if end < line.end() and (
                _NUMBERED.fullmatch(text, start, end) or not _is_apart(text, end)
            ):
                continue
            inner = text[start:end]
            if inner.strip():
                left = start + len(inner) - len(inner.lstrip())
                found.append((left, left + len(inner.strip())))
            start = end
    return found


def _segments(line: str, language: str) -> Iterator[str]:
    """The segments of sentencex, as long as they are; some signs in them are others.

    It takes "20 km/h." for an initial, and leaves whole what stands behind the point of a list, in
    quotes or in brackets.
    """
    for segment in sentencex.segment(language, _POINT.sub("*", _UNIT.sub("0", line))):
        if len(segment) > _LONG or _CLOSED.search(segment):
            yield from _inside(segment, language)
        else:
            yield segment


def _inside(segment: str, language: str) -> Iterator[str]:
    start = end = 0
    for piece in sentencex.segment(language, _MARKS.sub(" ", segment)):
        end += len(piece)
        opened = _OPENED.search(segment[start:end]) if end < len(segment) else None
        cut = start + opened.start() if opened else end
        yield segment[start:cut]
        start = cut


def _is_apart(text: str, end: int) -> bool:
    """Does a sentence begin here? None begins with a small letter, or without a space."""
    before, behind = text[end - 1], _BEHIND.match(text, end)
    return (before.isspace() or not before.isascii()) and not (behind and behind[1].islower())


def numbers(text: str) -> frozenset[str]:
    """The numbers of a text without thousands separators: `1,500` is `1500`."""
    return frozenset(re.sub(r"(?<=\d),(?=\d{3}\b)", "", n) for n in _NUMBER.findall(text))
