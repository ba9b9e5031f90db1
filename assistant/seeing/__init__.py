"""What a picture shows: models that describe it and answer questions, and one that names things."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PIL.Image import Image


class Viewer(Protocol):
    """Describes pictures (an `ingest.captions.Captioner`), and answers questions about them."""

    def describe(self, picture: "Image") -> str:
        """One or two sentences; nothing when the model is not sure."""
        ...

    def answer(self, picture: "Image", question: str) -> str:
        """In a few words; nothing from a model that only describes."""
        ...
