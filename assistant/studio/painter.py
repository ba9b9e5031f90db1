"""A picture is painted by a diffusion model on this machine.

A DrawingJob goes to a painter, which reports its progress to a Watch, and returns what it Painted.
Only `diffusers_painter.py` and `drawing_model.py` know which library does it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assistant.contract.reply import Progress
from assistant.errors import AssistantError
from ingest.errors import Stopped

if TYPE_CHECKING:
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
