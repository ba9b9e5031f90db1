"""Vision models: they describe pictures, answer questions about them, and tag them."""

import threading
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PIL.Image import Image


class Viewer(Protocol):
    """Describes pictures (it is a `Captioner`), and answers questions about them."""

    def describe(self, picture: "Image", cancel: threading.Event | None = None) -> str:
        """One or two sentences; empty when the model is not sure. `cancel` ends it early."""
        ...

    def answer(self, picture: "Image", question: str, cancel: threading.Event | None = None) -> str:
        """A short answer; empty from a model that only describes."""
        ...
