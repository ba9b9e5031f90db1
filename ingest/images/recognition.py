"""The text of a picture, and an estimate of its unreadable text."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from ingest.document.model import Box, Document, Figure, Line, Page, characters_in
from ingest.document.source import Engines, Source, described
from ingest.errors import CannotRecognise
from ingest.images.ai_provenance import generated, marked
from ingest.images.image_file import frames, number, scaled
from ingest.images.ocr_engines import recognizer
from ingest.platform.process import beat
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
        unsure = characters_in(line for line in found if line.confidence < _LEAST)
        return Recognition(lines, unsure)
    unread = _by_ink(picture, scale)
    return Recognition((), unread, UNREADABLE if unread else NO_TEXT)


def _by_ink(picture: "Image", scale: float) -> int:
    """An estimate of characters on a picture like paper; a photograph has no ink."""
    factor = min(1.0, SMALL / scale)
    small = picture.convert("L").resize(scaled(picture, factor))
    characters = written(small, scale=scale * factor) if like_paper(small) else 0
    return characters if characters >= FEW else 0


def beside(page: Page, lines: Sequence[Line]) -> tuple[Line, ...]:
    """The recognised lines that the page does not have already."""
    boxes = [line.box for line in page.lines]
    return tuple(line for line in lines if _outside(line.box, boxes))


def added(page: Page, lines: Sequence[Line], reading: Recognition) -> Page:
    """The page with recognised lines after its own, and the estimate of missing text."""
    return replace(
        page, lines=(*page.lines, *lines), ocr=True, characters=page.source + characters_in(lines),
        unread=reading.unread, note=reading.note,
    )  # fmt: skip


def _outside(box: Box, others: Sequence[Box]) -> bool:
    area = (box.x1 - box.x0) * (box.y1 - box.y0)
    return sum(_shared(box, other) for other in others) < _SAME * area


def _shared(one: Box, other: Box) -> float:
    across = min(one.x1, other.x1) - max(one.x0, other.x0)
    down = min(one.y1, other.y1) - max(one.y0, other.y0)
    return max(across, 0.0) * max(down, 0.0)


# -- Picture files: each picture is a page, and its text is recognised

DAMAGED = "damaged page"


def load_image(source: Source) -> Document:
    """Load a picture file. A picture without text has a figure and a note, and no lines.

    The text of a picture that a model has made is marked, and no evidence.

    Raises UnreadableFile.
    """
    pages = []
    metadata: dict[str, str] = {}
    known: dict[bytes, Recognition] = {}
    for at, frame in enumerate(frames(source.path), start=1):
        pages.append(_page(at, frame, source.engines, known))
        metadata = metadata or (_metadata(frame[0]) if frame else {})
        beat(at, 0)
    if number(source.path) > len(pages):
        last = pages[-1]
        note = (
            f"The file has too many pictures: those behind the first {len(pages):,} were not read."
        )
        pages[-1] = replace(last, note=f"{last.note} {note}".strip())
    document = source.document(tuple(pages), metadata=metadata)
    return marked(document, generated(source.path))


def _page(
    at: int, frame: tuple["Image", float] | None, engines: Engines, known: dict[bytes, Recognition]
) -> Page:
    if frame is None:
        return Page(at, 0.0, 0.0, (), characters=0, note=DAMAGED)
    picture, scale = frame
    # A file may show one picture a thousand times, and recognition takes long.
    same = blake2b(picture.tobytes() + repr((picture.size, scale)).encode()).digest()
    reading = known[same] = known.get(same) or read(picture, scale, engines)
    width, height = picture.width / scale, picture.height / scale
    shows, why_not = described(engines.captioner, picture)
    figure = Figure(Box(0, 0, width, height), description=shows)
    return Page(
        at, width, height, reading.lines, 1, bool(reading.lines),
        figures=() if reading.lines and not shows else (figure,),
        characters=characters_in(reading.lines), unread=reading.unread,
        note=". ".join(filter(None, (reading.note, why_not))),
    )  # fmt: skip


def _metadata(picture: "Image") -> dict[str, str]:
    with suppress(Exception):  # camera metadata is optional
        taken = str(picture.getexif().get(0x0132) or "").strip("\x00 ")
        return {"created": taken} if taken else {}
    return {}
