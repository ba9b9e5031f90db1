"""One page of a PDF: from PDFium's characters to lines in reading order, tables and figures."""

from functools import partial
from typing import Any

from PIL import Image

from ingest.document.model import Line, Page, count
from ingest.pdf import annotations
from ingest.pdf.layout import glyphs as characters
from ingest.pdf.layout import pdfium_native
from ingest.pdf.layout.cleaning import clean
from ingest.pdf.layout.coordinates import screen
from ingest.pdf.layout.figures import figures
from ingest.pdf.layout.invisible_text import Sight
from ingest.pdf.layout.text_lines import Row, rows
from ingest.pdf.layout.vector_graphics import drawings
from ingest.pdf.pdfminer_fallback import UNNAMED
from ingest.pdf.tables import detect

_SOME = 50  # text objects: fewer are too few to judge
_NAMED = 0.3  # characters for each


def read_page(pdf: Any, page: Any, textpage: Any, number: int) -> Page:
    """May raise PdfiumError: the page is damaged."""
    view = screen(page)
    source = characters.read(textpage)
    glyphs, dropped = clean(source)
    drawn = drawings(pdfium_native.address(page.raw), view)
    sight = Sight(textpage, drawn, (view.width, view.height), partial(_picture, page))
    found = [part for row in rows(glyphs, view) for part in sight.split(row)]
    found, grids = detect.arrange(found, drawn)
    printed = tuple(_line(textpage, row) for row in found)
    added = annotations.lines(pdf, page, view, printed)
    unread = _unnamed(source.text, len(drawn.texts))
    return Page(
        number,
        view.width,
        view.height,
        (*printed, *added),
        len(drawn.pictures),
        tables=tuple(detect.typed(grid, printed) for grid in grids),
        figures=figures(drawn.pictures, printed, (view.width, view.height)),
        characters=count(source.text) + sum(count(line.text) for line in added),
        dropped=dropped,
        unread=unread,
        note=UNNAMED if unread else "",
    )


def _unnamed(text: str, drawn: int) -> int:
    """An estimate of the drawn characters that PDFium cannot name.

    Measured: the fewest characters on a page that is read whole are .6 for each text object.
    """
    return drawn - len(text) if drawn >= _SOME and len(text) < _NAMED * drawn else 0


def _line(textpage: Any, row: Row) -> Line:
    size, bold = pdfium_native.font(textpage, row.middle)
    return Line(row.text, row.box, size, bold, begins=row.begins, hidden=row.hidden)


def _picture(page: Any, scale: float) -> Image.Image:
    image: Image.Image = page.render(scale=scale, grayscale=True).to_pil().convert("L")
    return image
