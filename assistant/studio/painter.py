"""A picture, clip or sound is painted by a diffusion model on this machine.

A DrawingJob goes to a painter, which reports its progress to a Watch, and returns what it Painted.
Only `diffusers_painter.py` and `drawing_model.py` know which library does it.
"""

import io
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.contract.reply import Progress
from assistant.errors import AssistantError
from ingest.document.wire import Codec, InvalidData
from ingest.errors import Stopped
from ingest.images.image_file import small_jpeg

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image


# -- How a picture came out of noise: the steps, their seconds, and small pictures of some of them
# Kept in a file beside the picture, which goes when the picture does. The small pictures are the
# previews that were shown meanwhile: they cost nothing more than to be made smaller.

SUFFIX = ".steps"
_PICTURES = 8  # that are kept, spread over the steps
_STEP_SIDE = 160  # pixels
_QUALITY = 80  # of a JPEG: about 4 KB each
_LARGEST = 1 << 20  # bytes of such a file


@dataclass(frozen=True)
class Step:
    """One step of the scheduler, with a small preview for some of them."""

    number: int  # from 1
    seconds: float
    picture: bytes = b""  # a JPEG of the picture as the model saw it then; empty where none is kept


@dataclass(frozen=True)
class Denoising:
    """What happened between noise and picture."""

    scheduler: str
    device: str  # such as "cpu" or "cuda:0"
    steps: tuple[Step, ...]


_CODEC: Codec[Denoising] = Codec(Denoising)


class StepLog:
    """Filled while a picture is painted."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._last = time.perf_counter()

    def note(self, number: int, preview: bytes = b"") -> None:
        """A step is done; `preview` is a PNG where there is a new one."""
        now = time.perf_counter()
        small = _small(preview) if preview else b""
        self._steps.append(Step(number, round(now - self._last, 3), small))
        self._last = time.perf_counter()

    def result(self, scheduler: str, device: str) -> Denoising:
        """All steps; at most eight of them, evenly spread, keep their picture."""
        shown = [at for at, step in enumerate(self._steps) if step.picture]
        most = min(_PICTURES, len(shown))
        kept = {shown[round(n * (len(shown) - 1) / max(most - 1, 1))] for n in range(most)}
        steps = (
            step if at in kept else replace(step, picture=b"")
            for at, step in enumerate(self._steps)
        )
        return Denoising(scheduler, device, tuple(steps))


def keep_denoising(picture: Path, made: Denoising) -> None:
    """Store the steps beside the picture; on a full disk they are left out."""
    with suppress(OSError):
        picture.with_suffix(SUFFIX).write_bytes(_CODEC.encode(made))


def kept_denoising(picture: Path) -> Denoising | None:
    """The stored steps of a picture; None where there are none, or they are damaged."""
    with suppress(OSError, InvalidData):
        file = picture.with_suffix(SUFFIX)
        if file.stat().st_size <= _LARGEST:
            return _CODEC.decode(file.read_bytes())
    return None


def _small(preview: bytes) -> bytes:
    from PIL import Image

    with Image.open(io.BytesIO(preview), formats=("PNG",)) as opened:
        return small_jpeg(opened, _STEP_SIDE, _QUALITY)


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
class GeneratedSound:
    """Samples from -1 to 1, channels x time."""

    samples: "NDArray[np.float32]"
    rate: int  # a second


@dataclass(frozen=True)
class Painted:
    """The result of a job: pictures, or the frames of a clip, or a sound."""

    job: DrawingJob  # the job as done: with its seed, size, steps and guidance
    pictures: "tuple[Image, ...]" = ()
    frames: "tuple[Image, ...]" = ()
    sound: GeneratedSound | None = None
    notes: tuple[str, ...] = ()  # sentences on what could not be done as requested
    denoising: Denoising | None = None  # how it came out of noise, where the painter reports it


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
