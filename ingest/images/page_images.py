"""Recognises the text on pictures of pages whose own text is good."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.document.captioner import Captioner, described
from ingest.document.model import Box, Line, Page, count
from ingest.document.source import Engines
from ingest.images.ocr.recognise import NO_TEXT, UNREADABLE, Recognition, added, beside, read
from ingest.images.ocr.sizes import fitting
from ingest.pdf import pdfium
from ingest.text.legibility import SMALL, written

if TYPE_CHECKING:
    from PIL.Image import Image

_LOOK = 2 * SMALL  # pixels in a point; PDFium itself blurs pictures that it draws smaller
_DOTS = 200 / 72  # pixels in a point
# Characters that the ink of a picture would make. Of 123 pictures in 30 PDFs, 21 have more: 12 with
# text (menus on screens, a table, a chart, a map), the others old photographs. Below are drawings
# and logos, and charts with a few figures. Each picture that is read takes about a second.
_MUCH = 200
_STAIN = 10  # characters: fewer, beside good text, are a label or no text


def pictured(path: Path, page: Page, engines: Engines) -> Page:
    """The page, with the lines of its pictures after its own.

    May raise UnreadableFile: the page cannot be drawn.
    """
    page = _described(path, page, engines.captioner)
    written_on = _written_on(path, page)
    if not written_on:
        return page
    scale = _DOTS * fitting(page.width * _DOTS, page.height * _DOTS)
    picture = pdfium.render(path, page.number, scale)
    for box in written_on:
        reading = read(_crop(picture, box, scale), scale, engines)
        page = _with(page, reading, box)
    return page


def _described(path: Path, page: Page, captioner: Captioner | None) -> Page:
    """The page with its figures described."""
    if captioner is None or not page.figures:
        return page
    scale = _DOTS * fitting(page.width * _DOTS, page.height * _DOTS)
    picture, figures, why_not = pdfium.render(path, page.number, scale), [], ""
    for figure in page.figures:
        shows, why_not = described(captioner, _crop(picture, figure.box, scale))
        figures.append(replace(figure, description=shows))
    note = ". ".join(filter(None, (page.note, why_not)))
    return replace(page, figures=tuple(figures), note=note)


def _written_on(path: Path, page: Page) -> list[Box]:
    """Pictures with more ink like letters than the page's lines explain."""
    if not page.figures:
        return []
    whole = pdfium.render(path, page.number, _LOOK)
    return [f.box for f in page.figures if _unread(whole, f.box, page.lines) >= _MUCH]


def _unread(whole: "Image", box: Box, lines: Sequence[Line]) -> int:
    """An estimate of the characters in a box, without those of lines."""
    picture = _crop(whole, box, _LOOK)
    size = [max(1, round(side * SMALL / _LOOK)) for side in picture.size]
    known = [replace(line, box=_moved(line.box, -box.x0, -box.y0)) for line in lines]
    return written(picture.resize((size[0], size[1])), known)


def _with(page: Page, reading: Recognition, place: Box) -> Page:
    there = [replace(line, box=_moved(line.box, place.x0, place.y0)) for line in reading.lines]
    new = beside(page, there)
    unread = page.unread + reading.unread
    if sum(count(line.text) for line in new) >= _STAIN:
        first = replace(new[0], begins=True)
        return replace(added(page, (first, *new[1:]), reading), unread=unread, note=page.note)
    if reading.lines or reading.note in (UNREADABLE, NO_TEXT):  # then it is probably a drawing
        return page
    return replace(page, unread=unread, note=reading.note)


def _crop(picture: "Image", box: Box, scale: float) -> "Image":
    x0, y0, x1, y1 = (round(side * scale) for side in box)
    return picture.crop((x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)))


def _moved(box: Box, across: float, down: float) -> Box:
    return Box(box.x0 + across, box.y0 + down, box.x1 + across, box.y1 + down)
