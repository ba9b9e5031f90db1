"""Small pictures of a document's pages, drawn in the sandbox and cached in the library.

They hold what their pages show: whatever deletes the copy of a document deletes them, too.
"""

import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.document.model import Box
from ingest.document.source import Engines
from ingest.errors import UnreadableFile
from ingest.images import image_file
from ingest.images.extract import NOT_CUT
from ingest.media.keyframes import place
from ingest.sandbox.pool import Sandbox
from vectorstore.catalog.catalog import Catalog
from vectorstore.files.files import Files

if TYPE_CHECKING:
    from ingest.images.extract import Spot

MOST = 12  # pages of one request: they are there in a second
_SIDE = 240  # pixels of the longer side: twice as many as it has on the screen
_QUALITY = 72  # of a JPEG: about 5 KB a page of text
_CAPACITY = 50 << 20  # bytes of a library: about 10,000 pages


class Thumbnails:
    """The small pictures of one library; reachable as `Library.thumbnails`."""

    def __init__(
        self, catalog: Catalog, files: Files, engines: Callable[[], Engines],
        capacity: int = _CAPACITY,
    ) -> None:  # fmt: skip
        """`capacity` in bytes: beyond it those that were not looked at for longest are deleted."""
        self._catalog = catalog
        self._files = files
        self._engines = engines
        self._capacity = capacity

    def of(self, document: str, pages: Iterable[int]) -> dict[int, bytes]:
        """JPEGs of the first `MOST` of these pages by their numbers; those that cannot be drawn are
        left out. Raises UnknownDocument."""
        sha256 = self._catalog.sha256(document)
        wanted = list(dict.fromkeys(pages))[:MOST]
        folder = self._files.drawn(sha256)
        known = {page: _cached(folder, page) for page in wanted}
        if missing := sorted(page for page, picture in known.items() if not picture):
            known |= self._draw(document, sha256, missing, folder)
        return {page: picture for page, picture in known.items() if picture}

    def _draw(
        self, document: str, sha256: str, pages: Sequence[int], folder: Path
    ) -> dict[int, bytes]:
        path = self._files.path(sha256)
        if path.suffix.lower() not in image_file.DRAWABLE or not path.exists():
            return {}
        found = [self._catalog.page(document, page) for page in pages]
        spots = [(p.number, Box(0, 0, p.width, p.height)) for p in found if p and p.width]
        drawn = self._drawn(path, spots)
        with suppress(OSError):  # a full disk: they are drawn again
            self._keep(folder, drawn)
        if not self._catalog.holds(sha256):  # removed; its copy may be on its way in again
            self._files.forget_drawn(sha256)
        return drawn

    def _drawn(self, path: Path, spots: "Sequence[Spot]") -> dict[int, bytes]:
        if not spots:
            return {}
        with tempfile.TemporaryDirectory(prefix="pincite-") as scratch:
            folder = Path(scratch)
            with Sandbox(engines=self._engines(), folder=folder) as sandbox:
                try:
                    cut = sandbox.start_cut(path, spots, folder)()
                except UnreadableFile:  # the document list reports the problem
                    return {}
            return {
                page: _small(place(folder, number))
                for number, ((page, _), seconds) in enumerate(zip(spots, cut, strict=True))
                if seconds != NOT_CUT
            }

    def _keep(self, folder: Path, drawn: dict[int, bytes]) -> None:
        """For nobody else to read, as everything in a home."""
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        for page, picture in drawn.items():
            handle, scratch = tempfile.mkstemp(dir=folder)  # with the rights 0600
            with os.fdopen(handle, "wb") as file:
                file.write(picture)
            Path(scratch).replace(_at(folder, page))
        _trim(folder.parent, self._capacity)


def _at(folder: Path, page: int) -> Path:
    return folder / f"{page}.jpg"


def _cached(folder: Path, page: int) -> bytes:
    """Empty where there is none."""
    path = _at(folder, page)
    with suppress(OSError):
        picture = path.read_bytes()
        os.utime(path)  # looked at now
        return picture
    return b""


def _small(file: Path) -> bytes:
    from PIL import Image

    with Image.open(file, formats=("JPEG",)) as opened:
        return image_file.small_jpeg(opened, _SIDE, _QUALITY)


def _trim(folder: Path, capacity: int) -> None:
    """Delete those that were not looked at for longest, until the rest fits."""
    found = []
    for path in folder.glob("*/*"):
        with suppress(OSError):  # another process was faster
            stat = path.stat()
            found.append((stat.st_mtime, stat.st_size, path))
    used = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if used <= capacity:
            return
        with suppress(OSError):
            path.unlink(missing_ok=True)
        used -= size
