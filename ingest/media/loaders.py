"""Recordings: speech becomes lines with their seconds; paragraphs begin after pauses."""

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from ingest.document.model import NOWHERE, Box, Document, Dropped, Figure, Line, Page, count
from ingest.document.source import Captioner, Source, described
from ingest.errors import CannotRecognise, UnreadableFile, UnsupportedFile
from ingest.images.ai_provenance import generated, marked
from ingest.images.ocr_engines import Recognizer, recognizer
from ingest.media import whisper
from ingest.media.ffmpeg import RATE, DecodedSound, Media, clock
from ingest.media.scenes import Scene, scenes
from ingest.media.whisper import Segment, Transcript
from ingest.page_builder import Flow
from ingest.platform.process import beat
from ingest.text.decoding import read_whole

if TYPE_CHECKING:
    from PIL.Image import Image

    from ingest.media.ffmpeg import Gray, Picture, Samples


PAUSE = 1.5  # seconds of silence after which a paragraph begins
_PARAGRAPH = 45.0  # seconds after which one begins with the next sentence if there is no pause


class SoundStream:
    """The sound track of a file: its speech, and how much of it could be decoded."""

    def __init__(self, media: Media, source: Source) -> None:
        """Raises UnsupportedFile when there is no speech model."""
        if source.engines.speech is None:
            raise UnsupportedFile(
                f"{source.name} is a recording: get a speech model with "
                "`pincite models pull whisper-base`, then add it again."
            )
        self._media = media
        self._stated = media.seconds
        self.seconds = 0.0
        model = whisper.transcriber(source.engines.speech)
        pieces = self._counted(media.sound())
        self.transcript: Transcript = model.transcribe(
            pieces, source.engines.languages, self._stated
        )
        if not self.seconds:
            raise UnreadableFile(f"{source.name} is damaged: none of its sound can be decoded.")

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(_lines(self.transcript.segments))

    @property
    def characters(self) -> int:
        """As the model wrote them."""
        said = self.transcript.segments + self.transcript.doubtful
        return sum(count(segment.text) for segment in said)

    @property
    def dropped(self) -> tuple[Dropped, ...]:
        doubtful = sum(count(segment.text) for segment in self.transcript.doubtful)
        return (Dropped("words heard in noise", doubtful),) if doubtful else ()

    @property
    def note(self) -> str:
        """What is missing, and why."""
        missing = DecodedSound(self.seconds, self._stated, self._media.damaged).note
        return missing or ("" if self.transcript.segments else "nothing is said")

    @property
    def metadata(self) -> dict[str, str]:
        known = {**lasting(self.seconds), "language": self.transcript.language}
        return {name: value for name, value in known.items() if value}

    def _counted(self, pieces: "Iterator[Samples]") -> "Iterator[Samples]":
        for piece in pieces:
            self.seconds += len(piece) / RATE
            yield piece


def lasting(seconds: float) -> dict[str, str]:
    """The length of a recording as metadata: for people, and in seconds."""
    return {"duration": clock(seconds), "seconds": f"{seconds:.2f}"} if seconds else {}


def load_audio(source: Source) -> Document:
    """Load a recording as one page without a size. Sound that a model has made is no evidence."""
    with Media(source.path) as media:
        if not media.has_sound:
            raise UnreadableFile(f"{source.name} holds no sound.")
        sound = SoundStream(media, source)
        page = Page(
            1,
            0,
            0,
            sound.lines,
            characters=sound.characters,
            dropped=sound.dropped,
            note=sound.note,
        )
        read = source.document((page,), media.title, sound.metadata)
        return marked(read, generated(source.path))


def _lines(segments: Sequence[Segment]) -> Iterator[Line]:
    began, end, ended = 0.0, 0.0, True
    for segment in segments:
        long = ended and segment.start - began >= _PARAGRAPH
        begins = long or segment.start - end >= PAUSE or segment is segments[0]
        began = segment.start if begins else began
        yield Line(
            segment.text,
            begins=begins,
            confidence=segment.confidence,
            seconds=round(segment.start, 2),
        )
        end, ended = segment.end, segment.text.endswith((".", "!", "?"))


# -- Subtitles (WebVTT, SRT): speech becomes lines with their second and speaker
# A speaker's name precedes their first line, and counts as spoken.

_TIME = r"(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
_CUE = re.compile(rf"^[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}")
_BLANK = re.compile(r"\n[ \t]*\n+")
_NOT_SAID = ("STYLE", "REGION")
_VOICE = re.compile(r"<v(?:\.[\w.-]++)?+[ \t]++([^<>]++)>")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*+>|</>|<\d[\d:.]*+>|\{\\[^{}]*+\}")


class _Cue(NamedTuple):
    seconds: float
    speaker: str
    text: str


def load_subtitles(source: Source) -> Document:
    """Raises UnreadableFile when no line has a time."""
    found = read_whole(source)
    text = found.text.replace("\r\n", "\n").replace("\r", "\n")
    flow = Flow()
    speaker, cues = "", 0
    for entry in _entries(text):
        if isinstance(entry, str):
            flow.paragraph(entry, Line("", begins=True))
            continue
        changed, speaker = entry.speaker != speaker, entry.speaker
        said = f"{speaker}: {entry.text}" if changed and speaker else entry.text
        flow.paragraph(said, Line("", begins=changed or cues == 0, seconds=entry.seconds))
        cues += 1
    if not cues:
        raise UnreadableFile(f"{source.name} has no subtitles: no line in it has a time.")
    return source.document(flow.finished(), metadata={"encoding": found.encoding})


def _entries(text: str) -> Iterator[_Cue | str]:
    """Cues, and notes between them."""
    for block in _BLANK.split(text):
        lines = block.strip("\n").split("\n")
        at = next((n for n, line in enumerate(lines[:3]) if _CUE.match(line)), None)
        if at is None:
            note = block.removeprefix("WEBVTT").removeprefix("NOTE").strip(" \t\n-")
            if note and not block.startswith(_NOT_SAID):
                yield note
            continue
        yield from _cues(lines, at)


def _cues(lines: list[str], at: int) -> Iterator[_Cue]:
    """The cues of a block; without blank lines between them there are several."""
    starts = [n for n, line in enumerate(lines) if n >= at and _CUE.match(line)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        said = lines[start + 1 : end]
        if end < len(lines) and said and said[-1].strip().isdecimal():
            said = said[:-1]  # the number of the next one
        speaker, text = _plain(" ".join(said))
        if text:
            yield _Cue(_seconds(lines[start]), speaker, text)


def _plain(text: str) -> tuple[str, str]:
    voice = _VOICE.search(text)
    plain = html.unescape(_TAG.sub("", text))
    return (html.unescape(voice[1]).strip() if voice else ""), " ".join(plain.split())


def _seconds(line: str) -> float:
    match = _CUE.match(line)
    hours, minutes, seconds, parts = match.groups()[:4] if match else ("0", "0", "0", "0")
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return whole + int(parts.ljust(3, "0")) / 1000


# -- Videos: the speech, then the text on the first picture of each scene


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
