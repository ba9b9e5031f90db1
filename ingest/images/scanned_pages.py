"""Draws and recognises pages of a PDF without a usable text layer; the others stay unchanged."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from ingest.document.model import Dropped, Page, count
from ingest.document.source import Engines
from ingest.errors import UnreadableFile
from ingest.images.ocr.recognise import Recognition, added, beside, read
from ingest.images.ocr.sizes import fitting
from ingest.images.page_images import pictured
from ingest.pdf import pdfium
from ingest.platform.progress import beat
from ingest.serialization.packed_pages import Packed
from ingest.text.legibility import SMALL, doubt, written

REPLACED = "text layer without sense"
UNEXPLAINED = "ink without text"
NAMELESS = "letters that the font does not name"  # why they were dropped, and the flaw

_DOTS = 200 / 72  # pixels in a point; an A4 page has 182, see sizes.py
_LEAST_SIDE = 1_000  # pixels: a scan's page may have any number of points
_SMALL_SIDE = 400  # pixels, when ink is measured
_STAIN, _LOGO = 10, 200  # characters: less ink is no text
_RICH = 1_000  # characters: so full a page holds no scan; without a picture _LOGO are enough
_HOLES = 0.1  # of the characters: so many nameless letters leave no sentence whole


def recognised(path: Path, pages: Iterable[Page], engines: Engines, count: int = 0) -> Packed:
    """The pages, `count` in all, with the recognised text of scanned ones."""
    return Packed(_each(path, pages, engines, count))


def _each(path: Path, pages: Iterable[Page], engines: Engines, count: int) -> Iterator[Page]:
    for number, page in enumerate(pages, start=1):
        yield _recognised(path, page, engines)
        beat(number, count)


def reason(path: Path, page: Page) -> str:
    """Why the page should be recognised, as a phrase; empty when its text layer is good.

    May raise UnreadableFile: the page cannot be drawn.
    """
    why = doubt(page.text) or (NAMELESS if _nameless(page) else "")
    return why or (UNEXPLAINED if _unread_ink(path, page) else "")


def _recognised(path: Path, page: Page, engines: Engines) -> Page:
    try:
        why = reason(path, page)
        if not why:
            return pictured(path, page, engines)
        scale = _scale(page)
        reading = read(pdfium.render(path, page.number, scale), scale, engines)
    except UnreadableFile:  # a page that cannot be drawn keeps the text it has
        return page
    return _completed(page, reading) if why == UNEXPLAINED else _replaced(page, reading, why)


def _nameless(page: Page) -> bool:
    dropped = sum(d.characters for d in page.dropped if d.reason == NAMELESS)
    return dropped > _HOLES * (page.characters or 0)


def _unread_ink(path: Path, page: Page) -> bool:
    """Whether there is more writing than the lines explain."""
    characters = count(page.text)
    if not page.width or characters >= (_RICH if page.pictures else _LOGO):
        return False  # drawing the page costs as much as reading it
    scale = max(SMALL, _SMALL_SIDE / max(page.width, page.height))
    scale *= fitting(page.width * scale, page.height * scale)
    unread = written(pdfium.render(path, page.number, scale), page.lines, scale)
    return unread > max(characters, _LOGO if characters else _STAIN)


def _scale(page: Page) -> float:
    wanted = max(_DOTS, _LEAST_SIDE / max(page.width, page.height))
    return wanted * fitting(page.width * wanted, page.height * wanted)


def _replaced(page: Page, reading: Recognition, flaw: str) -> Page:
    """The page with recognised lines instead of a senseless text layer."""
    if not reading.lines or doubt("\n".join(line.text for line in reading.lines)):
        return replace(page, note=reading.note or f"bad text layer: {flaw}")
    layer = sum(count(line.text) for line in page.lines)
    lost = Dropped(f"{REPLACED}: {flaw}", layer)
    page = replace(page, lines=(), tables=(), dropped=(*page.dropped, lost))
    return added(page, reading.lines, reading)


def _completed(page: Page, reading: Recognition) -> Page:
    """The page with the text layer's lines, followed by recognised lines that it lacks."""
    if new := beside(page, reading.lines):
        return added(page, new, reading)
    missing = not page.lines or (reading.unread and not reading.lines)
    return replace(page, unread=reading.unread, note=reading.note) if missing else page
