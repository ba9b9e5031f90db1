"""Text with its place, and pictures of pages. The only module that imports pypdfium2."""

import ctypes
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pypdfium2
import pypdfium2.raw as raw
from PIL import Image

from ingest.document import Box, Line, Page
from ingest.errors import EncryptedFile, UnreadableFile

# PDFium keeps process-wide state and is not thread-safe: one page at a time.
_ONE_AT_A_TIME = threading.RLock()

# PDFium writes a hyphen at a line end as one of these two.
_LINE_END_HYPHENS = str.maketrans({"\x02": "-", "\ufffe": "-"})
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\u00ad]")
_BOLD_FROM = 600  # CSS font weight


def pages(path: Path) -> Iterator[Page]:
    """Read each page's lines in the order in which the file draws them.

    Raises EncryptedFile or UnreadableFile.
    """
    with _ONE_AT_A_TIME:
        pdf = _open(path)
        try:
            for index in range(len(pdf)):
                yield _page(pdf, index)
        finally:
            pdf.close()


def render(path: Path, page: int, scale: float = 1.5) -> Image.Image:
    """Draw a page (the first is 1) as a picture of `scale` * 72 dots per inch."""
    with _ONE_AT_A_TIME:
        pdf = _open(path)
        try:
            if not 1 <= page <= len(pdf):
                raise UnreadableFile(f"{path.name} has no page {page}: it has {len(pdf)}.")
            image: Image.Image = pdf[page - 1].render(scale=scale).to_pil().convert("RGB")
        except pypdfium2.PdfiumError as error:
            raise UnreadableFile(f"Page {page} of {path.name} cannot be drawn: {error}") from error
        finally:
            pdf.close()
    return image


def _open(path: Path) -> Any:
    try:
        return pypdfium2.PdfDocument(path)
    except OSError as error:
        raise UnreadableFile(
            f"{path} cannot be opened. If it was deleted, add the document's file again."
        ) from error
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise EncryptedFile(
                f"{path.name} is protected by a password. Save a copy without the password "
                "and add that."
            ) from error
        raise UnreadableFile(f"{path.name} is not a readable PDF: the file is damaged.") from error


def _page(pdf: Any, index: int) -> Page:
    try:
        page = pdf[index]
    except pypdfium2.PdfiumError:
        return Page(index + 1, 0.0, 0.0, ())  # a damaged page does not cost the others
    textpage = None
    try:
        width, height = page.get_size()
        textpage = page.get_textpage()
        lines = tuple(_lines(page, textpage, width, height))
        return Page(index + 1, width, height, lines, _pictures(page))
    except pypdfium2.PdfiumError:
        return Page(index + 1, 0.0, 0.0, ())
    finally:
        if textpage is not None:
            textpage.close()
        page.close()


def _pictures(page: Any) -> int:
    try:
        return sum(1 for _ in page.get_objects([raw.FPDF_PAGEOBJ_IMAGE], max_depth=3))
    except pypdfium2.PdfiumError:
        return 0


def _lines(page: Any, textpage: Any, width: float, height: float) -> Iterator[Line]:
    to_screen = _Screen(page, width, height)
    letters: list[_Letter] = []
    for letter in [*_letters(textpage), _LAST]:
        if letter.character in "\r\n" or (letters and _starts_a_line(letter, letters[-1])):
            if line := _line(textpage, letters, to_screen):
                yield line
            letters = []
        if letter.character not in "\r\n":
            letters.append(letter)


class _Letter(NamedTuple):
    """A character and its rectangle in the page's own coordinates: y grows upwards."""

    at: int  # PDFium's index on the page
    character: str
    left: float
    bottom: float
    right: float
    top: float


_LAST = _Letter(-1, "\n", 0, 0, 0, 0)


def _letters(textpage: Any) -> Iterator[_Letter]:
    # One for each PDFium index: get_text_range() drops some, so that its offsets shift.
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    for index in range(textpage.count_chars()):
        point = raw.FPDFText_GetUnicode(textpage, index)
        character = chr(point) if point < 0x110000 and not 0xD800 <= point < 0xE000 else "\ufffd"
        raw.FPDFText_GetCharBox(textpage, index, left, right, bottom, top)
        yield _Letter(index, character, left.value, bottom.value, right.value, top.value)


def _starts_a_line(letter: _Letter, before: _Letter) -> bool:
    # After a hyphen at a line end PDFium goes on without a line break (5.15, PDFium 7800).
    return letter.top < before.bottom and letter.right < before.left


def _line(textpage: Any, letters: list[_Letter], to_screen: "_Screen") -> Line | None:
    text = "".join(letter.character for letter in letters).translate(_LINE_END_HYPHENS)
    text = " ".join(_CONTROL.sub("", text).split())
    visible = [letter for letter in letters if not letter.character.isspace()]
    if not text or not visible:
        return None
    size, weight = _font(textpage, visible[len(visible) // 2].at)
    return Line(text, to_screen(_union(visible)), size, weight >= _BOLD_FROM)


def _union(letters: list[_Letter]) -> tuple[float, float, float, float]:
    return (
        min(letter.left for letter in letters),
        min(letter.bottom for letter in letters),
        max(letter.right for letter in letters),
        max(letter.top for letter in letters),
    )


def _font(textpage: Any, index: int) -> tuple[float, int]:
    """Size in points as drawn, and CSS weight (-1 when the file does not say)."""
    matrix = raw.FS_MATRIX()
    size = raw.FPDFText_GetFontSize(textpage, index)
    if raw.FPDFText_GetMatrix(textpage, index, matrix):
        # Many producers write size 1 and scale by the matrix.
        size *= (matrix.c**2 + matrix.d**2) ** 0.5 or 1.0
    weight = raw.FPDFText_GetFontWeight(textpage, index)
    return round(size, 1), max(weight, _BOLD_FROM if _bold_name(textpage, index) else -1)


def _bold_name(textpage: Any, index: int) -> bool:
    name = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    raw.FPDFText_GetFontInfo(textpage, index, name, 128, flags)
    return b"bold" in name.value.lower() or b"black" in name.value.lower()


class _Screen:
    """Turns page coordinates into points from the top left, as the page is shown.

    PDFium's own mapping also knows the crop box and the rotation.
    """

    FINE = 100  # device units in a point: PageToDevice rounds to integers

    def __init__(self, page: Any, width: float, height: float) -> None:
        self._page = page
        self._size = round(width * self.FINE), round(height * self.FINE)

    def __call__(self, box: tuple[float, float, float, float]) -> Box:
        x0, y0 = self._point(box[0], box[3])
        x1, y1 = self._point(box[2], box[1])
        return Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))

    def _point(self, x: float, y: float) -> tuple[float, float]:
        across, down = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(self._page, 0, 0, *self._size, 0, x, y, across, down)
        return across.value / self.FINE, down.value / self.FINE
