"""Videos: the speech, then the text on the first picture of each scene."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest.document.captioner import Captioner, described
from ingest.document.model import NOWHERE, Box, Document, Dropped, Figure, Line, Page, count
from ingest.document.source import Source
from ingest.errors import CannotRecognise, UnreadableFile
from ingest.images.ocr import Recognizer, recognizer
from ingest.loaders.media.audio import SoundStream, lasting
from ingest.media.ffmpeg import Media, clock
from ingest.media.scene_detection import Scene, scenes
from ingest.platform.progress import beat

if TYPE_CHECKING:
    from PIL.Image import Image

    from ingest.media.ffmpeg import Gray, Picture


@dataclass(frozen=True)
class _Written:
    """The text on the pictures."""

    lines: tuple[Line, ...] = ()
    figures: tuple[Figure, ...] = ()
    repeated: int = 0  # characters that the picture before had, too
    note: str = ""


def load_video(source: Source) -> Document:
    """Load a video as one page without a size, like a recording."""
    with Media(source.path) as media:
        if not (media.has_sound or media.has_pictures):
            raise UnreadableFile(f"{source.name} holds neither sound nor pictures.")
        sound = SoundStream(media, source) if media.has_sound else None
        title, length = media.title or source.stem, lasting(media.seconds)
    written = _written(source)
    said = sound.lines if sound else ()
    repeated = (Dropped("stands on the picture before, too", written.repeated),)
    page = Page(
        1,
        0,
        0,
        said + written.lines,
        figures=written.figures,
        characters=(sound.characters if sound else 0)
        + sum(count(line.text) for line in written.lines)
        + written.repeated,
        dropped=(sound.dropped if sound else ()) + (repeated if written.repeated else ()),
        note=". ".join(note for note in (sound.note if sound else "", written.note) if note),
    )
    metadata = sound.metadata if sound else length
    return source.document((page,), title, metadata)


def _written(source: Source) -> _Written:
    """A second pass over the file, for its pictures."""
    with Media(source.path) as media:
        if not media.has_pictures:
            return _Written()
        try:
            reader = recognizer(source.engines)
        except CannotRecognise as error:
            return _Written(note=str(error).rstrip("."))
        return _read(media, reader, source.engines.captioner)


def _read(media: Media, reader: Recognizer, captioner: Captioner | None) -> _Written:
    lines, figures, repeated = list[Line](), list[Figure](), 0
    before: set[str] = set()
    why_not = ""
    for scene in scenes(_watched(media), media.seconds):
        picture = _picture(scene)
        found = _on(picture, scene.seconds, reader)
        new = [line for line in found if line.text not in before]
        lines += [replace(line, begins=line is new[0]) for line in new]
        repeated += sum(count(line.text) for line in found) - sum(count(n.text) for n in new)
        before = {line.text for line in found}
        shows, why_not = described(captioner, picture)
        text = shows or " ".join(line.text for line in found)
        figures.append(Figure(Box(0, 0, *media.size), clock(scene.seconds), text))
    damaged = f"{media.damaged} damaged pictures could not be decoded" if media.damaged else ""
    note = ". ".join(filter(None, (damaged, why_not)))
    return _Written(tuple(lines), tuple(figures), repeated, note)


def _watched(media: Media) -> "Iterator[tuple[float, Gray, Callable[[], Picture]]]":
    """Frames, with a sign of life each second: a scene may last an hour."""
    told = -1
    for frame in media.pictures():
        if int(frame[0]) > told:
            told = int(frame[0])
            beat(told, int(media.seconds))
        yield frame


def _picture(scene: Scene) -> "Image":
    from PIL import Image

    return Image.fromarray(scene.picture())


def _on(picture: "Image", seconds: float, reader: Recognizer) -> list[Line]:
    found = reader.lines(picture, 1.0)
    moment = round(seconds, 2)
    return [
        Line(line.text, NOWHERE, confidence=line.confidence, seconds=moment)
        for line in found
        if line.text.strip()
    ]
