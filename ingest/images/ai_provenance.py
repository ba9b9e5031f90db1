"""Recognises pictures that a model has made: they are never evidence.

The mark is in the file: Pincite's own, the "parameters" of Stable Diffusion programs, the graph of
ComfyUI, or the source type of IPTC that XMP and C2PA name (as cameras, editors and web services
write it). A picture from which somebody has taken the mark cannot be told from a photograph.
"""

import json
import os
import re
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, BinaryIO

from ingest.document.model import Document, Page
from ingest.images.image_file import SUFFIXES

KEY = "pincite"  # of the PNG text that holds a Provenance as JSON
REASON = "made by a generative model"  # the reason why its lines are no evidence
NOTE = "made by a generative model, never cited"
_IPTC = re.compile(rb"trainedAlgorithmicMedia|compositeWithTrainedAlgorithmicMedia", re.I)
_STEPS = re.compile(r"\bSteps: \d+, ")  # as Stable Diffusion programs write it
_SETTINGS = re.compile(r"\b(?:Seed|Sampler|CFG scale): ")  # behind it
_NODES = '"class_type"'  # in a graph of ComfyUI
_COMMENT = 0x9286  # EXIF's UserComment, where JPEGs have the parameters
_EXIF = 0x8769
_ICMT = re.compile(rb"ICMT.{4}([^\0]+)", re.DOTALL)
_COMMENTS = 1 << 16  # bytes at the end of a WAV
_MOST = 64 << 20  # bytes of a file that are searched


@dataclass(frozen=True)
class Provenance:
    """How a picture, clip or sound was made. Unknown values are empty or None."""

    prompt: str = ""
    negative: str = ""
    model: str = ""
    model_sha256: str = ""
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    strength: float | None = None  # strength of a change to a picture
    width: int | None = None
    height: int | None = None
    tool: str = ""  # "draw", "edit" or "vary"
    program: str = ""  # with its version

    def to_json(self) -> str:
        """A JSON object with `"generated": true` and the known values; `provenance` reads it."""
        known = {name: value for name, value in asdict(self).items() if value not in (None, "")}
        return json.dumps({"generated": True, **known}, ensure_ascii=False)


def provenance(text: str) -> Provenance | None:
    """Read the output of `to_json`; None for anything else."""
    with suppress(ValueError, RecursionError):  # the latter: brackets, thousands deep
        read = json.loads(text)
        if isinstance(read, dict) and read.get("generated") is True:
            names = {field.name for field in fields(Provenance)}
            return Provenance(**{name: value for name, value in read.items() if name in names})
    return None


def generated(path: Path) -> Provenance | None:
    """The provenance of a picture or sound, if the file says that a model made it. Never raises."""
    with suppress(OSError), path.open("rb") as file:
        if path.suffix.lower() not in SUFFIXES:
            return _of_wav(file)
        return of_picture(file)
    return None


def of_picture(file: BinaryIO) -> Provenance | None:
    """The same for a picture's bytes. Never raises: the reader of the picture reports damage."""
    with suppress(Exception):
        texts = _texts(file)
        for text in texts.values():
            if found := provenance(text):
                return found
        if told := next(filter(_is_a1111, texts.values()), ""):
            return Provenance(told.partition("\nNegative prompt:")[0].partition("\nSteps:")[0])
        if any(_NODES in text for text in texts.values()):
            return Provenance(program="ComfyUI")
        if any(_IPTC.search(text.encode()) for text in texts.values()):  # packed in the file
            return Provenance()
    file.seek(0)
    return Provenance() if _IPTC.search(file.read(_MOST)) else None


def marked(document: Document, found: Provenance | None) -> Document:
    """The document, with its lines hidden from answers if a model has made it."""
    if found is None:
        return document
    pages = tuple(map(_marked, document.pages))
    return replace(
        document, pages=pages, metadata={**document.metadata, "generated": found.to_json()}
    )


def _marked(page: Page) -> Page:
    lines = tuple(replace(line, hidden=line.hidden or REASON) for line in page.lines)
    return replace(page, lines=lines, note="; ".join(filter(None, [page.note, NOTE])))


def _is_a1111(text: str) -> bool:
    """Two searches from the first place each: one expression would try all pairs of places."""
    steps = _STEPS.search(text)
    return steps is not None and _SETTINGS.search(text, steps.end()) is not None


def _of_wav(file: BinaryIO) -> Provenance | None:
    """From the comment behind the sound."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - _COMMENTS))
    found = _ICMT.search(file.read())
    return provenance(found[1].decode("utf-8", "replace")) if found else None


def _texts(file: BinaryIO) -> dict[str, str]:
    """The text fields of a picture file, by name."""
    from PIL import Image

    with Image.open(file, formats=("PNG", "JPEG", "WEBP")) as picture:
        found = {str(name): value for name, value in picture.info.items()}
        found |= getattr(picture, "text", {})  # for a PNG also the fields after the picture
        comment = picture.getexif().get_ifd(_EXIF).get(_COMMENT, "")
    return {name: text for name, text in {**found, "comment": _decoded(comment)}.items()
            if isinstance(text, str)}  # fmt: skip


def _decoded(comment: Any) -> str:
    """EXIF names the encoding in eight bytes before the text."""
    if not isinstance(comment, bytes):
        return str(comment)
    wide = comment.startswith(b"UNICODE")
    return comment[8:].decode("utf-16-be" if wide else "utf-8", "replace")
