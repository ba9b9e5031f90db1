"""Joins characters into words, and words into PDFium's rows."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ingest.document.model import Box, union
from ingest.pdf.layout.coordinates import Screen
from ingest.pdf.layout.glyphs import Glyphs

_LINE = re.compile(r"[^\r\n]+")
_WORD = re.compile(r"\S+")


class Word(NamedTuple):
    """Characters without a space between them, with their place on the page as shown."""

    text: str
    at: int  # PDFium's index of its first character
    box: Box


@dataclass(frozen=True)
class Words:
    """Words beside each other."""

    words: tuple[Word, ...]

    @cached_property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @cached_property
    def box(self) -> Box:
        return union([word.box for word in self.words])


@dataclass(frozen=True)
class Row(Words):
    """Words that are one line."""

    hidden: str = ""  # why they are hidden
    begins: bool = False

    @property
    def middle(self) -> int:
        """PDFium's index of the character in the middle: its font speaks for the row."""
        rest = sum(len(word.text) for word in self.words) // 2
        for word in self.words:
            if rest < len(word.text):
                return word.at + rest
            rest -= len(word.text)
        return self.words[-1].at


def rows(glyphs: Glyphs, screen: Screen) -> Iterator[Row]:
    """Rows in the order in which the file draws them."""
    breaks = _breaks(glyphs)
    spans: list[tuple[int, int]] = []  # of all words
    ends = [0]  # how many words there are up to the end of each row
    for line in _LINE.finditer(glyphs.text):
        inside = breaks[bisect_right(breaks, line.start()) : bisect_left(breaks, line.end())]
        for start, end in pairwise([line.start(), *inside, line.end()]):
            spans += (match.span() for match in _WORD.finditer(glyphs.text, start, end))
            if len(spans) > ends[-1]:
                ends.append(len(spans))
    words = _words(glyphs, screen, spans) if spans else []
    yield from (Row(tuple(words[first:end])) for first, end in pairwise(ends))


def _words(glyphs: Glyphs, screen: Screen, spans: Sequence[tuple[int, int]]) -> list[Word]:
    """All words of a page at once: one by one they take four times as long."""
    edges = np.array(spans).ravel()
    starts = edges[::2]
    if edges[-1] == len(glyphs.text):
        edges = edges[:-1]  # the last word goes on to the end anyway
    # What lies between two words is reduced too, and left out.
    left, bottom = (np.minimum.reduceat(side, edges)[::2] for side in (glyphs.left, glyphs.bottom))
    right, top = (np.maximum.reduceat(side, edges)[::2] for side in (glyphs.right, glyphs.top))
    texts = [glyphs.text[start:end] for start, end in spans]
    return list(
        map(Word, texts, glyphs.at[starts].tolist(), screen.boxes(left, bottom, right, top))
    )


def _breaks(glyphs: Glyphs) -> list[int]:
    # After a hyphen at a line end PDFium goes on without a line break (5.15, PDFium 7800).
    below = glyphs.top[1:] < glyphs.bottom[:-1]
    places: list[int] = (np.flatnonzero(below & (glyphs.right[1:] < glyphs.left[:-1])) + 1).tolist()
    return places
