"""Recognises text in pictures: chooses the engine and languages, or says why there is none."""

from functools import cache
from typing import TYPE_CHECKING, Protocol

from ingest.document.model import Line
from ingest.document.source import Engines
from ingest.errors import CannotRecognise

if TYPE_CHECKING:
    from PIL.Image import Image


class Recognizer(Protocol):
    """Recognises a picture's lines in reading order, with place and confidence."""

    def lines(self, picture: "Image", scale: float) -> tuple[Line, ...]:
        """`scale` is in pixels a point; boxes are in points of the given picture."""
        ...


@cache  # models load once in a process
def recognizer(engines: Engines) -> Recognizer:
    """The engine of the settings. Raises CannotRecognise with the reason."""
    if engines.ocr == "rapidocr":
        return _rapid_or_tesseract(engines.languages)
    if engines.ocr == "tesseract":
        from ingest.images.ocr.tesseract import Tesseract

        return Tesseract(engines.languages)
    if engines.ocr == "off":
        raise CannotRecognise("Pictures and scans are not read: text recognition is switched off.")
    raise CannotRecognise(
        f"{engines.ocr!r} is no text recognition. Choose rapidocr, tesseract or off."
    )


def _rapid_or_tesseract(languages: tuple[str, ...]) -> Recognizer:
    """RapidOCR has no model for Cyrillic, Arabic and others: where one of these is wanted, and the
    machine has Tesseract with all that are wanted, Tesseract reads. One reads all pages, so that
    without data for one language the other's would be lost. Raises CannotRecognise."""
    from ingest.images.ocr.rapid import LANGUAGES, Rapid
    from ingest.images.ocr.tesseract import Tesseract

    if LANGUAGES.issuperset(languages):
        return Rapid(languages)
    try:
        reader = Tesseract(languages)
    except CannotRecognise:  # not installed, or without data for any
        return Rapid(languages)
    if not reader.absent:
        return reader
    if LANGUAGES.isdisjoint(languages):
        raise CannotRecognise(f"Scans are not read: {reader.lacks()}")
    return Rapid(languages)  # the doctor names what is missing
