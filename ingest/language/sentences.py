"""Running text becomes sentences, and sentences become the words that carry their meaning."""

import re

from ingest.language.words import content_words

_END = re.compile(r"[.!?][\"'”’)\]]*(?=\s+[\"'“‘(\[]?[A-Z0-9•])|\n+")
_FENCED = re.compile(
    r"^[ \t]*(?P<fence>```+|~~~+)[^\n]*\n.*?(?:^[ \t]*(?P=fence)[ \t]*$|\Z)",
    re.DOTALL | re.MULTILINE,
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|approx|nos|inc|ltd|corp|mr|mrs|ms|dr|st|fig|sec|pp|u\.s)"
    r"|(?<![/°])(?<!\d )(?:(?<!\b[ap]\.)|(?!m))\b[A-Z])"  # but "20 km/h.", "5 °C." and "8 a.m."
    r"\.[\"'”’)\]]*\Z",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
_ENOUGH = 6  # letters that tell a word: employee, employees and employed are one


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
    """Where each sentence begins and ends, without the space around it."""
    found: list[tuple[int, int]] = []
    start = 0
    for end in [match.end() for match in _END.finditer(text)] + [len(text)]:
        if _ABBREVIATION.search(text, start, end) and end < len(text):
            continue
        inner = text[start:end]
        if inner.strip():
            left = start + len(inner) - len(inner.lstrip())
            found.append((left, left + len(inner.strip())))
        start = end
    return found


def stems(text: str) -> frozenset[str]:
    """The beginnings of the content words; numbers stay whole."""
    return frozenset(
        word if word[0].isdigit() else (word.removesuffix("s") or word)[:_ENOUGH]
        for word in content_words(text)
    )


def numbers(text: str) -> frozenset[str]:
    """The numbers of a text without thousands separators: `1,500` is `1500`."""
    return frozenset(re.sub(r"(?<=\d),(?=\d{3}\b)", "", n) for n in _NUMBER.findall(text))
