"""Still pictures of a document, saved as JPEG: scenes of a video, or what is cut out of pages."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.document.model import Box
from ingest.errors import UnreadableFile
from ingest.images import image_file
from ingest.media.ffmpeg import Media
from ingest.platform.process import beat

if TYPE_CHECKING:
    from PIL.Image import Image

    from ingest.media.ffmpeg import Frame, Gray


def place(folder: Path, number: int) -> Path:
    """The path of picture n, from 0."""
    return folder / f"{number}.jpg"


# -- Detects scenes of a video: one still picture for each, once it has settled

MOST_SCENES = 240  # scenes of one video; of a long video fewer moments are looked at
_EVERY = 0.5  # seconds between two samples
# Of the 64 x 36 cells, those that have become lighter or darker by 20 of 255: 4.6 % for a slide
# with two other lines of text (measured), about 1 % for one more line. Noise changes none.
_OTHER = 20
_CHANGED = 0.005


@dataclass(frozen=True)
class Scene:
    """A moment at which the picture has changed."""

    seconds: float
    small: "Gray"
    picture: "Callable[[], Image]"

    def differs(self, other: "Scene") -> bool:
        """Whether two pictures differ, by the share of changed cells in their small grey copies."""
        difference = abs(self.small.astype("int16") - other.small.astype("int16"))
        return float((difference > _OTHER).mean()) > _CHANGED


def scenes(pictures: "Iterable[Frame]", seconds: float) -> Iterator[Scene]:
    """`seconds` is the length of the video, 0 when it is not known."""
    every = max(_EVERY, seconds / MOST_SCENES)

    def looks() -> Iterator[Scene]:
        looked = -every
        for at, small, picture in pictures:
            if at >= looked + every:
                looked = at
                yield Scene(at, small, picture)

    return islice(_settled(looks(), every), MOST_SCENES)


def _settled(looks: Iterable[Scene], every: float) -> Iterator[Scene]:
    """Takes a new picture one sample later: at first one may be fading into the other."""
    taken: Scene | None = None
    fresh: Scene | None = None
    for look in looks:
        if fresh and look.differs(fresh) and look.seconds - fresh.seconds > 2 * every:
            yield (taken := fresh)  # samples are far apart, and it appeared once
            fresh = None
        if taken and not look.differs(taken):
            fresh = None
        elif fresh:
            yield Scene(fresh.seconds, look.small, look.picture)
            taken, fresh = look, None
        else:
            fresh = look
    if fresh:
        yield fresh


# -- The scenes of a video, for people to look at

MOST_KEYFRAMES = 24  # pictures: of a video with more scenes, some of all its parts
_STILL = 1024  # pixels at most


def stills(path: Path, folder: Path) -> list[float]:
    """Save pictures and return their seconds; picture n is `place(folder, n)`.

    Raises UnreadableFile.
    """
    with Media(path) as media:
        if not media.has_pictures:
            return []
        moments = []
        for number, scene in enumerate(scenes(media.pictures(), media.seconds)):
            _save(scene.picture(), folder, number, _STILL, quality=90)
            moments.append(round(scene.seconds, 2))
    if not moments:
        raise UnreadableFile(f"{path.name} is damaged: no picture of it can be decoded.")
    every = max(len(moments) / MOST_KEYFRAMES, 1.0)
    chosen = [int(at * every) for at in range(min(len(moments), MOST_KEYFRAMES))]
    for number, at in enumerate(chosen):  # never before itself: none is written over
        place(folder, at).replace(place(folder, number))
    return [moments[at] for at in chosen]


def _save(picture: "Image", folder: Path, number: int, side: int, quality: int) -> None:
    place(folder, number).write_bytes(image_file.small_jpeg(picture, side, quality))


# -- The pictures of a document, for finding them by what they show

Spot = tuple[int, Box]  # a page and a box on it, in points; for a video, one for each scene
NOT_CUT = -1.0
FILMS = (".mp4", ".m4v", ".mov", ".mkv", ".webm")
KINDS = (*image_file.DRAWABLE, *FILMS)  # formats whose pictures can be shown
_CUT = 512  # pixels of what is kept, at most
_PAGE = 1_600  # pixels of the longer side of a page that is drawn


def cut(path: Path, spots: Sequence[Spot], folder: Path) -> list[float]:
    """Save spot n as `place(folder, n)`. Returns the seconds of each in a video, else 0; NOT_CUT
    for spots that cannot be drawn. Spots are ordered by page."""
    found = [NOT_CUT] * len(spots)
    made = _film(path) if path.suffix.lower() in FILMS else _drawn(path, spots)
    for number, seconds, picture in made:
        if number >= len(spots):
            break
        _save(picture, folder, number, _CUT, quality=92)
        found[number] = seconds
        beat(number, len(spots))
    return found


def _film(path: Path) -> Iterator[tuple[int, float, "Image"]]:
    with Media(path) as media:
        for number, scene in enumerate(scenes(media.pictures(), media.seconds)):
            yield number, round(scene.seconds, 2), scene.picture()


def _drawn(path: Path, spots: Sequence[Spot]) -> Iterator[tuple[int, float, "Image"]]:
    for page, here in groupby(enumerate(spots), key=lambda spot: spot[1][0]):
        boxes = [(number, box) for number, (_, box) in here]
        across = max(max(box.x1, box.y1) for _, box in boxes)
        scale = min(_PAGE / max(across, 1.0), 4.0)
        with suppress(UnreadableFile):
            whole = image_file.render(path, page, scale)
            for number, box in boxes:
                yield number, 0.0, image_file.cropped(whole, box, scale)
