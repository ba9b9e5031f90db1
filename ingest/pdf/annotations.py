"""Values of form fields, and notes, which are not part of a page's printed text.

Actions and scripts of a PDF are never run: PDFium is given no platform for them.
"""

import ctypes
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pypdfium2
import pypdfium2.raw as raw

from ingest.document.model import Box, Line
from ingest.pdf.layout.coordinates import Screen

_LEFT = 220.0  # points: how far left of a field its printed label ends at most
_LABEL = 10  # words
_MOST = 5000  # of a page
_CHARACTERS = 100_000  # of one value: more is no form field
_TECHNICAL = re.compile(r"[\[\]._#]|\d|^(?:text|field|check|combo|list|radio|group|button)", re.I)
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


def prepare(pdf: Any) -> None:
    """Call it before any page is opened, so that fields are read and drawn."""
    with suppress(pypdfium2.PdfiumError):
        pdf.init_forms()


def lines(pdf: Any, page: Any, view: Screen, printed: Sequence[Line]) -> tuple[Line, ...]:
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
            return f"[x] {self._option(printed)}".strip()
        return ""

    def _label(self, printed: Sequence[Line]) -> str:
        """The printed label beside a field; else its internal name."""
        told = self._field(raw.FPDFAnnot_GetFormFieldAlternateName)
        return told or _left_of(self._box, printed) or self._name()

    def _option(self, printed: Sequence[Line]) -> str:
        """The text printed to the right of a ticked box."""
        told = self._field(raw.FPDFAnnot_GetFormFieldAlternateName)
        mirrored = Box(-self._box.x1, self._box.y0, -self._box.x0, self._box.y1)
        others = [replace(line, box=Box(-b.x1, b.y0, -b.x0, b.y1)) for line in printed
                  for b in (line.box,)]  # fmt: skip
        return told or _left_of(mirrored, others) or self._name()

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


def _left_of(field: Box, printed: Sequence[Line]) -> str:
    """The line that ends nearest to the left of a field, on its level."""
    middle = (field.y0 + field.y1) / 2
    beside = [
        line for line in printed
        if not line.hidden and line.box.y0 - 4 <= middle <= line.box.y1 + 4
        and -3 <= field.x0 - line.box.x1 + 3 <= _LEFT and len(line.text.split()) <= _LABEL
    ]  # fmt: skip
    return max(beside, key=lambda line: line.box.x1).text if beside else ""
