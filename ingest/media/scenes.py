"""Detects scenes: one still picture for each, once it has settled."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import UnreadableFile
from ingest.media.ffmpeg import Media
from ingest.platform.process import beat

if TYPE_CHECKING:
    from ingest.media.ffmpeg import Gray, Picture


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
    picture: "Callable[[], Picture]"

    def differs(self, other: "Scene") -> bool:
        """Whether two pictures differ, by the share of changed cells in their small grey copies."""
        difference = abs(self.small.astype("int16") - other.small.astype("int16"))
        return float((difference > _OTHER).mean()) > _CHANGED


def scenes(
    pictures: "Iterable[tuple[float, Gray, Callable[[], Picture]]]", seconds: float
) -> Iterator[Scene]:
    """`seconds` is the length of the video, 0 when it is not known."""
    every = max(_EVERY, seconds / MOST_SCENES)
    return islice(_settled(_looks(pictures, every), every), MOST_SCENES)


def _looks(
    pictures: "Iterable[tuple[float, Gray, Callable[[], Picture]]]", every: float
) -> Iterator[Scene]:
    looked = -every
    for seconds, small, picture in pictures:
        if seconds >= looked + every:
            looked = seconds
            yield Scene(seconds, small, picture)


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


# -- Saves a still picture of each scene of a video as JPEG in a folder

MOST_KEYFRAMES = 24  # pictures: of a video with more scenes, some of all its parts
_SIDE = 1024  # pixels at most


def stills(path: Path, folder: Path) -> list[float]:
    """Save pictures and return their seconds; picture n is `place(folder, n)`.

    Raises UnreadableFile.
    """
    with Media(path) as media:
        if not media.has_pictures:
            return []
        moments = list(_save_scenes(media, folder))
    if not moments:
        raise UnreadableFile(f"{path.name} is damaged: no picture of it can be decoded.")
    every = max(len(moments) / MOST_KEYFRAMES, 1.0)
    chosen = [int(at * every) for at in range(min(len(moments), MOST_KEYFRAMES))]
    for number, at in enumerate(chosen):  # never before itself: none is written over
        place(folder, at).replace(place(folder, number))
    return [moments[at] for at in chosen]


def place(folder: Path, number: int) -> Path:
    """The path of picture n, from 0."""
    return folder / f"{number}.jpg"


def _save_scenes(media: Media, folder: Path) -> Iterator[float]:
    from PIL import Image

    for number, scene in enumerate(scenes(media.pictures(), media.seconds)):
        beat(int(scene.seconds), int(media.seconds))
        picture = Image.fromarray(scene.picture())
        picture.thumbnail((_SIDE, _SIDE))
        picture.save(place(folder, number), "JPEG", quality=90)
        yield round(scene.seconds, 2)
