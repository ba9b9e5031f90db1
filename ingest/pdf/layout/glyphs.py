"""The characters of a page as PDFium gives them: code and rectangle."""

import re
from collections import deque
from itertools import compress, repeat
from typing import Any, NamedTuple

import numpy as np

from ingest.pdf.layout import pdfium_native

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


def read(textpage: Any) -> Glyphs:
    """All characters of a page of PDFium, with their boxes and fonts."""
    # One for each PDFium index: get_text_range() drops some, so that its offsets shift.
    count, handle = textpage.count_chars(), pdfium_native.address(textpage.raw)
    boxes = np.zeros((count, 4))
    first, stop = boxes.ctypes.data, boxes.ctypes.data + boxes.nbytes
    places = (range(first + side, stop + side, 32) for side in (0, 8, 16, 24))
    # map(), since the loop around these calls would take as long as they do.
    deque(map(pdfium_native.char_box, repeat(handle), range(count), *places), maxlen=0)
    codes = np.fromiter(
        map(pdfium_native.unicode_of, repeat(handle, count), range(count)), "<u4", count
    )
    left, right, bottom, top = boxes.T.copy()
    return _whole(Glyphs(_text(codes), np.arange(count), left, right, bottom, top))


def _text(codes: Any) -> str:
    codes[codes > _LAST] = 0xFFFD
    text: str = codes.tobytes().decode("utf-32-le", "surrogatepass")
    return text


def _whole(glyphs: Glyphs) -> Glyphs:
    """The text without halves of surrogate pairs, which cannot be stored."""
    if not _HALF.search(glyphs.text):
        return glyphs
    second = {pair.end() - 1 for pair in _PAIR.finditer(glyphs.text)}
    # The second half becomes a space here, so that each index keeps its character.
    text = _PAIR.sub(lambda pair: _joined(pair.group()) + " ", glyphs.text)
    text = _HALF.sub("\ufffd", text)
    glyphs = Glyphs(text, *glyphs[1:])
    return glyphs.only(np.array([at not in second for at in range(len(text))], bool))


def _joined(pair: str) -> str:
    return pair.encode("utf-16", "surrogatepass").decode("utf-16")
