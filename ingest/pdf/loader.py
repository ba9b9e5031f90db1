"""PDF files as documents: what PDFium reads, and the text that is recognised on scanned pages.

Pages without a usable text layer are drawn and recognised; the others stay unchanged.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.document.model import Box, Document, Dropped, Line, Page, characters_in, count
from ingest.document.source import Captioner, Engines, Source, described
from ingest.document.wire import Packed
from ingest.errors import UnreadableFile
from ingest.images.image_file import cropped
from ingest.images.ocr_engines import fitting
from ingest.images.recognition import NO_TEXT, UNREADABLE, Writing, added, beside, read
from ingest.pdf import pdfium
from ingest.platform.process import beat
from ingest.text.legibility import SMALL, doubt, written

if TYPE_CHECKING:
    from PIL.Image import Image


def read_pdf(source: Source) -> Document:
    """Read every page; of pages that are pictures the text is recognised.

    Raises EncryptedFile or UnreadableFile.
    """
    try:
        count = pdfium.count_pages(source.path)
        read = recognised(source.path, pdfium.pages(source.path), source.engines, count)
        outline, metadata = pdfium.structure(source.path)
    finally:
        pdfium.close()
    if not read:
        raise UnreadableFile(f"{source.name} is a PDF without pages.")
    return source.document(read, metadata=metadata, outline=outline)


# -- Recognises the text on pictures of pages whose own text is good

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
    scale = _fitting(page, _DOTS)
    picture = pdfium.render(path, page.number, scale)
    for box in written_on:
        reading = read(cropped(picture, box, scale), scale, engines)
        page = _with(page, reading, box)
    return page


def _described(path: Path, page: Page, captioner: Captioner | None) -> Page:
    """The page with its figures described."""
    if captioner is None or not page.figures:
        return page
    scale = _fitting(page, _DOTS)
    picture, figures, why_not = pdfium.render(path, page.number, scale), [], ""
    for figure in page.figures:
        shows, why_not = described(captioner, cropped(picture, figure.box, scale))
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
    picture = cropped(whole, box, _LOOK)
    size = [max(1, round(side * SMALL / _LOOK)) for side in picture.size]
    known = [replace(line, box=_moved(line.box, -box.x0, -box.y0)) for line in lines]
    return written(picture.resize((size[0], size[1])), known)


def _with(page: Page, reading: Writing, place: Box) -> Page:
    there = [replace(line, box=_moved(line.box, place.x0, place.y0)) for line in reading.lines]
    new = beside(page, there)
    unread = page.unread + reading.unread
    if characters_in(new) >= _STAIN:
        first = replace(new[0], begins=True)
        return replace(added(page, (first, *new[1:]), reading), unread=unread, note=page.note)
    if reading.lines or reading.note in (UNREADABLE, NO_TEXT):  # then it is probably a drawing
        return page
    return replace(page, unread=unread, note=reading.note)


def _moved(box: Box, across: float, down: float) -> Box:
    return Box(box.x0 + across, box.y0 + down, box.x1 + across, box.y1 + down)


REPLACED = "text layer without sense"
UNEXPLAINED = "ink without text"
NAMELESS = "letters that the font does not name"  # why they were dropped, and the flaw

_LEAST_SIDE = 1_000  # pixels: a scan's page may have any number of points
_SMALL_SIDE = 400  # pixels, when ink is measured
_SPECK, _LOGO = 10, 200  # characters: less ink is no text
_RICH = 1_000  # characters: so full a page holds no scan; without a picture _LOGO are enough
_HOLES = 0.1  # of the characters: so many nameless letters leave no sentence whole


def recognised(path: Path, pages: Iterable[Page], engines: Engines, count: int = 0) -> Packed:
    """The pages, `count` in all, with the recognised text of scanned ones."""

    def each() -> Iterator[Page]:
        for number, page in enumerate(pages, start=1):
            yield _recognised(path, page, engines)
            beat(number, count)

    return Packed(each())


def reason(path: Path, page: Page) -> str:
    """Why the page should be recognised, as a phrase; empty when its text layer is good.

    May raise UnreadableFile: the page cannot be drawn.
    """
    nameless = sum(d.characters for d in page.dropped if d.reason == NAMELESS)
    why = doubt(page.text) or (NAMELESS if nameless > _HOLES * (page.characters or 0) else "")
    return why or (UNEXPLAINED if _unread_ink(path, page) else "")


def _recognised(path: Path, page: Page, engines: Engines) -> Page:
    try:
        why = reason(path, page)
        if not why:
            return pictured(path, page, engines)
        scale = _fitting(page, max(_DOTS, _LEAST_SIDE / max(page.width, page.height)))
        reading = read(pdfium.render(path, page.number, scale), scale, engines)
    except UnreadableFile:  # a page that cannot be drawn keeps the text it has
        return page
    return _completed(page, reading) if why == UNEXPLAINED else _replaced(page, reading, why)


def _unread_ink(path: Path, page: Page) -> bool:
    """Whether there is more writing than the lines explain."""
    characters = count(page.text)
    if not page.width or characters >= (_RICH if page.pictures else _LOGO):
        return False  # drawing the page costs as much as reading it
    scale = _fitting(page, max(SMALL, _SMALL_SIDE / max(page.width, page.height)))
    unread = written(pdfium.render(path, page.number, scale), page.lines, scale)
    return unread > max(characters, _LOGO if characters else _SPECK)


def _fitting(page: Page, scale: float) -> float:
    """The scale, or as much of it as brings the picture of the page within the bounds."""
    return scale * fitting(page.width * scale, page.height * scale)


def _replaced(page: Page, reading: Writing, flaw: str) -> Page:
    """The page with recognised lines instead of a senseless text layer."""
    if not reading.lines or doubt("\n".join(line.text for line in reading.lines)):
        return replace(page, note=reading.note or f"bad text layer: {flaw}")
    layer = characters_in(page.lines)
    lost = Dropped(f"{REPLACED}: {flaw}", layer)
    page = replace(page, lines=(), tables=(), dropped=(*page.dropped, lost))
    return added(page, reading.lines, reading)


def _completed(page: Page, reading: Writing) -> Page:
    """The page with the text layer's lines, followed by recognised lines that it lacks."""
    if new := beside(page, reading.lines):
        return added(page, new, reading)
    missing = not page.lines or (reading.unread and not reading.lines)
    return replace(page, unread=reading.unread, note=reading.note) if missing else page
