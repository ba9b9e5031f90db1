"""Opens attached pictures as safely as those of a library."""

from pathlib import Path
from typing import TYPE_CHECKING

from assistant.images.generation import canvas
from ingest.errors import UnreadableFile
from ingest.images import image_file

if TYPE_CHECKING:
    from PIL.Image import Image


def picture(path: Path) -> "Image":
    """The first one of a file, upright and in RGB. Raises UnreadableFile."""
    if not path.is_file():
        raise UnreadableFile(f"There is no file {path}.")
    for frame in image_file.frames(path):
        if frame is not None:
            return frame[0]
    raise UnreadableFile(f"{path.name} is a damaged picture.")


def mask(path: Path, size: tuple[int, int]) -> "Image":
    """Black and white, of that size; of a file with clear parts, what is painted is white.

    Raises UnreadableFile, or CannotPaint for a mask that marks nothing.
    """
    from PIL import Image

    picture(path)  # as safe and whole as any other
    with Image.open(path) as file:
        clear = file.mode in ("RGBA", "LA", "P")
        found = file.convert("RGBA" if clear else "L")
    return canvas.hard(found, size)
