"""The seam for a model that describes pictures. Its words are marked as machine-made."""

from typing import TYPE_CHECKING, Protocol

from ingest.errors import PinciteError
from ingest.platform.progress import beat

if TYPE_CHECKING:
    from PIL.Image import Image

_NOT = "its pictures are not described"


class Captioner(Protocol):
    """Describes pictures: the text goes into Figure.description, never among the lines.

    It travels to a child process and is a key of caches: a frozen dataclass of plain values that
    loads its model when it is first used.
    """

    def describe(self, picture: "Image") -> str:
        """One or two sentences; empty when the model is not sure."""
        ...


def described(captioner: Captioner | None, picture: "Image") -> tuple[str, str]:
    """The description of a picture, and a note where the model could not be used: the text of the
    file is useful without it. Both empty without a model."""
    if captioner is None:
        return "", ""
    beat(0, 0)  # a large model takes long
    try:
        return " ".join(captioner.describe(picture).split()), ""
    except PinciteError as error:
        return "", f"{_NOT}: {str(error).rstrip('.')}"
    except MemoryError:
        return "", f"{_NOT}: the vision model needs more memory than file_memory_mb gives a reader"
    finally:
        beat(0, 0)
