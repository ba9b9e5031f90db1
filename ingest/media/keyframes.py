"""Saves a still picture of each scene of a video as JPEG in a folder."""

from collections.abc import Iterator
from pathlib import Path

from ingest.errors import UnreadableFile
from ingest.media.ffmpeg import Media
from ingest.media.scene_detection import scenes
from ingest.platform.progress import beat

MOST = 24  # pictures: of a video with more scenes, some of all its parts
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
    every = max(len(moments) / MOST, 1.0)
    chosen = [int(at * every) for at in range(min(len(moments), MOST))]
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
