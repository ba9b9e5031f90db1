"""What a picture says, and an estimate of what it says that nobody could read."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.document import Line, count
from ingest.errors import CannotRecognise
from ingest.legibility import FEW, SMALL, like_paper, written
from ingest.ocr import recognizer
from ingest.source import Engines

if TYPE_CHECKING:
    from PIL.Image import Image

UNREADABLE = "unreadable scan"
NO_TEXT = "a picture without text"

_LEAST = 0.5  # of confidence: below, the text is a guess at a stain, a drawing or handwriting


@dataclass(frozen=True)
class Reading:
    """Lines in points of the picture, what is missing among them, and a note for a person."""

    lines: tuple[Line, ...] = ()
    unread: int = 0
    note: str = ""


def read(picture: "Image", scale: float, engines: Engines) -> Reading:
    """Recognise a picture; `scale` is its pixels in a point."""
    try:
        found = recognizer(engines).lines(picture, scale)
    except CannotRecognise as error:
        return Reading((), _by_ink(picture, scale), str(error))
    lines = tuple(line for line in found if line.confidence >= _LEAST)
    if lines:
        unsure = sum(count(line.text) for line in found if line.confidence < _LEAST)
        return Reading(lines, unsure)
    unread = _by_ink(picture, scale)
    return Reading((), unread, UNREADABLE if unread else NO_TEXT)


def _by_ink(picture: "Image", scale: float) -> int:
    """Characters on what looks like paper; a photograph has no ink."""
    factor = min(1.0, SMALL / scale)
    size = max(1, round(picture.width * factor)), max(1, round(picture.height * factor))
    small = picture.convert("L").resize(size)
    characters = written(small, scale=scale * factor) if like_paper(small) else 0
    return characters if characters >= FEW else 0
