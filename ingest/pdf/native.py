"""PDFium's own functions. Those that are called for each letter and object are bound for speed:
ctypes checks each argument of the ordinary bindings: with plain addresses a call costs a third.
"""

import ctypes
from collections.abc import Callable
from typing import Any

import pypdfium2.raw as raw
from pypdfium2 import PdfiumError as PdfiumError

_ADDRESS = ctypes.c_void_p
_INDEX = ctypes.c_int
_BOLD_FROM = 600  # CSS font weight


def _bound(function: Any, result: Any, *arguments: Any) -> Callable[..., Any]:
    # PYFUNCTYPE keeps the interpreter's lock: giving it back costs more than these calls do.
    prototype = ctypes.PYFUNCTYPE(result, *arguments)
    return prototype(ctypes.cast(function, _ADDRESS).value or 0)


def address(handle: Any) -> int:
    """The address of a page, a text page or an object, for the functions below."""
    return ctypes.cast(handle, _ADDRESS).value or 0


unicode_of = _bound(raw.FPDFText_GetUnicode, ctypes.c_uint, _ADDRESS, _INDEX)
char_box = _bound(raw.FPDFText_GetCharBox, _INDEX, _ADDRESS, _INDEX, *[_ADDRESS] * 4)
text_object = _bound(raw.FPDFText_GetTextObject, _ADDRESS, _ADDRESS, _INDEX)
count_objects = _bound(raw.FPDFPage_CountObjects, _INDEX, _ADDRESS)
object_at = _bound(raw.FPDFPage_GetObject, _ADDRESS, _ADDRESS, _INDEX)
count_inside = _bound(raw.FPDFFormObj_CountObjects, _INDEX, _ADDRESS)
object_inside = _bound(raw.FPDFFormObj_GetObject, _ADDRESS, _ADDRESS, ctypes.c_ulong)
type_of = _bound(raw.FPDFPageObj_GetType, _INDEX, _ADDRESS)
bounds = _bound(raw.FPDFPageObj_GetBounds, _INDEX, _ADDRESS, *[_ADDRESS] * 4)
matrix = _bound(raw.FPDFPageObj_GetMatrix, _INDEX, _ADDRESS, _ADDRESS)
fill_colour = _bound(raw.FPDFPageObj_GetFillColor, _INDEX, _ADDRESS, *[_ADDRESS] * 4)
stroke_colour = _bound(raw.FPDFPageObj_GetStrokeColor, _INDEX, _ADDRESS, *[_ADDRESS] * 4)
draw_mode = _bound(raw.FPDFPath_GetDrawMode, _INDEX, _ADDRESS, _ADDRESS, _ADDRESS)
count_segments = _bound(raw.FPDFPath_CountSegments, _INDEX, _ADDRESS)
segment_at = _bound(raw.FPDFPath_GetPathSegment, _ADDRESS, _ADDRESS, _INDEX)
segment_point = _bound(raw.FPDFPathSegment_GetPoint, _INDEX, _ADDRESS, _ADDRESS, _ADDRESS)
segment_type = _bound(raw.FPDFPathSegment_GetType, _INDEX, _ADDRESS)
render_mode = _bound(raw.FPDFTextObj_GetTextRenderMode, _INDEX, _ADDRESS)

IMAGE, PATH = raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_PATH
FORM, TEXT = raw.FPDF_PAGEOBJ_FORM, raw.FPDF_PAGEOBJ_TEXT
MOVE_TO = raw.FPDF_SEGMENT_MOVETO
INVISIBLE = raw.FPDF_TEXTRENDERMODE_INVISIBLE
STROKE = raw.FPDF_TEXTRENDERMODE_STROKE
CLIP = raw.FPDF_TEXTRENDERMODE_CLIP


def font(textpage: Any, index: int) -> tuple[float, bool]:
    """The size of a character in points as drawn, and whether it is bold."""
    matrix = raw.FS_MATRIX()
    size = raw.FPDFText_GetFontSize(textpage, index)
    if raw.FPDFText_GetMatrix(textpage, index, matrix):
        # Many producers write size 1 and scale by the matrix.
        size *= (matrix.c**2 + matrix.d**2) ** 0.5 or 1.0
    weight = raw.FPDFText_GetFontWeight(textpage, index)
    return round(size, 1), weight >= _BOLD_FROM or _bold_name(textpage, index)


def _bold_name(textpage: Any, index: int) -> bool:
    name = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    raw.FPDFText_GetFontInfo(textpage, index, name, 128, flags)
    return b"bold" in name.value.lower() or b"black" in name.value.lower()


def to_device(page: Any, size: tuple[int, int], x: float, y: float) -> tuple[int, int]:
    """A point of the page in a picture of this size, as PDFium would draw it."""
    across, down = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page, 0, 0, *size, 0, x, y, across, down)
    return across.value, down.value
