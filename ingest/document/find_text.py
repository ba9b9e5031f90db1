"""Finds words in the pages that were read: letter by letter, also across the end of a line.

`text_layer.js` of the app finds the same places on the page that is shown.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from ingest.document.model import Page

LISTED = 200  # places with their line; all are counted
_SAME = str.maketrans(  # as a keyboard writes them; the same table is in text_layer.js
    "\u2019\u2018\u201c\u201d\u2010\u2011\u2013\u2014\u00a0\u00ad", "''\"\"---- -"
)


class PageText(NamedTuple):
    """A page prepared to be searched."""

    number: int
    lines: tuple[str, ...]  # those that a reader sees
    text: str  # the lines, folded, with a space between them


class Place(NamedTuple):
    """One occurrence of the sought words: its page, and the line in which it begins."""

    page: int
    number: int  # of those on the page, from 0
    line: str  # where they begin


@dataclass(frozen=True)
class Found:
    """The occurrences in a document: all are counted, the first `most` are listed."""

    pages: tuple[tuple[int, int], ...]  # each page with places, and how many it has
    places: tuple[Place, ...]  # the first ones

    @property
    def total(self) -> int:
        return sum(count for _, count in self.pages)


def folded(text: str) -> str:
    """In lower case and with the signs of a keyboard, of the same length: letters that lower case
    makes longer stay as they are."""
    text = text.translate(_SAME)
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)


def page_text(page: Page) -> PageText:
    """A page as it is searched."""
    lines = tuple(line.text for line in page.lines if not line.hidden)
    return PageText(page.number, lines, folded(" ".join(lines)))


def find(pages: Iterable[PageText], sought: str, most: int = LISTED) -> Found:
    """Where `sought` occurs, which is plain words and no pattern; nowhere when it is blank."""
    wanted = folded(" ".join(sought.split()))
    counts: list[tuple[int, int]] = []
    places: list[Place] = []
    for page in pages if wanted else ():
        if count := page.text.count(wanted):
            counts.append((page.number, count))
            places += _places(page, wanted, min(count, most - len(places)))
    return Found(tuple(counts), tuple(places))


def _places(page: PageText, wanted: str, most: int) -> list[Place]:
    if most <= 0:
        return []
    starts = [0, *accumulate(len(line) + 1 for line in page.lines)]
    found, end = [], 0
    for number in range(most):
        at = page.text.index(wanted, end)
        end = at + len(wanted)
        found.append(Place(page.number, number, _shown(page.lines, starts, at, end)))
    return found


def _shown(lines: Sequence[str], starts: Sequence[int], at: int, end: int) -> str:
    """The lines from `at` to `end` in the text."""
    first, last = bisect_right(starts, at) - 1, bisect_right(starts, end - 1) - 1
    return " ".join(lines[first : last + 1])
