"""Two pages of versions of a document: which belong together, and which lines differ."""

from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from itertools import groupby

from ingest.document.model import Page

_PAIRS = 9_000_000  # of words: what compares word by word takes a second for them at worst


def closest_page(page: Page, others: Iterable[Page]) -> int:
    """The number of the page that shares most words with `page`; of equal ones the one whose number
    is nearest. 1 when there is none."""
    words = Counter(_words(page))
    found = [(_likeness(words, Counter(_words(o))), -abs(o.number - page.number), o.number)
             for o in others]  # fmt: skip
    return max(found, default=(0.0, 0, 1))[2]


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """Of bags of words, by Jaccard: 0 to 1."""
    either = (one | other).total()
    return (one & other).total() / either if either else 0.0


def changed_lines(page: Page, other: Page) -> tuple[list[int], list[int]]:
    """The indexes of the lines of each page that have a word which the other one does not have at
    its place. A line that is only broken elsewhere is none of them."""
    first, second = _placed(page), _placed(other)
    here, there = [word for word, _ in first], [word for word, _ in second]
    if len(here) * len(there) > _PAIRS:
        return _new_lines(page, other), _new_lines(other, page)
    changes = [
        change for change in SequenceMatcher(None, here, there, autojunk=False).get_opcodes()
        if change[0] != "equal"
    ]  # fmt: skip
    return (
        _lines(first, [(start, end) for _, start, end, _, _ in changes]),
        _lines(second, [(start, end) for _, _, _, start, end in changes]),
    )


def _words(page: Page) -> list[str]:
    return [word for word, _ in _placed(page)]


def _placed(page: Page) -> list[tuple[str, int]]:
    """Each word with the index of its line."""
    return [
        (word.casefold(), at)
        for at, line in enumerate(page.lines) if not line.hidden
        for word in line.text.split()
    ]  # fmt: skip


def _lines(words: Sequence[tuple[str, int]], parts: Iterable[tuple[int, int]]) -> list[int]:
    """Of the words from the start of each part to its end; each once."""
    found = sorted(line for start, end in parts for _, line in words[start:end])
    return [line for line, _ in groupby(found)]


def _new_lines(page: Page, other: Page) -> list[int]:
    known = {" ".join(line.text.casefold().split()) for line in other.lines}
    return [
        at for at, line in enumerate(page.lines)
        if not line.hidden and " ".join(line.text.casefold().split()) not in known
    ]  # fmt: skip
