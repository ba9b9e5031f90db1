"""Saves pictures of a document in a folder: cut out of its pages, or frames of its video."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.document.model import Box
from ingest.errors import UnreadableFile
from ingest.images import image_file
from ingest.media.ffmpeg import Media
from ingest.media.scenes import place, scenes
from ingest.platform.process import beat

if TYPE_CHECKING:
    from PIL.Image import Image

Spot = tuple[int, Box]  # a page and a box on it, in points; for a video, one for each scene
NOT_CUT = -1.0
FILMS = (".mp4", ".m4v", ".mov", ".mkv", ".webm")
KINDS = (*image_file.DRAWABLE, *FILMS)  # formats whose pictures can be shown
_SIDE = 512  # pixels of what is kept, at most
_PAGE = 1_600  # pixels of the longer side of a page that is drawn


def cut(path: Path, spots: Sequence[Spot], folder: Path) -> list[float]:
    """Save spot n as `place(folder, n)`. Returns the seconds of each in a video, else 0; NOT_CUT
    for spots that cannot be drawn. Spots are ordered by page."""
    found = [NOT_CUT] * len(spots)
    made = _film(path) if path.suffix.lower() in FILMS else _drawn(path, spots)
    for number, seconds, picture in made:
        if number >= len(spots):
            break
        picture.thumbnail((_SIDE, _SIDE))
        picture.convert("RGB").save(place(folder, number), "JPEG", quality=92)
        found[number] = seconds
        beat(number, len(spots))
    return found


def _drawn(path: Path, spots: Sequence[Spot]) -> Iterator[tuple[int, float, "Image"]]:
    with ExitStack() as stack:
        if path.suffix.lower() == ".pdf":
            from ingest.pdf import pdfium

            stack.enter_context(pdfium.kept_open(path))
        for page, here in groupby(enumerate(spots), key=lambda spot: spot[1][0]):
            yield from _of_page(path, page, [(number, box) for number, (_, box) in here])


def _of_page(
    path: Path, page: int, boxes: Sequence[tuple[int, Box]]
) -> Iterator[tuple[int, float, "Image"]]:
    across = max(max(box.x1, box.y1) for _, box in boxes)
    scale = min(_PAGE / max(across, 1.0), 4.0)
    try:
        whole = image_file.render(path, page, scale)
    except UnreadableFile:
        return
    for number, box in boxes:
        x0, y0, x1, y1 = (round(side * scale) for side in box)
        yield number, 0.0, whole.crop((x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)))


def _film(path: Path) -> Iterator[tuple[int, float, "Image"]]:
    from PIL import Image

    with Media(path) as media:
        for number, scene in enumerate(scenes(media.pictures(), media.seconds)):
            yield number, round(scene.seconds, 2), Image.fromarray(scene.picture())
