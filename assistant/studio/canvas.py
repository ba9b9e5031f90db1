"""Jobs of painting, and pictures of any size fitted to a size that a model can work on, and back.

What lies outside of the mask is the original's own pixels afterwards, bit by bit: a model's VAE
cannot give them back as they were, so they are put back. The seam is softened inside of the mask.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.contract.reply import Progress
from assistant.errors import AssistantError
from ingest.errors import Stopped, UnreadableFile
from ingest.images import image_file
from ingest.images.image_file import PROVENANCE_KEY, Provenance

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.PngImagePlugin import PngInfo


class CannotPaint(AssistantError):
    """The request cannot be done with this model or on this machine; the message says what can."""


@dataclass(frozen=True)
class DrawingJob:
    """A painting job. None: the default of the model's family."""

    prompt: str
    negative: str = ""
    size: tuple[int, int] | None = None  # width and height in pixels
    steps: int | None = None
    guidance: float | None = None
    seed: int | None = None  # None: a new one each time
    picture: "Image | None" = None  # what it begins with, in RGB
    mask: "Image | None" = None  # of the picture's size, in L: 255 is painted again
    strength: float | None = None  # how much of the picture is forgotten, 0 to 1


@dataclass(frozen=True)
class Painted:
    """The result of a job."""

    job: DrawingJob  # the job as done: with its seed, size, steps and guidance
    picture: "Image"
    notes: tuple[str, ...] = ()  # sentences on what could not be done as requested


@dataclass
class Watch:
    """Shows a job's progress, and stops it."""

    cancel: threading.Event = field(default_factory=threading.Event)
    tell: Callable[[Progress], None] = lambda progress: None
    stage: Callable[[str], None] = lambda phrase: None

    def look(self) -> None:
        """Raises Stopped once the job is cancelled."""
        if self.cancel.is_set():
            raise Stopped("Painting was stopped.")


# -- Fits a picture to a model

Size = tuple[int, int]

_MOST = 4  # times the area that a model was trained on: beyond it paints everything twice
_MOST_GROWN = 50_000_000  # pixels: more than photographs have, and far from filling the memory
_LEAST, _NEAR = 0.5, 1.5  # times that area: a picture between them is worked on as it is
_SEAM = 0.02  # of the long side
_ASKEW = 0.03  # of a side: what rounding does to a mask that was painted on a small copy
_WIDEST = 100  # pixels: a mean of 8 bits shows one black pixel among 201, not among many more


@dataclass(frozen=True)
class Likes:
    """The sizes that a model can work on."""

    native: Size  # what it was trained on
    step: int  # sides are multiples of it

    @property
    def area(self) -> int:
        return self.native[0] * self.native[1]


@dataclass(frozen=True)
class Fit:
    """The fit of a picture to a model's size, and back."""

    size: Size  # of the picture
    scaled: Size  # the same shape, near what the model was trained on
    work: Size  # the same, up to the next sides that the model can work on

    def into(self, picture: "Image") -> "Image":
        """Scaled; at the right and the bottom the last pixels are repeated."""
        return _repeated(_resized(picture, self.scaled), (0, 0), self.work)

    def back(self, painted: "Image") -> "Image":
        """The picture without the added border. It stays scaled."""
        return painted.crop((0, 0, *self.scaled))


def fresh(size: Size, likes: Likes) -> Fit:
    """How a new picture fits the model. Raises CannotPaint for a size that it would spoil."""
    width, height = size
    least = likes.step
    if min(size) < least or width * height > _MOST * likes.area:
        raise CannotPaint(
            f"A picture of {width}x{height} cannot be painted: this model was trained on "
            f"{likes.native[0]}x{likes.native[1]}. Sides have at least {least} pixels, and "
            f"the whole at most {_MOST} times as many as that; enhance makes a picture larger."
        )
    return Fit(size, size, _rounded(size, likes))


def given(size: Size, likes: Likes) -> Fit:
    """How a picture that is to be changed fits the model: it may be scaled."""
    area = size[0] * size[1]
    factor = 1.0
    if not _LEAST * likes.area <= area <= _NEAR * likes.area:
        factor = (likes.area / area) ** 0.5
    width, height = (max(1, round(side * factor)) for side in size)
    return Fit(size, (width, height), _rounded((width, height), likes))


def _rounded(size: Size, likes: Likes) -> Size:
    width, height = (-(-side // likes.step) * likes.step for side in size)
    return width, height


def grown(picture: "Image", by: tuple[int, int, int, int]) -> "tuple[Image, Image]":
    """The picture on a larger canvas, and the mask of what is new.

    `by` is pixels at the left, top, right and bottom. The border begins as the
    picture's edge, which a model continues better than an even colour.
    """
    from PIL import Image

    left, top, right, bottom = by
    if min(by) < 0 or not any(by):
        raise CannotPaint("A picture grows by a number of pixels: --grow LEFT,TOP,RIGHT,BOTTOM.")
    size = picture.width + left + right, picture.height + top + bottom
    if size[0] * size[1] > _MOST_GROWN:
        raise CannotPaint(
            f"A picture cannot grow to {size[0]}x{size[1]} pixels: at most "
            f"{_MOST_GROWN / 1e6:.0f} million in all. Let it grow by less."
        )
    mask = Image.new("L", size, 255)
    mask.paste(0, (left, top, left + picture.width, top + picture.height))
    return _repeated(picture, (left, top), size), mask


def put_back(original: "Image", painted: "Image", mask: "Image") -> "Image":
    """The painted picture where the mask is white, the original elsewhere.

    Softened towards the inside alone, so that a black pixel of the mask changes nothing.
    """
    from PIL import Image

    return Image.composite(_resized(painted, original.size), original, _softened(mask))


def hard(mask: "Image", size: Size) -> "Image":
    """Black and white alone. Raises CannotPaint for a mask that marks nothing, or has another
    shape: stretched, it would mark something else than what was painted."""
    from PIL import Image

    (width, height), (w, h) = mask.size, size
    if abs(width * h - height * w) > _ASKEW * width * h:
        raise CannotPaint(
            f"The mask has {width}x{height} pixels and the picture {w}x{h}: another shape. Paint "
            "the mask over a copy of the picture."
        )
    opaque = mask.width * mask.height
    if mask.mode in ("RGBA", "LA") and mask.getchannel("A").histogram()[255] < opaque:
        mask = mask.getchannel("A")  # painted on a clear sheet: what is painted counts
    mask = mask.convert("L")
    if mask.size != size:
        mask = mask.resize(size, Image.Resampling.NEAREST)
    black_or_white = mask.point(lambda value: 255 if value >= 128 else 0)
    if not black_or_white.getbbox():
        raise CannotPaint("The mask marks nothing: white areas are painted again.")
    return black_or_white


def _softened(mask: "Image") -> "Image":
    from PIL import ImageChops, ImageFilter

    radius = min(max(1, round(max(mask.size) * _SEAM)), _WIDEST)
    # Inwards first, else the blur would leave a half-painted rim beyond the mask.
    inner = _shrunk(mask, radius)
    if not inner.getbbox():  # a thin line: nothing of it would be left
        return mask
    return ImageChops.darker(inner.filter(ImageFilter.GaussianBlur(radius / 2)), mask)


def _shrunk(mask: "Image", radius: int) -> "Image":
    """What has nothing black within `radius` pixels. As a MinFilter, which takes minutes for a
    photograph: a mean along each axis that is 255 is one of white pixels alone."""
    from PIL import ImageFilter

    for along in ((radius, 0), (0, radius)):
        mask = mask.filter(ImageFilter.BoxBlur(along)).point(lambda v: 255 if v == 255 else 0)
    return mask


def _resized(picture: "Image", size: Size) -> "Image":
    from PIL import Image

    return picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)


def _repeated(picture: "Image", at: Size, size: Size) -> "Image":
    import numpy as np
    from PIL import Image

    (left, top), (width, height) = at, size
    right, bottom = width - left - picture.width, height - top - picture.height
    pixels = np.asarray(picture)
    sides = ((top, bottom), (left, right), (0, 0))[: pixels.ndim]
    return Image.fromarray(np.pad(pixels, sides, mode="edge"))


# -- Opens attached pictures as safely as those of a library


def open_picture(path: Path) -> "Image":
    """The first one of a file, upright and in RGB. Raises UnreadableFile."""
    if not path.is_file():
        raise UnreadableFile(f"There is no file {path}.")
    for frame in image_file.frames(path):
        if frame is not None:
            return frame[0]
    raise UnreadableFile(f"{path.name} is a damaged picture.")


def open_mask(path: Path, size: tuple[int, int]) -> "Image":
    """Black and white, of that size; of a file with clear parts, what is painted is white.

    Raises UnreadableFile, or CannotPaint for a mask that marks nothing.
    """
    from PIL import Image

    open_picture(path)  # as safe and whole as any other
    with Image.open(path) as file:
        clear = file.mode in ("RGBA", "LA", "P")
        found = file.convert("RGBA" if clear else "L")
    return hard(found, size)


# -- Writes into an output file how it was made
# A PNG has a Provenance as JSON (key "pincite"), the same as Stable Diffusion programs write it
# (key "parameters", so that those read it, too), and as XMP the source type of IPTC by which other
# programs know generated pictures. C2PA is left out: it needs a certificate that somebody signs
# for, which a program on a person's own machine does not have.

_SOURCES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF \
xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" \
xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" \
Iptc4xmpExt:DigitalSourceType="{source}"/></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def provenance(job: DrawingJob, tool: str, model: str, sha256: str) -> Provenance:
    """The provenance of a job's output."""
    width, height = job.size or (None, None)
    return Provenance(
        job.prompt, job.negative, model, sha256, job.seed, job.steps, job.guidance, job.strength,
        width, height, tool, program(),
    )  # fmt: skip


def program() -> str:
    """The name of this program, with its version where it is installed."""
    try:
        return f"pincite {version('pincite')}"
    except PackageNotFoundError:
        return "pincite"


def marks(made: Provenance) -> "PngInfo":
    """The text chunks that mark a PNG as generated, and say how it was made."""
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    texts.add_itxt(PROVENANCE_KEY, made.to_json())
    texts.add_itxt("parameters", parameters(made))
    texts.add_itxt("XML:com.adobe.xmp", _XMP.format(source=_SOURCES + _source(made)))
    return texts


def parameters(made: Provenance) -> str:
    """The provenance as text, in the format of Stable Diffusion programs."""
    numbers = {
        "Steps": made.steps, "CFG scale": made.guidance, "Seed": made.seed,
        "Size": f"{made.width}x{made.height}" if made.width else None,
        "Model hash": made.model_sha256[:10], "Model": made.model,
        "Denoising strength": made.strength, "Version": made.program,
    }  # fmt: skip
    told = ", ".join(
        f"{name}: {value}" for name, value in numbers.items() if value not in (None, "")
    )
    negative = [f"Negative prompt: {made.negative}"] if made.negative else []
    return "\n".join([made.prompt, *negative, told])


def _source(made: Provenance) -> str:
    """A picture that a model has changed is composed of both."""
    own = made.tool in ("", "draw")
    return "trainedAlgorithmicMedia" if own else "compositeWithTrainedAlgorithmicMedia"
