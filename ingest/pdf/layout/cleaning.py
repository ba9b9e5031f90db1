"""Removes characters that are no text before lines are made, each with its reason."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ingest.document.model import Dropped
from ingest.pdf.layout.glyphs import Glyphs

# PDFium writes a hyphen at a line end as one of these two.
_LINE_END_HYPHENS = str.maketrans({"\x02": "-", "\ufffe": "-"})
_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1b\x7f\uffff\u00ad]")
_WORD = re.compile(r"\S+")
_REASONS = {"\x00": "letters that the font does not name", "\u00ad": "soft hyphens"}
_CONTROL = "control characters"
_TWICE = "drawn twice"
_COLLISIONS = 3  # equal letters at the same point before a page is examined closely


class _Letters(NamedTuple):
    """Glyphs in lists, which are faster than arrays for single access."""

    text: str
    left: list[float]
    right: list[float]
    bottom: list[float]
    top: list[float]


def clean(glyphs: Glyphs) -> tuple[Glyphs, tuple[Dropped, ...]]:
    """The remaining characters, and the dropped ones."""
    text = glyphs.text.translate(_LINE_END_HYPHENS)
    reasons = {m.start(): _REASONS.get(m.group(), _CONTROL) for m in _NO_TEXT.finditer(text)}
    glyphs = Glyphs(text, *glyphs[1:])
    reasons |= dict.fromkeys(_drawn_twice(glyphs), _TWICE)
    if not reasons:
        return glyphs, ()
    counted = Counter(reason for at, reason in reasons.items() if not text[at].isspace())
    dropped = tuple(Dropped(reason, number) for reason, number in sorted(counted.items()))
    keep = np.ones(len(text), bool)
    keep[list(reasons)] = False
    return glyphs.only(keep), dropped


def _drawn_twice(glyphs: Glyphs) -> Iterator[int]:
    """Letters on top of the same letter, which imitates bold or a shadow."""
    twins = _twins(glyphs)
    for word in _WORD.finditer(glyphs.text) if twins else ():
        letters = range(*word.span())
        # A letter alone may lie on another by chance; letter by letter they are neighbours.
        whole = all(at in twins for at in letters)
        yield from (at for at in letters if at in twins and (whole or at - twins[at] == 1))


def _twins(glyphs: Glyphs) -> dict[int, int]:
    """Letters with equal letters at the same place."""
    if _collisions(glyphs) < _COLLISIONS:
        return {}
    letters = _Letters(glyphs.text, *(side.tolist() for side in glyphs[2:]))
    twins: dict[int, int] = {}
    drawn: dict[tuple[str, int], list[int]] = defaultdict(list)
    for at in (at for at, letter in enumerate(letters.text) if letter > " "):
        row = int(letters.bottom[at] / 4)
        rows = (drawn[letters.text[at], near] for near in (row - 1, row, row + 1))
        same = (other for others in rows for other in others if _same_place(letters, at, other))
        if (twin := next(same, None)) is not None:
            twins[at] = twin
        else:
            drawn[letters.text[at], row].append(at)
    return twins


def _collisions(glyphs: Glyphs) -> int:
    """How many letters share the place of an equal one, to whole points."""
    codes = np.frombuffer(glyphs.text.encode("utf-32-le", "surrogatepass"), "<u4")
    across, up = glyphs.left.astype(np.int64), glyphs.bottom.astype(np.int64)
    places = (codes.astype(np.int64) << 40) ^ ((across & 0xFFFFF) << 20) ^ (up & 0xFFFFF)
    return len(places) - len(np.unique(places))


def _same_place(letters: _Letters, at: int, other: int) -> bool:
    if _one_glyph(letters, at, other):
        return False
    height = letters.top[at] - letters.bottom[at]
    width = max(letters.right[at] - letters.left[at], height / 4)
    return (
        abs(letters.left[at] - letters.left[other]) <= 0.3 * width
        and abs(letters.bottom[at] - letters.bottom[other]) <= 0.2 * height
    )


def _one_glyph(letters: _Letters, at: int, other: int) -> bool:
    """Whether letters belong to one ligature such as "ff": PDFium gives them the same rectangle."""
    near = at - other <= 2 and (letters.text[at] in "fst" or letters.text[at] > "\u00ff")
    same = letters.left[at] == letters.left[other] and letters.top[at] == letters.top[other]
    return near and same
