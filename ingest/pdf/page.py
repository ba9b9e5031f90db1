"""One page of a PDF: from PDFium's characters to lines in reading order, tables and figures."""

from functools import partial
from typing import Any

from PIL import Image

from ingest.document import Line, Page, count
from ingest.pdf import glyphs as characters
from ingest.pdf import native, tables
from ingest.pdf.cleaning import clean
from ingest.pdf.drawings import drawings
from ingest.pdf.hidden import Sight
from ingest.pdf.rows import Row, rows
from ingest.pdf.screen import screen


def read_page(page: Any, textpage: Any, number: int) -> Page:
    """May raise PdfiumError: the page is damaged."""
    view = screen(page)
    source = characters.read(textpage)
    glyphs, dropped = clean(source)
    drawn = drawings(native.address(page.raw), view)
    sight = Sight(textpage, drawn, (view.width, view.height), partial(_picture, page))
    found = [part for row in rows(glyphs, view) for part in sight.split(row)]
    found, grids = tables.arrange(found, drawn)
    lines = tuple(_line(textpage, row) for row in found)
    return Page(
        number,
        view.width,
        view.height,
        lines,
        len(drawn.pictures),
        tables=tuple(tables.typed(grid, lines) for grid in grids),
        characters=count(source.text),
        dropped=dropped,
    )


def _line(textpage: Any, row: Row) -> Line:
    size, bold = native.font(textpage, row.middle)
    return Line(row.text, row.box, size, bold, begins=row.begins, hidden=row.hidden)


def _picture(page: Any, scale: float) -> Image.Image:
    image: Image.Image = page.render(scale=scale, grayscale=True).to_pil().convert("L")
    return image
