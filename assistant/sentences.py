"""Running text becomes sentences, and sentences become the words that carry their meaning."""

import re

from vectorstore.words import content_words

_END = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-Z0-9•])|\n+")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|approx|no|nos|inc|ltd|co|corp|mr|mrs|ms|dr|st|fig|sec|art|p|pp|u\.s)"
    r"|\b[A-Z])\.$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
_ENOUGH = 6  # letters that tell a word: employee, employees and employed are one


def split(text: str) -> list[str]:
    """The sentences of a text, and the lines of a list, in order; nothing but space is lost."""
    sentences: list[str] = []
    for part in _END.split(text):
        if not part.strip():
            continue
        if sentences and _ABBREVIATION.search(sentences[-1]) and "\n" not in part:
            sentences[-1] = f"{sentences[-1]} {part.strip()}"
        else:
            sentences.append(part.strip())
    return sentences


def stems(text: str) -> frozenset[str]:
    """The beginnings of the content words; numbers stay whole."""
    return frozenset(
        word if word[0].isdigit() else word.removesuffix("s")[:_ENOUGH]
        for word in content_words(text)
    )


def numbers(text: str) -> frozenset[str]:
    """The numbers of a text without thousands separators: `1,500` is `1500`."""
    return frozenset(re.sub(r"(?<=\d),(?=\d{3}\b)", "", n) for n in _NUMBER.findall(text))
