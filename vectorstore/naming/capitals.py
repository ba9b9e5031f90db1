"""Runs of words that are written with a capital, as names are. Knows no document."""

import re
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+")
_JOINT = r"[ \-.'’&/]{1,3}"
# Between two words of one name: a short one may stand there, as in "Bank of America".
_BETWEEN = re.compile(rf"{_JOINT}(?:(?P<word>[^\W_]{{1,3}}){_JOINT})?")
_BEFORE = re.compile(r"(?:^|\W)[^\W\d_A-Z]+ $")  # a word in lower case
_WITHIN = re.compile(r"(?<=[a-z] )[^\W\d_]+")  # behind a word in lower case
_MANY = 0.42  # share of different words within sentences: up to .34 in English, .5 in German


def words_of(text: str) -> list[str]:
    """The words of a text as they are written: runs of letters and digits."""
    return _WORD.findall(text)


def is_capital(word: str) -> bool:
    """Whether a word is written as a name: `Apple`, `iPhone`, `3M`."""
    return word != word.lower() and len(word) > 1


@dataclass
class Run:
    """Words with capitals that stand together; `within`: behind a word in lower case, where a
    capital is no start of a sentence."""

    words: list[str]
    end: int
    within: bool

    def goes_on(self, line: str, match: re.Match[str]) -> bool:
        """Whether the next word with a capital belongs to it; one short word may be between."""
        between = _BETWEEN.fullmatch(line, self.end, match.start())
        if between and between["word"]:
            self.words.append(between["word"])
        return bool(between)


def capitalised(line: str) -> list[Run]:
    """The runs of a line, in order."""
    runs: list[Run] = []
    for match in _WORD.finditer(line):
        if not is_capital(match[0]):
            continue
        if not runs or not runs[-1].goes_on(line, match):
            runs.append(Run([], 0, bool(_BEFORE.search(line, 0, match.start()))))
        runs[-1].words.append(match[0])
        runs[-1].end = match.end()
    return runs


def nouns_have_capitals(text: str) -> bool:
    """Whether a text gives many words a capital, as German does: they say nothing there."""
    within = set(_WITHIN.findall(text))
    return sum(map(is_capital, within)) > _MANY * len(within)
