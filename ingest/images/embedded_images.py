"""Recognises the text on pictures inside a document, each picture once.

For formats that are not drawn page by page, such as Word files, slides and web pages. Their readers
hand over the bytes of a picture where they meet it; pages of a PDF are drawn, see `images.pages`.
"""

import hashlib
import time
from base64 import b64decode
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ingest.document.model import Line, characters_in
from ingest.document.source import Engines
from ingest.errors import UnreadableFile, UnsupportedFile
from ingest.images import image_file
from ingest.images.ai_provenance import REASON, of_picture
from ingest.images.recognition import NO_TEXT, Recognition, read
from ingest.platform.process import beat
from ingest.text.legibility import like_paper

if TYPE_CHECKING:
    from PIL.Image import Image

AGAIN = "text on a picture that was read before"
DAMAGED = "a picture that is damaged or too large to be opened"
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


@dataclass(frozen=True)
class Writing:
    """The text on one picture. Its lines have no box: the document has no pages."""

    lines: tuple[Line, ...] = ()
    again: int = 0  # characters of a picture that was read before
    unread: int = 0  # estimate of what could not be read
    note: str = ""  # why it was not read


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
            return _writing(
                self._reading(picture, scale), REASON if of_picture(BytesIO(data)) else ""
            )
        except UnsupportedFile:
            kind = PurePosixPath(name).suffix.lstrip(".").upper()
            short = kind.isalnum() and len(kind) <= _KIND
            return Writing(note=f"{FORMAT} ({kind})" if short else FORMAT)
        except (UnreadableFile, MemoryError):
            return Writing(note=DAMAGED)

    def _reading(self, picture: "Image", scale: float) -> Recognition:
        """Read a large photograph small first: most have no text, and full size is expensive."""
        factor = (_GLANCE / (picture.width * picture.height)) ** 0.5
        if factor < 1 and not like_paper(_resized(picture, _SHADES / max(picture.size))):
            glance = read(_resized(picture, factor), scale * factor, self._engines)
            if characters_in(glance.lines) < _STAIN:
                return Recognition() if glance.lines else glance
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


def _writing(reading: Recognition, hidden: str) -> Writing:
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
