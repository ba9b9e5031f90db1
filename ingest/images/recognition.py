"""The text of a picture, and an estimate of its unreadable text: of a picture that is a file, or
stands inside a document."""

import hashlib
import time
from base64 import b64decode
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from io import BytesIO
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ingest.document.model import Box, Document, Figure, Line, Page, characters_in
from ingest.document.source import Engines, Source, described
from ingest.errors import CannotRecognise, UnreadableFile, UnsupportedFile
from ingest.images import image_file
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
class Writing:
    """The text on a picture. Its lines have no box where the document has no pages."""

    lines: tuple[Line, ...] = ()  # in points of the picture
    again: int = 0  # characters of a picture that was read before
    unread: int = 0  # estimate of what could not be read
    note: str = ""  # why it was not read


def read(picture: "Image", scale: float, engines: Engines) -> Writing:
    """Recognise a picture; `scale` is its pixels in a point."""
    try:
        found = recognizer(engines).lines(picture, scale)
    except CannotRecognise as error:
        return Writing((), 0, _by_ink(picture, scale), str(error))
    lines = tuple(line for line in found if line.confidence >= _LEAST)
    if lines:
        unsure = characters_in(line for line in found if line.confidence < _LEAST)
        return Writing(lines, unread=unsure)
    unread = _by_ink(picture, scale)
    return Writing((), 0, unread, UNREADABLE if unread else NO_TEXT)


def _by_ink(picture: "Image", scale: float) -> int:
    """An estimate of characters on a picture like paper; a photograph has no ink."""
    factor = min(1.0, SMALL / scale)
    small = picture.convert("L").resize(image_file.scaled(picture, factor))
    characters = written(small, scale=scale * factor) if like_paper(small) else 0
    return characters if characters >= FEW else 0


def beside(page: Page, lines: Sequence[Line]) -> tuple[Line, ...]:
    """The recognised lines that the page does not have already."""
    return tuple(
        line for line in lines
        if sum(_shared(line.box, other.box) for other in page.lines)
        < _SAME * _shared(line.box, line.box)
    )  # fmt: skip


def added(page: Page, lines: Sequence[Line], reading: Writing) -> Page:
    """The page with recognised lines after its own, and the estimate of missing text."""
    return replace(
        page, lines=(*page.lines, *lines), ocr=True, characters=page.source + characters_in(lines),
        unread=reading.unread, note=reading.note,
    )  # fmt: skip


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
    known: dict[bytes, Writing] = {}
    for at, frame in enumerate(image_file.frames(source.path), start=1):
        pages.append(_page(at, frame, source.engines, known))
        metadata = metadata or (_metadata(frame[0]) if frame else {})
        beat(at, 0)
    if image_file.number(source.path) > len(pages):
        last = pages[-1]
        note = (
            f"The file has too many pictures: those behind the first {len(pages):,} were not read."
        )
        pages[-1] = replace(last, note=f"{last.note} {note}".strip())
    document = source.document(tuple(pages), metadata=metadata)
    return image_file.marked(document, image_file.generated(source.path))


def _page(
    at: int, frame: tuple["Image", float] | None, engines: Engines, known: dict[bytes, Writing]
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


# -- Recognises the text on pictures inside a document, each picture once
# For formats that are not drawn page by page, such as Word files, slides and web pages. Their
# readers hand over the bytes of a picture where they meet it; pages of a PDF are drawn, see
# `pdf.loader`.

AGAIN = "text on a picture that was read before"
DAMAGED_PICTURE = "a picture that is damaged or too large to be opened"
FORMAT = "a picture in a format that is not read"
TOO_MANY = "pictures behind the first {:,} of the document were not read"
TOO_LONG = "pictures were not read after {:,} minutes of reading others of the document"
MOST = 2_000  # pictures of a document that are read
MINUTES = 30.0  # of reading pictures of a document: about 1,000 scans on a small machine
LARGEST = 100_000_000  # bytes of a picture
_ICON = 20_000  # pixels in all: fewer hold no line of text
_KIND = 5  # letters of a format that is named
_STAIN = 10  # characters: fewer are a label or no text
_GLANCE = 550_000  # pixels: still enough to detect the text of a full page
_SHADES = 300  # pixels of a side, for checking whether a picture is like paper


class Pasted:
    """Reads the pictures of one document, within a time and a number."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._known: dict[bytes, Writing] = {}
        self._spent = 0.0  # seconds

    def read(self, data: bytes, name: str = "") -> Writing:
        """The text on a picture; `name` gives its format where the bytes do not."""
        key = hashlib.sha256(data).digest()
        if (known := self._known.get(key)) is not None:
            return known
        if len(self._known) >= MOST:
            return Writing(note=TOO_MANY.format(MOST))
        if self._spent >= MINUTES * 60:
            return Writing(note=TOO_LONG.format(round(MINUTES)))
        began = time.monotonic()
        writing = self._fresh(data, name)
        self._spent += time.monotonic() - began
        beat(0, 0)
        self._known[key] = Writing(again=characters_in(writing.lines))
        return writing

    def _fresh(self, data: bytes, name: str) -> Writing:
        try:
            picture, scale = image_file.inner(data, name)
            if picture.width * picture.height < _ICON:
                return Writing()
            made = image_file.of_picture(BytesIO(data))
            hidden = image_file.MADE_BY_MODEL if made else ""
            return _writing(self._reading(picture, scale), hidden)
        except UnsupportedFile:
            kind = PurePosixPath(name).suffix.lstrip(".").upper()
            short = kind.isalnum() and len(kind) <= _KIND
            return Writing(note=f"{FORMAT} ({kind})" if short else FORMAT)
        except (UnreadableFile, MemoryError):
            return Writing(note=DAMAGED_PICTURE)

    def _reading(self, picture: "Image", scale: float) -> Writing:
        """Read a large photograph small first: most have no text, and full size is expensive."""
        factor = (_GLANCE / (picture.width * picture.height)) ** 0.5
        if factor < 1 and not like_paper(_resized(picture, _SHADES / max(picture.size))):
            glance = read(_resized(picture, factor), scale * factor, self._engines)
            if characters_in(glance.lines) < _STAIN:
                return Writing() if glance.lines else glance
        return read(picture, scale, self._engines)


def best(forms: Iterable[Writing]) -> Writing:
    """The first readable one of several forms of a picture."""
    first = None
    for form in forms:
        if not form.note:
            return form
        first = first or form
    return first or Writing()


def decoded(base64: str) -> bytes:
    """The bytes of a `data:` picture; empty when it is damaged."""
    with suppress(ValueError):
        return b64decode(base64)
    return b""


def _writing(reading: Writing, hidden: str) -> Writing:
    """`hidden` is the reason why its lines are no evidence; empty when they are."""
    lines = tuple(
        Line(line.text, begins=line.begins or not at, confidence=line.confidence, hidden=hidden)
        for at, line in enumerate(reading.lines)
    )
    if characters_in(lines) >= _STAIN:
        return Writing(lines, unread=reading.unread)
    if lines or reading.note == NO_TEXT or not reading.unread:
        return Writing()
    return Writing(unread=reading.unread, note=reading.note)


def _resized(picture: "Image", factor: float) -> "Image":
    from PIL.Image import Resampling

    return picture.resize(image_file.scaled(picture, factor), Resampling.BILINEAR, reducing_gap=2)
