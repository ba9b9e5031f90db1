"""Characters become words, and words the rows that PDFium reads as lines."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from ingest.document import Box
from ingest.pdf.glyphs import Glyphs
from ingest.pdf.screen import Screen

_LINE = re.compile(r"[^\r\n]+")
_WORD = re.compile(r"\S+")


class Word(NamedTuple):
    """Characters without a space between them, where they stand on the page as shown."""

    text: str
    at: int  # PDFium's index of its first character
    box: Box


@dataclass(frozen=True)
class Row:
    """Words that are one line."""

    words: tuple[Word, ...]
    hidden: str = ""  # why a reader does not see them
    begins: bool = False

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @cached_property
    def box(self) -> Box:
        return union([word.box for word in self.words])

    @property
    def middle(self) -> int:
        """PDFium's index of the character in the middle: its font speaks for the row."""
        rest = sum(len(word.text) for word in self.words) // 2
        for word in self.words:
            if rest < len(word.text):
                return word.at + rest
            rest -= len(word.text)
        return self.words[-1].at


def union(boxes: Sequence[Box]) -> Box:
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return Box(min(x0), min(y0), max(x1), max(y1))


def rows(glyphs: Glyphs, screen: Screen) -> Iterator[Row]:
    """In the order in which the file draws them."""
    breaks = _breaks(glyphs)
    for line in _LINE.finditer(glyphs.text):
        inside = breaks[bisect_right(breaks, line.start()) : bisect_left(breaks, line.end())]
        edges = [line.start(), *inside, line.end()]
        for start, end in pairwise(edges):
            if words := tuple(_words(glyphs, screen, start, end)):
                yield Row(words)


def _words(glyphs: Glyphs, screen: Screen, start: int, end: int) -> Iterator[Word]:
    for match in _WORD.finditer(glyphs.text, start, end):
        first, stop = match.span()
        box = screen.box(
            min(glyphs.left[first:stop]),
            min(glyphs.bottom[first:stop]),
            max(glyphs.right[first:stop]),
            max(glyphs.top[first:stop]),
        )
        yield Word(match.group(), glyphs.at[first], box)


def _breaks(glyphs: Glyphs) -> list[int]:
    # After a hyphen at a line end PDFium goes on without a line break (5.15, PDFium 7800).
    below = zip(glyphs.top[1:], glyphs.bottom, glyphs.right[1:], glyphs.left, strict=False)
    return [
        at
        for at, (top, bottom, right, left) in enumerate(below, start=1)
        if top < bottom and right < left
    ]
