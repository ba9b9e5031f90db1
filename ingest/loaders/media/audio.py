"""Recordings: speech becomes lines with their seconds; paragraphs begin after pauses."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ingest.document.model import Document, Dropped, Line, Page, count
from ingest.document.source import Source
from ingest.errors import UnreadableFile, UnsupportedFile
from ingest.images.ai_provenance import generated, marked
from ingest.media import whisper
from ingest.media.ffmpeg import RATE, Media, clock
from ingest.media.pcm import DecodedSound
from ingest.media.whisper import Segment, Transcript

if TYPE_CHECKING:
    from ingest.media.ffmpeg import Samples

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
