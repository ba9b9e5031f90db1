"""Pictures become lines: who recognises, in which languages, and what is said when nobody can."""

from functools import cache
from typing import TYPE_CHECKING, Protocol

from ingest.document.model import Line
from ingest.document.source import Engines
from ingest.errors import CannotRecognise

if TYPE_CHECKING:
    from PIL.Image import Image


class Recognizer(Protocol):
    """Reads a picture. Lines come in reading order, with their place and confidence."""

    def lines(self, picture: "Image", scale: float) -> tuple[Line, ...]:
        """`scale` is pixels in a point; boxes are in points of the picture as it is given."""
        ...


@cache  # models load once in a process
def recognizer(engines: Engines) -> Recognizer:
    """The one that the settings name. Raises CannotRecognise, which says why there is none."""
    if engines.ocr == "rapidocr":
        from ingest.images.ocr.rapid import Rapid

        return Rapid(engines.languages)
    if engines.ocr == "tesseract":
        from ingest.images.ocr.tesseract import Tesseract

        return Tesseract(engines.languages)
    if engines.ocr == "off":
        raise CannotRecognise("Pictures and scans are not read: text recognition is switched off.")
    raise CannotRecognise(
        f"{engines.ocr!r} is no text recognition. Choose rapidocr, tesseract or off."
    )
