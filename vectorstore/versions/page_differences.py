"""Two pages of versions of a document: which belong together, and which lines differ."""

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import groupby

from ingest.document.model import Page

_NUMBER = re.compile(r"\d+")
_PAIRS = 9_000_000  # of words: what compares word by word takes a second for them at worst
_AROUND = 1  # pages before and behind: a version breaks its pages elsewhere

_MARGIN = 0.12  # of the page's height, above and below, where running heads and footers stand
_REPEATS = 3  # pages, and more than half of all, that have one
_SAME_PLACE = 4  # points
_RUNNING = "running head or footer"

Bag = Mapping[str, float]


def without_running_lines(pages: Sequence[Page]) -> list[Page]:
    """The pages of a document, with the lines hidden that most of them have at the same place at
    their top or bottom, whatever number is in them: they belong to no page's text."""
    having = Counter(key for page in pages for key in {*_margins(page).values()})
    enough = max(_REPEATS, len(pages) // 2 + 1)
    return [
        replace(page, lines=tuple(
            replace(line, hidden=line.hidden or _RUNNING) if having[margins.get(at, "")] >= enough
            else line for at, line in enumerate(page.lines)
        ))
        for page in pages for margins in [_margins(page)]
    ]  # fmt: skip


def _margins(page: Page) -> dict[int, str]:
    """What stands at the top and bottom of a page, and where, by the index of the line."""
    near = page.height * _MARGIN
    return {
        at: f"{round(line.box.y0 / _SAME_PLACE)} {_NUMBER.sub('0', line.text.casefold())}"
        for at, line in enumerate(page.lines)
        if page.height and not near < (line.box.y0 + line.box.y1) / 2 < page.height - near
    }


def closest_page(page: Page, others: Sequence[Page], lines: Collection[int] = ()) -> int:
    """The number of the page of another version that belongs to `page`, above all to these lines
    of it; of equal ones the one whose number is nearest. 1 when there is none.

    Words count by how few pages of the other version have them (Spärck Jones, 1972).
    """
    bags = [Counter(_words(other)) for other in others]
    having = Counter(word for bag in bags for word in bag)
    rare = {word: math.log(1 + len(others) / count) for word, count in having.items()}
    whole = Counter(_words(page))
    told = Counter(word for word, at in _placed(page) if at in lines)
    found = [
        (_likeness(whole, bag, rare) + _held(told, bag, rare),
         -abs(other.number - page.number), other.number)
        for other, bag in zip(others, bags, strict=True)
    ]  # fmt: skip
    return max(found, default=(0.0, 0, 1))[2]


def _likeness(one: Counter[str], other: Counter[str], rare: Bag) -> float:
    """Of bags of weighted words, by Jaccard: 0 to 1."""
    either = _weight(one | other, rare)
    return _weight(one & other, rare) / either if either else 0.0


def _held(one: Counter[str], other: Counter[str], rare: Bag) -> float:
    """The share of the first bag that is in the other one: 0 to 1."""
    whole = _weight(one, rare)
    return _weight(one & other, rare) / whole if whole else 0.0


def _weight(bag: Counter[str], rare: Bag) -> float:
    """Words that no page of the other version has weigh as much as those of one page."""
    most = max(rare.values(), default=1.0)
    return sum(count * rare.get(word, most) for word, count in bag.items())


def closest_line(page: Page, lines: Collection[int], other: Page) -> int | None:
    """The index of the line of `other` that shares most words with these lines of `page`; None
    where none shares any."""
    wanted = {word for word, at in _placed(page) if at in lines}
    found = [
        (len(words & wanted) / len(words | wanted), -at)
        for at, line in enumerate(other.lines) if not line.hidden
        for words in [set(line.text.casefold().split())] if words & wanted
    ]  # fmt: skip
    return -max(found)[1] if found else None


def around(pages: Sequence[Page], number: int) -> list[Page]:
    """A page and those beside it."""
    return [page for page in pages if abs(page.number - number) <= _AROUND]


def changed_lines(page: Page, others: Sequence[Page]) -> list[int]:
    """The indexes of the lines of a page that have a word which pages of another version, in their
    order, do not have at its place. A line that is only broken elsewhere is none of them."""
    placed = _placed(page)
    here, there = [word for word, _ in placed], [word for one in others for word in _words(one)]
    if len(here) * len(there) > _PAIRS:
        return _new_lines(page, others)
    changes = SequenceMatcher(None, here, there, autojunk=False).get_opcodes()
    lines = sorted(
        line for what, start, end, _, _ in changes if what != "equal"
        for _, line in placed[start:end]
    )  # fmt: skip
    return [line for line, _ in groupby(lines)]


def _words(page: Page) -> list[str]:
    return [word for word, _ in _placed(page)]


def _placed(page: Page) -> list[tuple[str, int]]:
    """Each word with the index of its line."""
    return [
        (word.casefold(), at)
        for at, line in enumerate(page.lines) if not line.hidden
        for word in line.text.split()
    ]  # fmt: skip


def _new_lines(page: Page, others: Sequence[Page]) -> list[int]:
    known = {" ".join(line.text.casefold().split()) for one in others for line in one.lines}
    return [
        at for at, line in enumerate(page.lines)
        if not line.hidden and " ".join(line.text.casefold().split()) not in known
    ]  # fmt: skip
