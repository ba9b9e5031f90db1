"""Joins characters into words, and words into PDFium's rows."""

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, compress, pairwise, repeat
from typing import Any, NamedTuple

import numpy as np

from ingest.document.model import Box, Dropped, union
from ingest.pdf import native

# -- The characters of a page as PDFium gives them: code and rectangle

_HALF = re.compile(r"[\ud800-\udfff]")
_PAIR = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")
_LAST = 0x10FFFF  # of all characters

Floats = np.ndarray[Any, np.dtype[np.float64]]
Numbers = np.ndarray[Any, np.dtype[np.int64]]
Marks = np.ndarray[Any, np.dtype[np.bool_]]


class Glyphs(NamedTuple):
    """Characters and their rectangles in the page's own coordinates: y grows upwards."""

    text: str  # one character for each that PDFium has
    at: Numbers  # PDFium's index of each
    left: Floats
    right: Floats
    bottom: Floats
    top: Floats

    def only(self, keep: Marks) -> "Glyphs":
        text = "".join(compress(self.text, keep))
        return Glyphs(text, self.at[keep], *(side[keep] for side in self[2:]))


def read_glyphs(textpage: Any) -> Glyphs:
    """All characters of a page of PDFium, with their boxes and fonts."""
    # One for each PDFium index: get_text_range() drops some, so that its offsets shift.
    count, handle = textpage.count_chars(), native.address(textpage.raw)
    boxes = np.zeros((count, 4))
    first, stop = boxes.ctypes.data, boxes.ctypes.data + boxes.nbytes
    places = (range(first + side, stop + side, 32) for side in (0, 8, 16, 24))
    # map(), since the loop around these calls would take as long as they do.
    deque(map(native.char_box, repeat(handle), range(count), *places), maxlen=0)
    codes = np.fromiter(map(native.unicode_of, repeat(handle, count), range(count)), "<u4", count)
    codes[codes > _LAST] = 0xFFFD
    text = codes.tobytes().decode("utf-32-le", "surrogatepass")
    left, right, bottom, top = boxes.T.copy()
    return _whole(Glyphs(text, np.arange(count), left, right, bottom, top))


def _whole(glyphs: Glyphs) -> Glyphs:
    """The text without halves of surrogate pairs, which cannot be stored."""
    if not _HALF.search(glyphs.text):
        return glyphs
    second = {pair.end() - 1 for pair in _PAIR.finditer(glyphs.text)}
    # The second half becomes a space here, so that each index keeps its character.
    text = _PAIR.sub(
        lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16") + " ", glyphs.text
    )
    text = _HALF.sub("\ufffd", text)
    glyphs = Glyphs(text, *glyphs[1:])
    return glyphs.only(np.array([at not in second for at in range(len(text))], bool))


# -- Removes characters that are no text before lines are made, each with its reason

# PDFium writes a hyphen at a line end as one of these two.
_LINE_END_HYPHENS = str.maketrans({"\x02": "-", "\ufffe": "-"})
_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1b\x7f\uffff\u00ad]")
_WORD = re.compile(r"\S+")
_REASONS = {"\x00": "letters that the font does not name", "\u00ad": "soft hyphens"}
_CONTROL = "control characters"
_TWICE = "drawn twice"
_COLLISIONS = 3  # equal letters at the same point before a page is examined closely


_Letter = tuple[str, float, float, float, float]  # with its left, right, bottom and top


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
    letters = list(zip(glyphs.text, *(side.tolist() for side in glyphs[2:]), strict=True))
    twins: dict[int, int] = {}
    drawn: dict[tuple[str, int], list[int]] = defaultdict(list)
    for at, one in enumerate(letters):
        if one[0] <= " ":
            continue
        row = int(one[3] / 4)
        others = (drawn[one[0], near] for near in (row - 1, row, row + 1))
        same = (o for o in chain(*others) if _same_place(one, letters[o], at - o))
        if (twin := next(same, None)) is not None:
            twins[at] = twin
        else:
            drawn[one[0], row].append(at)
    return twins


def _collisions(glyphs: Glyphs) -> int:
    """How many letters share the place of an equal one, to whole points."""
    codes = np.frombuffer(glyphs.text.encode("utf-32-le", "surrogatepass"), "<u4")
    across, up = glyphs.left.astype(np.int64), glyphs.bottom.astype(np.int64)
    places = (codes.astype(np.int64) << 40) ^ ((across & 0xFFFFF) << 20) ^ (up & 0xFFFFF)
    return len(places) - len(np.unique(places))


def _same_place(one: _Letter, other: _Letter, away: int) -> bool:
    """Whether a letter lies on an equal one, so many letters before it."""
    letter, left, right, bottom, top = one
    # Letters of one ligature such as "ff": PDFium gives them the same rectangle.
    near = away <= 2 and (letter in "fst" or letter > "\u00ff")
    if near and left == other[1] and top == other[4]:
        return False
    height = top - bottom
    width = max(right - left, height / 4)
    return abs(left - other[1]) <= 0.3 * width and abs(bottom - other[3]) <= 0.2 * height


# -- Converts page coordinates, which grow upwards, into points from the top left as shown

_FINE = 100  # device units in a point: PageToDevice rounds to integers
_FAR = 1000.0


class Screen(NamedTuple):
    """An affine map. PDFium makes it: it knows the crop box and the rotation."""

    width: float
    height: float
    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def box(self, left: float, bottom: float, right: float, top: float) -> Box:
        x0, y0 = self.a * left + self.c * bottom + self.e, self.b * left + self.d * bottom + self.f
        x1, y1 = self.a * right + self.c * top + self.e, self.b * right + self.d * top + self.f
        # To hundredths: round() takes twice as long, and this is done for every drawn path.
        return Box(
            int(min(x0, x1) * 100 + 0.5) / 100,
            int(min(y0, y1) * 100 + 0.5) / 100,
            int(max(x0, x1) * 100 + 0.5) / 100,
            int(max(y0, y1) * 100 + 0.5) / 100,
        )

    def boxes(self, left: Floats, bottom: Floats, right: Floats, top: Floats) -> list[Box]:
        """The same for many rectangles: a box for each index of the four arrays of equal length."""
        x0, y0 = self.a * left + self.c * bottom + self.e, self.b * left + self.d * bottom + self.f
        x1, y1 = self.a * right + self.c * top + self.e, self.b * right + self.d * top + self.f
        sides = np.minimum(x0, x1), np.minimum(y0, y1), np.maximum(x0, x1), np.maximum(y0, y1)
        hundredths = (np.trunc(side * 100 + 0.5) / 100 + 0.0 for side in sides)  # + 0.0: no -0.0
        return list(map(Box, *(side.tolist() for side in hundredths)))


def screen(page: Any) -> Screen:
    """How the coordinates of a page, which may be turned, become points from its top left."""
    width, height = page.get_size()
    size = round(width * _FINE), round(height * _FINE)
    (e, f), (ax, ay), (cx, cy) = (
        (across / _FINE, down / _FINE)
        for x, y in ((0, 0), (_FAR, 0), (0, _FAR))
        for across, down in [native.to_device(page, size, x, y)]
    )
    return Screen(
        width, height,
        (ax - e) / _FAR, (ay - f) / _FAR, (cx - e) / _FAR, (cy - f) / _FAR, e, f,
    )  # fmt: skip


_LINE = re.compile(r"[^\r\n]+")


class Word(NamedTuple):
    """Characters without a space between them, with their place on the page as shown."""

    text: str
    at: int  # PDFium's index of its first character
    box: Box


@dataclass(frozen=True)
class Words:
    """Words side by side, with their common text and box."""

    words: tuple[Word, ...]

    @cached_property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @cached_property
    def box(self) -> Box:
        return union([word.box for word in self.words])


@dataclass(frozen=True)
class Row(Words):
    """The words of one row of a page: a line of PDFium, or the part of it in one column."""

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
    # After a hyphen at a line end PDFium goes on without a line break (5.15, PDFium 7800).
    below = glyphs.top[1:] < glyphs.bottom[:-1]
    breaks = (np.flatnonzero(below & (glyphs.right[1:] < glyphs.left[:-1])) + 1).tolist()
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
