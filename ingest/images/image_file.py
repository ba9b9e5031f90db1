"""Opens picture files, draws any page that has a picture, and tells which ones a model has made.

Knows no recognition of text.
"""

import io
import json
import os
import re
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ingest.document.model import Box, Document, Page
from ingest.errors import UnreadableFile, UnsupportedFile

if TYPE_CHECKING:
    from PIL.Image import Image


SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".gif", ".tif", ".tiff"),
    *(".heic", ".heif", ".avif"),
)
DRAWABLE = (".pdf", *SUFFIXES)  # formats whose pages are pictures
MOST_PIXELS = 150_000_000  # of one picture: half a gigabyte in memory
MOST_FRAMES = 2_000  # pictures of one file: an archive of a thousand faxes fits
_PIXELS, _PER_BYTE = 1e9, 5_000  # of all; an empty page of a fax has 4,800 for each byte
_LONGEST = 65_535  # pixels of a side, as in a JPEG; text recognition multiplies a thin picture
_DRAWN = 16_000_000  # pixels that a screen ever needs
# What is opened, whatever a name says: Pillow would hand PostScript to another program.
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "DIB", "TIFF", "WEBP", "AVIF", "HEIF")
_LONG_SIDE = 842  # points of A4: the assumed size of a picture that states none
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, struct.error)  # what Pillow raises
_BROKEN = (*_DAMAGE, TypeError, LookupError, ArithmeticError)  # and for camera metadata
_SCREEN = 96 / 72  # pixels in a point, at least: a small picture in a document is from a screen
_BELIEVED = range(100, 1201)  # dots per inch; 72 and 96 are what programs write for "unknown"


def frames(path: Path) -> Iterator[tuple["Image", float] | None]:
    """The pictures of a file, upright and in RGB, and their pixels a point.

    None stands for a damaged picture of several. When there are too many, those at the end are
    left out: `number` tells. Raises UnreadableFile.
    """
    pixels, most = 0, max(_PIXELS, _PER_BYTE * path.stat().st_size)
    with _opened(path) as file:
        number = _count(file)
        for index in range(min(number, MOST_FRAMES)):
            if pixels > most:
                return
            try:
                frame = _frame(path.name, file, index)
                pixels += file.width * file.height
            except _DAMAGE:
                if number == 1:
                    raise
                frame = None
            yield frame


def inner(data: bytes, name: str) -> tuple["Image", float]:
    """The first picture of an embedded file, and its pixels a point.

    Raises UnsupportedFile for what is none of the usual formats, or UnreadableFile.
    """
    from PIL import Image, UnidentifiedImageError

    formats = _formats(data[4:8] == b"ftyp")  # HEIF begins so, and some others
    try:
        with Image.open(io.BytesIO(data), formats=formats) as file:
            picture, dense = _frame(name, file, 0)
            return picture, max(dense, _SCREEN)
    except UnidentifiedImageError as error:
        raise UnsupportedFile(f"{name} is a picture of a kind that is not read.") from error
    except _DAMAGE as error:
        raise UnreadableFile(f"{name} is a damaged picture: {error}.") from error


def number(path: Path) -> int:
    """How many pictures a file has; MOST_FRAMES + 1 stands for more. Raises UnreadableFile."""
    with _opened(path) as file:
        return _count(file)


def check_drawable(path: Path) -> None:
    """Raises UnsupportedFile for a file that has no picture, by its name."""
    if path.suffix.lower() not in DRAWABLE:
        raise UnsupportedFile(f"{path.name} has no pages that can be shown as pictures.")


def render(path: Path, page: int, scale: float = 1.5) -> "Image":
    """A page of a PDF or of a picture file, at `scale` pixels a point.

    Raises UnreadableFile, or UnsupportedFile for files that have no picture.
    """
    check_drawable(path)
    if path.suffix.lower() == ".pdf":
        from ingest.pdf import pdfium

        return pdfium.render(path, page, scale)
    with _opened(path) as file:
        if not 1 <= page <= _count(file):
            raise UnreadableFile(f"{path.name} has no page {page}: it has {_count(file)}.")
        picture, dense = _frame(path.name, file, page - 1)
    size = scaled(picture, min(scale / dense, (_DRAWN / (picture.width * picture.height)) ** 0.5))
    return picture.resize(size) if size != picture.size else picture


def scaled(picture: "Image", factor: float) -> tuple[int, int]:
    """The size of a picture that is larger by this factor; at least one pixel."""
    return max(1, round(picture.width * factor)), max(1, round(picture.height * factor))


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    from PIL import Image, UnidentifiedImageError

    formats = _formats(path.suffix.lower() in (".heic", ".heif"))
    try:
        with Image.open(path, formats=formats) as file:
            yield file
    except UnidentifiedImageError as error:
        raise UnreadableFile(f"{path.name} is not a picture, or is damaged.") from error
    except FileNotFoundError as error:
        raise UnreadableFile(
            f"{path} cannot be opened. If it was deleted, add the document's file again."
        ) from error
    except _DAMAGE as error:
        raise UnreadableFile(f"{path.name} is a damaged picture: {error}.") from error


def _formats(heif: bool) -> list[str]:
    """Those that Pillow may open, of any size; HEIF has an opener of its own."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # our own check has a lower bound and a sentence
    if heif:
        import pi_heif

        pi_heif.register_heif_opener()
    Image.init()
    return [name for name in _FORMATS if name in Image.OPEN]


def _count(file: Any) -> int:
    # Other formats have several pictures for animations and thumbnails.
    if file.format != "TIFF":
        return 1
    for index in range(1, MOST_FRAMES + 1):  # Pillow's own count takes minutes for 20,000
        try:
            file.seek(index)
        except EOFError:
            break
    else:
        index = MOST_FRAMES + 1
    file.seek(0)
    return index


def _frame(name: str, file: Any, index: int) -> tuple["Image", float]:
    if index:
        file.seek(index)
    if file.width * file.height > MOST_PIXELS or max(file.size) > _LONGEST:
        raise UnreadableFile(
            f"{name} is a picture of {file.width} x {file.height} pixels, more than can be "
            "read safely. Save a smaller copy and add that."
        )
    file.draft("RGB", (4_000, 4_000))  # a huge JPEG is decoded at half or a quarter of its size
    dots = _dots(file)
    picture = _rgb(_upright(file))
    long_side = max(picture.size)
    return picture, dots / 72 if dots else max(long_side / _LONG_SIDE, 0.1)


def _upright(file: Any) -> "Image":
    """The picture as the camera was held; as stored when that metadata is damaged."""
    from PIL import ImageOps

    file.load()  # damage of the picture itself shows here
    try:
        return ImageOps.exif_transpose(file)
    except _BROKEN:
        stored: Image = file.copy()
        return stored


def cropped(picture: "Image", box: Box, scale: float) -> "Image":
    """A box, in points, of a picture with `scale` pixels a point; at least one pixel."""
    x0, y0, x1, y1 = (round(side * scale) for side in box)
    return picture.crop((x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)))


def small_jpeg(picture: "Image", side: int, quality: int) -> bytes:
    """A copy in RGB of at most `side` pixels in width and height."""
    small, file = picture.convert("RGB"), io.BytesIO()
    small.thumbnail((side, side))
    small.save(file, "JPEG", quality=quality)
    return file.getvalue()


def _dots(file: Any) -> float:
    try:
        dots = float(file.info.get("dpi", (0, 0))[0])
    except (TypeError, ValueError, ZeroDivisionError, IndexError):
        return 0.0
    drafted = bool(getattr(file, "decoderconfig", None)) and file.decoderconfig[0] > 1
    return dots if round(dots) in _BELIEVED and not drafted else 0.0


def _rgb(picture: Any) -> "Image":
    from PIL import Image

    if picture.mode.startswith(("I", "F")):  # 16 bits and more: convert() would cut them off
        picture = _stretched(picture)
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        paper = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(paper, clear).convert("RGB")
    rgb: Image.Image = picture if picture.mode == "RGB" else picture.convert("RGB")
    return rgb


def _stretched(picture: Any) -> "Image":
    import numpy as np
    from PIL import Image

    values = np.asarray(picture).astype(np.float32)
    np.nan_to_num(values, copy=False)
    least, most = values.min(), values.max()
    values -= least
    values *= 255 / ((most - least) or 1)
    return Image.fromarray(values.astype(np.uint8))


Finish = Callable[["Image"], bytes]
"""Turns a drawn page into a PNG."""


def drawn(path: Path, page: int, scale: float, finish: Finish) -> bytes:
    """A page (the first is 1) at `scale` pixels a point, finished. Raises as `render`, or
    EncryptedFile."""
    return finish(render(path, page, scale))


# -- Recognises pictures that a model has made: they are never evidence
# The mark is in the file: Pincite's own, the "parameters" of Stable Diffusion programs, the graph
# of ComfyUI, or the source type of IPTC that XMP and C2PA name (as cameras, editors and web
# services write it). A picture from which somebody has taken the mark cannot be told from a
# photograph.

PROVENANCE_KEY = "pincite"  # of the PNG text that holds a Provenance as JSON
MADE_BY_MODEL = "made by a generative model"  # the reason why its lines are no evidence
NEVER_CITED = "made by a generative model, never cited"
_IPTC = "trainedAlgorithmicMedia"  # also as compositeWithTrainedAlgorithmicMedia
_NAMED = re.compile(rf"{_IPTC}|\"class_type\"", re.IGNORECASE)
_STEPS = re.compile(r"\bSteps: \d+, ")  # as Stable Diffusion programs write it
_SETTINGS = re.compile(r"\b(?:Seed|Sampler|CFG scale): ")  # behind it
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
        if found := next(filter(None, map(provenance, texts)), None):
            return found
        if any(map(_of_others, texts)):  # they may be packed in the file
            return Provenance()
    file.seek(0)
    found_in_bytes = re.search(_IPTC.encode(), file.read(_MOST), re.IGNORECASE)
    return Provenance() if found_in_bytes else None


def marked(document: Document, found: Provenance | None) -> Document:
    """The document, with its lines hidden from answers if a model has made it."""
    if found is None:
        return document
    pages = tuple(map(_marked, document.pages))
    return replace(
        document, pages=pages, metadata={**document.metadata, "generated": found.to_json()}
    )


def _marked(page: Page) -> Page:
    lines = tuple(replace(line, hidden=line.hidden or MADE_BY_MODEL) for line in page.lines)
    return replace(page, lines=lines, note="; ".join(filter(None, [page.note, NEVER_CITED])))


def _of_others(text: str) -> bool:
    """Steps in two searches: one expression would try all pairs of places."""
    steps = _STEPS.search(text)
    return bool(_NAMED.search(text) or (steps and _SETTINGS.search(text, steps.end())))


def _of_wav(file: BinaryIO) -> Provenance | None:
    """From the comment behind the sound."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - _COMMENTS))
    found = _ICMT.search(file.read())
    return provenance(found[1].decode("utf-8", "replace")) if found else None


def _texts(file: BinaryIO) -> list[str]:
    """The text fields of a picture file."""
    from PIL import Image

    with Image.open(file, formats=("PNG", "JPEG", "WEBP")) as picture:
        # For a PNG also the fields after the picture.
        found = {**picture.info, **getattr(picture, "text", {})}
        comment = picture.getexif().get_ifd(_EXIF).get(_COMMENT, "")
    return [text for text in (*found.values(), _decoded(comment)) if isinstance(text, str)]


def _decoded(comment: Any) -> str:
    """EXIF names the encoding in eight bytes before the text."""
    if not isinstance(comment, bytes):
        return str(comment)
    wide = comment.startswith(b"UNICODE")
    return comment[8:].decode("utf-16-be" if wide else "utf-8", "replace")
