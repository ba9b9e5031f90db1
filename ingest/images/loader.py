"""Picture files: each picture is a page, and its text is recognised."""

from contextlib import suppress
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from ingest.document.model import Box, Document, Figure, Page, count
from ingest.document.source import Engines, Source, described
from ingest.images.ai_provenance import generated, marked
from ingest.images.image_file import frames, number
from ingest.images.recognition import Recognition, read
from ingest.platform.process import beat

if TYPE_CHECKING:
    from PIL.Image import Image


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
        pages[-1] = replace(pages[-1], note=f"{pages[-1].note} {_left_out(len(pages))}".strip())
    read = source.document(tuple(pages), metadata=metadata)
    return marked(read, generated(source.path))


def _left_out(read: int) -> str:
    return f"The file has too many pictures: those behind the first {read:,} were not read."


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
        at,
        width,
        height,
        reading.lines,
        pictures=1,
        ocr=bool(reading.lines),
        figures=() if reading.lines and not shows else (figure,),
        characters=sum(count(line.text) for line in reading.lines),
        unread=reading.unread,
        note=". ".join(filter(None, (reading.note, why_not))),
    )


def _metadata(picture: "Image") -> dict[str, str]:
    with suppress(Exception):  # camera metadata is optional
        taken = str(picture.getexif().get(0x0132) or "").strip("\x00 ")
        return {"created": taken} if taken else {}
    return {}
