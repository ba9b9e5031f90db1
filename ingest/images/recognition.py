"""The text of a picture, and an estimate of its unreadable text."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest.document.model import Box, Line, Page, count
from ingest.document.source import Engines
from ingest.errors import CannotRecognise
from ingest.images.ocr_engines import recognizer
from ingest.text.legibility import FEW, SMALL, like_paper, written

if TYPE_CHECKING:
    from PIL.Image import Image


UNREADABLE = "unreadable scan"
NO_TEXT = "a picture without text"

_SAME = 0.3  # of a recognised line's area, covered by an existing line
_LEAST = 0.5  # lowest confidence: below, the text is a guess at a stain, a drawing or handwriting


@dataclass(frozen=True)
class Recognition:
    """Lines in points of the picture, an estimate of the missing text, and a note for people."""

    lines: tuple[Line, ...] = ()
    unread: int = 0
    note: str = ""


def read(picture: "Image", scale: float, engines: Engines) -> Recognition:
    """Recognise a picture; `scale` is its pixels in a point."""
    try:
        found = recognizer(engines).lines(picture, scale)
    except CannotRecognise as error:
        return Recognition((), _by_ink(picture, scale), str(error))
    lines = tuple(line for line in found if line.confidence >= _LEAST)
    if lines:
        unsure = sum(count(line.text) for line in found if line.confidence < _LEAST)
        return Recognition(lines, unsure)
    unread = _by_ink(picture, scale)
    return Recognition((), unread, UNREADABLE if unread else NO_TEXT)


def _by_ink(picture: "Image", scale: float) -> int:
    """An estimate of characters on a picture like paper; a photograph has no ink."""
    factor = min(1.0, SMALL / scale)
    size = max(1, round(picture.width * factor)), max(1, round(picture.height * factor))
    small = picture.convert("L").resize(size)
    characters = written(small, scale=scale * factor) if like_paper(small) else 0
    return characters if characters >= FEW else 0


def beside(page: Page, lines: Sequence[Line]) -> tuple[Line, ...]:
    """The recognised lines that the page does not have already."""
    boxes = [line.box for line in page.lines]
    return tuple(line for line in lines if _outside(line.box, boxes))


def added(page: Page, lines: Sequence[Line], reading: Recognition) -> Page:
    """The page with recognised lines after its own, and the estimate of missing text."""
    layer = page.characters
    if layer is None:
        layer = sum(count(line.text) for line in page.lines)
        layer += sum(dropped.characters for dropped in page.dropped)
    return replace(
        page,
        lines=(*page.lines, *lines),
        ocr=True,
        characters=layer + sum(count(line.text) for line in lines),
        unread=reading.unread,
        note=reading.note,
    )


def _outside(box: Box, others: Sequence[Box]) -> bool:
    area = (box.x1 - box.x0) * (box.y1 - box.y0)
    return sum(_shared(box, other) for other in others) < _SAME * area


def _shared(one: Box, other: Box) -> float:
    across = min(one.x1, other.x1) - max(one.x0, other.x0)
    down = min(one.y1, other.y1) - max(one.y0, other.y0)
    return max(across, 0.0) * max(down, 0.0)
