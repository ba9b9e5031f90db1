"""PICTURES ARE PAINTED by a diffusion model on this machine, and sounds and clips by its kin.

What others use is here: a DrawingJob goes to a Painter, which tells a Watch how far it is, and
gives back what it Painted. Only `load_pipeline.py` and `run_pipeline.py` know which library does
it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from assistant.contract.activity import Progress
from assistant.errors import AssistantError
from assistant.images.generation.denoising import Denoising
from ingest.errors import Stopped

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image


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
    seed: int | None = None  # None: another one each time
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
    denoising: Denoising | None = None  # how it came out of noise, where the painter tells


@dataclass
class Watch:
    """Shows a job's progress, and stops it."""

    cancel: threading.Event = field(default_factory=threading.Event)
    tell: Callable[[Progress], None] = lambda progress: None
    stage: Callable[[str], None] = lambda phrase: None
    previews: bool = True

    def look(self) -> None:
        """Raises Stopped."""
        if self.cancel.is_set():
            raise Stopped("Painting was stopped.")


class Painter(Protocol):
    """One model. Not for two threads at once: callers take turns."""

    name: str

    def paint(self, job: DrawingJob, watch: Watch) -> Painted:
        """Paint a job; loads the model first if necessary.

        Raises Stopped within a part of a step, or CannotPaint, or ModelUnusable.
        """
        ...

    def digest(self) -> str:
        """The sha256 of the model's weights, in hexadecimal."""
        ...
