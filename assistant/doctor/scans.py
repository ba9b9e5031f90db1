"""What reads scans and pictures, in which languages, and which it would need for the others."""

import shutil
import subprocess

from assistant.doctor.check import Check, install, outcome
from assistant.settings import Settings
from ingest.errors import CannotRecognise
from ingest.images.ocr.rapid import LANGUAGES
from ingest.images.ocr.tesseract import Tesseract


def check(settings: Settings, child: subprocess.Popen[str]) -> Check:
    """`child` prints the version of RapidOCR, if that can be imported."""
    status, said = outcome(child)
    if settings.ocr == "off":
        remedy = "Choose rapidocr: the setting ocr, or the variable PINCITE_OCR."
        return Check("scans", "warning", "Scans and pictures are not read: ocr is off.", remedy)
    if settings.ocr == "tesseract":
        return _tesseract(settings.ocr_languages)
    if status:
        remedy = install("ocr", "rapidocr", "rapidocr onnxruntime")
        return Check("scans", "warning", f"Scans and pictures are not read: {said}", remedy)
    return _rapidocr(said, settings.ocr_languages)


def _tesseract(languages: tuple[str, ...]) -> Check:
    try:
        reader = Tesseract(languages)
    except CannotRecognise as error:
        return Check("scans", "warning", str(error), "Or without it: PINCITE_OCR=rapidocr")
    if reader.absent:
        message = f"Tesseract has no data for {', '.join(reader.absent)}."
        return Check("scans", "warning", message, f"Install tesseract-ocr-{reader.absent[0]}")
    return Check("scans", "ok", f"Tesseract, for {', '.join(languages)}")


def _rapidocr(version: str, languages: tuple[str, ...]) -> Check:
    unread = [language for language in languages if language not in LANGUAGES]
    if unread:
        return _instead(f"RapidOCR {version} does not read {', '.join(unread)}.", languages)
    other = "; Tesseract is installed, too" if shutil.which("tesseract") else ""
    return Check("scans", "ok", f"RapidOCR {version}, for {', '.join(languages)}{other}")


def _instead(message: str, languages: tuple[str, ...]) -> Check:
    """Tesseract reads where it has data for all languages."""
    try:
        absent = Tesseract(languages).absent
    except CannotRecognise:
        remedy = "Install Tesseract with the data of all these languages; it reads then."
        return Check("scans", "warning", message, remedy)
    if not absent:
        return Check("scans", "ok", f"Tesseract, for {', '.join(languages)}. {message}")
    message += f" Tesseract, which could, has no data for {', '.join(absent)}."
    return Check("scans", "warning", message, f"Install tesseract-ocr-{absent[0]}")
