"""Draws pages one after the other, in a process that keeps the last file open."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.images import image_file

if TYPE_CHECKING:
    from PIL.Image import Image

Finish = Callable[["Image"], bytes]
"""Turns a drawn page into a PNG."""


class _Open:
    """The file that was drawn last, if it is a PDF."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._stack = ExitStack()

    def hold(self, path: Path) -> None:
        """Let go of the one before."""
        if path == self._path:
            return
        self._stack.close()
        self._path = None
        if path.suffix.lower() == ".pdf":
            from ingest.pdf import pdfium

            self._stack.enter_context(pdfium.kept_open(path))
            self._path = path


_open = _Open()


def drawn(path: Path, page: int, scale: float, finish: Finish) -> bytes:
    """A page (the first is 1) at `scale` pixels a point, finished. Raises as `image_file.render`,
    or EncryptedFile."""
    _open.hold(path)
    return finish(image_file.render(path, page, scale))
