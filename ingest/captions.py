"""The seam for a model that says what a picture shows. Its words are marked as machine-made."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PIL.Image import Image


class Captioner(Protocol):
    """Describes pictures: the text goes into Figure.description, never among the lines.

    It travels to a child process and is a key of caches: a frozen dataclass of plain values that
    loads its model when it is first used.
    """

    def describe(self, picture: "Image") -> str:
        """One or two sentences; nothing when the model is not sure."""
        ...
