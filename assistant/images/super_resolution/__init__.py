"""Small and blurred pictures become larger and sharper: Real-ESRGAN, a generative network, run tile
by tile in a process of its own. What it adds is invented, and the results say so.
"""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from assistant.errors import AssistantError

if TYPE_CHECKING:
    import threading

    from PIL.Image import Image

    from assistant.contract.outcome import Offer


class CannotEnhance(AssistantError):
    """The picture or this machine does not allow it. The message is for people."""


class Enlarging(Protocol):
    """A network that is loaded."""

    times: int  # how many times as wide and as high a tile comes back

    def enlarge(self, tile: "Image") -> "Image":
        """RGB in, RGB out. Raises Stopped within a second, or CannotEnhance."""
        ...


class Enlarger(Protocol):
    """Loads a network for as long as a picture takes."""

    name: str

    def offers(self) -> "tuple[Offer, ...]":
        """What has to be fetched first."""
        ...

    def loaded(self, cancel: "threading.Event") -> AbstractContextManager[Enlarging]:
        """Raises CannotEnhance when it cannot run here."""
        ...

    def digest(self) -> str:
        """The sha256 of its weights."""
        ...
