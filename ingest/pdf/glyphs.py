"""The characters of a page as PDFium gives them: code and rectangle."""

import ctypes
import re
from collections.abc import Sequence
from itertools import compress
from typing import Any, NamedTuple

from ingest.pdf import native

_HALF = re.compile(r"[\ud800-\udfff]")
_PAIR = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")


class Glyphs(NamedTuple):
    """Characters and their rectangles in the page's own coordinates: y grows upwards."""

    text: str  # one character for each that PDFium has
    at: Sequence[int]  # PDFium's index of each
    left: Sequence[float]
    right: Sequence[float]
    bottom: Sequence[float]
    top: Sequence[float]

    def only(self, keep: Sequence[bool]) -> "Glyphs":
        sides = (list(compress(side, keep)) for side in self[2:])
        return Glyphs("".join(compress(self.text, keep)), list(compress(self.at, keep)), *sides)


def read(textpage: Any) -> Glyphs:
    # One for each PDFium index: get_text_range() drops some, so that its offsets shift.
    count, handle = textpage.count_chars(), native.address(textpage.raw)
    boxes = (ctypes.c_double * (4 * count))()
    place, char_box, unicode_of = ctypes.addressof(boxes), native.char_box, native.unicode_of
    for index in range(count):
        char_box(handle, index, place, place + 8, place + 16, place + 24)
        place += 32
    codes = [unicode_of(handle, index) for index in range(count)]
    values = boxes[:]
    return _whole(Glyphs(_text(codes), range(count), *(values[side::4] for side in range(4))))


def _text(codes: list[int]) -> str:
    return "".join(map(chr, (code if code < 0x110000 else 0xFFFD for code in codes)))


def _whole(glyphs: Glyphs) -> Glyphs:
    """Without halves of characters, which cannot be stored."""
    if not _HALF.search(glyphs.text):
        return glyphs
    second = {pair.end() - 1 for pair in _PAIR.finditer(glyphs.text)}
    # The second half becomes a space here, so that each index keeps its character.
    text = _PAIR.sub(lambda pair: _joined(pair.group()) + " ", glyphs.text)
    text = _HALF.sub("\ufffd", text)
    glyphs = Glyphs(text, *glyphs[1:])
    return glyphs.only([at not in second for at in range(len(text))])


def _joined(pair: str) -> str:
    return pair.encode("utf-16", "surrogatepass").decode("utf-16")
