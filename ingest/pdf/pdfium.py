"""Opens PDF files with PDFium: lines, tables and figures of their pages, and pictures of them."""

import ctypes
import logging
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as raw
from PIL import Image

from ingest.document.model import Box, Heading, Line, Page, characters_in, count
from ingest.errors import EncryptedFile, UnreadableFile
from ingest.pdf import native, page_tables
from ingest.pdf import text_lines as characters
from ingest.pdf.columns import figures
from ingest.pdf.text_lines import Row, Screen, clean, rows, screen
from ingest.pdf.visibility import Drawings, Sight

# PDFium keeps process-wide state and is not thread-safe: one page at a time.
_ONE_AT_A_TIME = threading.RLock()
MOST_PIXELS = 150_000_000  # of a page that is drawn: half a gigabyte in memory


def pages(path: Path) -> Iterator[Page]:
    """Read the pages one after the other.

    Raises EncryptedFile or UnreadableFile.
    """
    with _opened(path) as pdf:
        for index in range(len(pdf)):
            yield _completed(path, _page(pdf, index))


_FIELDS = {"title": "Title", "author": "Author", "created": "CreationDate"}


def structure(path: Path) -> tuple[tuple[Heading, ...], dict[str, str]]:
    """The outline of a document, and what it says of itself: `title`, `author` and `created`.

    Raises EncryptedFile or UnreadableFile.
    """
    with _opened(path) as pdf:
        fields = {name: _metadata(pdf, key) for name, key in _FIELDS.items()}
        return tuple(_outline(pdf)), {name: text for name, text in fields.items() if text}


def _outline(pdf: Any) -> Iterator[Heading]:
    for entry in pdf.get_toc():
        with suppress(UnicodeDecodeError):
            if title := " ".join(entry.get_title().split()):
                target = entry.get_dest()
                page = target.get_index() if target else None
                yield Heading(entry.level + 1, title, (page or 0) + 1)


def _metadata(pdf: Any, key: str) -> str:
    with suppress(UnicodeDecodeError):
        return str(pdf.get_metadata_value(key)).strip()
    return ""


def count_pages(path: Path) -> int:
    """How many pages a file has. Raises EncryptedFile or UnreadableFile."""
    with _opened(path) as pdf:
        return len(pdf)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    with _ONE_AT_A_TIME:
        try:
            found = path.stat()
            pdf = _document(path, found.st_mtime_ns, found.st_size)
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
            raise UnreadableFile(
                f"{path.name} is not a readable PDF: the file is damaged."
            ) from error
        yield pdf


@lru_cache(maxsize=1)
def _document(path: Path, changed: int, size: int) -> Any:
    """The file that was opened last stays open: to find a page in a file just opened PDFium walks
    over all before it, so that of 5,000 pages each costs twenty times as much."""
    pdf = pypdfium2.PdfDocument(path)
    with suppress(pypdfium2.PdfiumError):  # before any page is opened: fields are read and drawn
        pdf.init_forms()
    return pdf


def close() -> None:
    """Close the file that was opened last."""
    _document.cache_clear()


def render(path: Path, page: int, scale: float = 1.5) -> Image.Image:
    """Draw a page (the first is 1) as a picture of `scale` * 72 dots per inch."""
    with _opened(path) as pdf:
        if not 1 <= page <= len(pdf):
            raise UnreadableFile(f"{path.name} has no page {page}: it has {len(pdf)}.")
        try:
            sheet = pdf[page - 1]
            width, height = sheet.get_size()
            if width * height * scale * scale > MOST_PIXELS:
                raise UnreadableFile(f"A page of {path.name} is too large to be drawn.")
            bitmap = sheet.render(scale=scale)
            image: Image.Image = bitmap.to_pil().convert("RGB")
        except pypdfium2.PdfiumError as error:
            raise UnreadableFile(f"Page {page} of {path.name} cannot be drawn: {error}") from error
        bitmap.close()
        sheet.close()
        return image


# -- One page: from PDFium's characters to lines in reading order, tables and figures

_SOME = 50  # text objects: fewer are too few to judge
_NAMED = 0.3  # characters for each


def _read(pdf: Any, page: Any, textpage: Any, number: int) -> Page:
    """May raise PdfiumError: the page is damaged."""
    view = screen(page)
    source = characters.read_glyphs(textpage)
    glyphs, dropped = clean(source)
    drawn = Drawings(native.address(page.raw), view)
    sight = Sight(textpage, drawn, (view.width, view.height), partial(_picture, page))
    found = [part for row in rows(glyphs, view) for part in sight.split(row)]
    found, grids = page_tables.arrange_rows(found, drawn)
    printed = tuple(_line(textpage, row) for row in found)
    added = _annotations(pdf, page, view, printed)
    unread = _unnamed(source.text, len(drawn.texts))
    return Page(
        number, view.width, view.height, (*printed, *added), len(drawn.pictures),
        tables=tuple(page_tables.typed_table(grid, printed) for grid in grids),
        figures=figures(drawn.pictures, printed, (view.width, view.height)),
        characters=count(source.text) + characters_in(added),
        dropped=dropped, unread=unread, note=UNNAMED if unread else "",
    )  # fmt: skip


def _unnamed(text: str, drawn: int) -> int:
    """An estimate of the drawn characters that PDFium cannot name.

    Measured: the fewest characters on a page that is read whole are .6 for each text object.
    """
    return drawn - len(text) if drawn >= _SOME and len(text) < _NAMED * drawn else 0


def _line(textpage: Any, row: Row) -> Line:
    size, bold = native.font(textpage, row.middle)
    return Line(row.text, row.box, size, bold, begins=row.begins, hidden=row.hidden)


def _picture(page: Any, scale: float) -> Image.Image:
    image: Image.Image = page.render(scale=scale, grayscale=True).to_pil().convert("L")
    return image


def _page(pdf: Any, index: int) -> Page:
    page = textpage = None
    try:
        page = pdf[index]
        textpage = page.get_textpage()
        return _read(pdf, page, textpage, index + 1)
    except pypdfium2.PdfiumError:
        # A damaged page does not affect the others.
        return Page(index + 1, 0.0, 0.0, (), characters=0, note="damaged page")
    finally:
        if textpage is not None:
            textpage.close()
        if page is not None:
            page.close()


# -- Values of form fields, and notes, which are not part of a page's printed text
# Actions and scripts of a PDF are never run: PDFium is given no platform for them.

_FAR = 217.0  # points at most between a field and its printed label
_LABEL = 10  # words
_MOST = 5000  # of a page
_TECHNICAL = re.compile(r"[\[\]._#]|\d|^(?:text|field|check|combo|list|radio|group|button)", re.I)
_CHARACTERS = 100_000  # of one value: more is no form field
_HIDDEN = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
_NO_NOTES = {
    raw.FPDF_ANNOT_LINK,
    raw.FPDF_ANNOT_POPUP,  # the window of a note that is an annotation of its own
    raw.FPDF_ANNOT_PRINTERMARK,
    raw.FPDF_ANNOT_WIDGET,
}
_WRITTEN = {
    raw.FPDF_FORMFIELD_TEXTFIELD,
    raw.FPDF_FORMFIELD_COMBOBOX,
    raw.FPDF_FORMFIELD_LISTBOX,
}
_MARKED = {raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON}


def _annotations(pdf: Any, page: Any, view: Screen, printed: Sequence[Line]) -> tuple[Line, ...]:
    """Lines for filled fields, with the labels printed beside them, and for notes."""
    number = raw.FPDFPage_GetAnnotCount(page)
    found: list[Line] = []
    for index in range(min(number, _MOST)):
        annotation = raw.FPDFPage_GetAnnot(page, index)
        if annotation:
            found += _Annotation(pdf.formenv, annotation, view).lines(printed)
            raw.FPDFPage_CloseAnnot(annotation)
    return tuple(found)


class _Annotation:
    def __init__(self, form: Any, handle: Any, view: Screen) -> None:
        self._form = form
        self._handle = handle
        self._kind = raw.FPDFAnnot_GetSubtype(handle)
        self._hidden = raw.FPDFAnnot_GetFlags(handle) & _HIDDEN
        rectangle = raw.FS_RECTF()
        raw.FPDFAnnot_GetRect(handle, rectangle)
        edges = rectangle.left, rectangle.bottom, rectangle.right, rectangle.top
        self._box = view.box(*edges)

    def lines(self, printed: Sequence[Line]) -> Iterator[Line]:
        text = ""
        if self._kind == raw.FPDF_ANNOT_WIDGET and self._form:
            text = self._value(printed)
        elif self._kind not in _NO_NOTES:
            text = self._note()
        reason = "hidden note" if self._hidden else ""
        for number, part in enumerate(text.splitlines()):
            if plain := " ".join(part.split()):
                yield Line(plain, self._box, begins=number == 0, hidden=reason)

    def _note(self) -> str:
        contents = self._string("Contents")
        if not contents.strip() or self._kind == raw.FPDF_ANNOT_FREETEXT:
            return contents  # it is written on the page
        author = " ".join(self._string("T").split())
        return f"Note by {author}: {contents}" if author else f"Note: {contents}"

    def _value(self, printed: Sequence[Line]) -> str:
        kind = raw.FPDFAnnot_GetFormFieldType(self._form, self._handle)
        if kind in _WRITTEN:
            value = self._field(raw.FPDFAnnot_GetFormFieldValue)
            label = self._label(printed)
            return f"{label.rstrip(' :')}: {value}" if label and value.strip() else value
        if kind in _MARKED and raw.FPDFAnnot_IsChecked(self._form, self._handle):
            return f"[x] {self._label(printed, right=True)}".strip()
        return ""

    def _label(self, printed: Sequence[Line], right: bool = False) -> str:
        """What a field says of itself; else the label printed left of it, or right of a box; else
        its internal name."""
        told = self._field(raw.FPDFAnnot_GetFormFieldAlternateName)
        return told or _beside(self._box, printed, right) or self._name()

    def _name(self) -> str:
        name = self._field(raw.FPDFAnnot_GetFormFieldName)
        return "" if _TECHNICAL.search(name) else name

    def _field(self, read: Callable[..., int]) -> str:
        return _string(lambda buffer, size: read(self._form, self._handle, buffer, size))

    def _string(self, key: str) -> str:
        name = key.encode()
        return _string(
            lambda buffer, size: raw.FPDFAnnot_GetStringValue(self._handle, name, buffer, size)
        )


def _string(read: Callable[[Any, int], int]) -> str:
    """Of UTF-16 as PDFium gives it: the size first, then the characters."""
    size = read(None, 0)
    if not 2 < size <= 2 * _CHARACTERS:
        return ""
    buffer = (ctypes.c_ushort * (size // 2))()
    read(ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    text = bytes(buffer).decode("utf-16-le", "replace")
    return text.replace("\0", "").replace("\r", "\n")


def _beside(field: Box, printed: Sequence[Line], right: bool) -> str:
    """The line that is nearest to the left or right of a field, on its level."""
    middle = (field.y0 + field.y1) / 2
    level = [
        line for line in printed
        if not line.hidden and line.box.y0 - 4 <= middle <= line.box.y1 + 4
        and len(line.text.split()) <= _LABEL
    ]  # fmt: skip
    away = {line: line.box.x0 - field.x1 if right else field.x0 - line.box.x1 for line in level}
    near = [line for line in level if -6 <= away[line] <= _FAR]
    return min(near, key=away.__getitem__).text if near else ""


# -- Reads pages whose fonts PDFium cannot name with pdfminer.six
# It knows what the characters of the predefined Chinese, Japanese and Korean collections mean, also
# where the font is not in the file. It is too slow to read every page.

UNNAMED = "letters of fonts that are not in the file"


def _completed(path: Path, page: Page) -> Page:
    """The page, with its text where PDFium could not read that."""
    if page.note != UNNAMED:
        return page
    try:
        lines = tuple(_lines(path, page.number))
    except Exception:  # it raises many kinds of errors for damaged files
        return page
    characters = characters_in(lines)
    if characters <= characters_in(page.lines):
        return page
    return replace(
        page, lines=lines, tables=(), characters=characters, dropped=(), unread=0, note=""
    )


def _lines(path: Path, number: int) -> Iterator[Line]:
    from pdfminer.high_level import extract_pages
    from pdfminer.layout import LAParams, LTTextBox

    logging.getLogger("pdfminer").setLevel(logging.CRITICAL)
    layout = LAParams(detect_vertical=True)
    for page in extract_pages(path, page_numbers=[number - 1], laparams=layout):
        for block in page:
            if isinstance(block, LTTextBox):
                yield from _block(block, page.height)


def _block(block: Any, height: float) -> Iterator[Line]:
    for number, line in enumerate(block):
        text = "".join(c if c.isprintable() else " " for c in line.get_text())
        if text.strip():
            x0, y0, x1, y1 = (round(side, 2) for side in line.bbox)
            box = Box(x0, round(height - y1, 2), x1, round(height - y0, 2))
            size = round(min(x1 - x0, y1 - y0), 1)
            yield Line(" ".join(text.split()), box, size, begins=number == 0)
