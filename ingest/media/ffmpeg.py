"""Decodes recordings and videos with FFmpeg. The only module that imports av (PyAV)."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ingest.document.source import readable
from ingest.errors import UnreadableFile, UnsupportedFile
from ingest.platform.process import beat, require

if TYPE_CHECKING:
    import av
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    Samples = NDArray[np.float32]
    Gray = NDArray[np.uint8]
    Frame = tuple[float, Gray, Callable[[], Image]]


RATE = 16_000  # samples a second, what speech models are trained on

# FFmpeg looks at the content, not at the suffix, and some of its formats (HLS, concat) are lists of
# other files and of addresses. Such a list that calls itself .mp3 would make it fetch them.
_SAFE = {
    "format_whitelist": "wav,mp3,mov,mp4,matroska,webm,ogg,flac,aiff,aac",
    "protocol_whitelist": "file",
}
_MOST_PIXELS = 8192 * 4320  # of a frame; more is an attack on memory
# Decoding all of a video costs about 3 ns a pixel; of a longer one only the frames that its encoder
# stored whole are looked at, and it stores one whole wherever the scene changes.
_ALL_OF = 15e9  # pixels: five minutes of 1280 x 720 at 50 a second


class Media:
    """An open file with sound, moving pictures or both; a context manager."""

    def __init__(self, path: Path) -> None:
        """Raises UnreadableFile, or UnsupportedFile without the extra that decodes."""
        require("speech", "av", to="read recordings and videos", error=UnsupportedFile)
        import av

        self.name = path.name
        self.damaged = 0  # pieces that could not be decoded, so far
        try:
            self._container = av.open(str(path), metadata_errors="ignore", options=_SAFE)
        except (av.error.FFmpegError, ValueError) as error:
            message = f"{path.name} is damaged, or not a recording: it cannot be decoded."
            raise UnreadableFile(message) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    @property
    def has_sound(self) -> bool:
        return bool(self._container.streams.audio)

    @property
    def has_pictures(self) -> bool:
        return self._video() is not None

    @property
    def seconds(self) -> float:
        """The stated length in seconds; 0 when there is none."""
        return (self._container.duration or 0) / 1e6  # FFmpeg counts in microseconds

    @property
    def title(self) -> str:
        return str(self._container.metadata.get("title", "")).strip()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pictures."""
        stream = self._video()
        return (stream.width, stream.height) if stream else (0, 0)

    def sound(self) -> "Iterator[Samples]":
        """The first sound track, in pieces of any length."""
        import av

        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        for frame in self._frames(self._container.streams.audio[0]):
            frame.pts = None  # a jump in the time stamps must not stop the resampler
            for piece in resampler.resample(frame):
                yield piece.to_ndarray()[0]
        for piece in resampler.resample(None):
            yield piece.to_ndarray()[0]

    def pictures(self) -> "Iterator[Frame]":
        """Frames with their time: a small grey copy, and a function that returns the full one.

        There is a sign of life for each second of the film.
        """
        stream = self._video()
        if stream is None:
            return
        if stream.width * stream.height > _MOST_PIXELS:
            raise UnreadableFile(f"{self.name}: {stream.width} x {stream.height} is too large.")
        frames = float(stream.average_rate or 25) * max(self.seconds, 1.0)
        if stream.width * stream.height * frames > _ALL_OF:
            stream.codec_context.skip_frame = "NONKEY"
        stream.thread_type = "AUTO"
        told = -1
        for frame in self._frames(stream):
            small = frame.reformat(width=64, height=36, format="gray").to_ndarray()
            seconds = float(frame.time or 0.0)
            if int(seconds) > told:
                told = int(seconds)
                beat(told, int(self.seconds))
            yield seconds, small, functools.partial(_upright, frame)

    def _video(self) -> "av.VideoStream | None":
        """The video stream; not a cover picture, which is a stream of one frame."""
        import av

        attached = av.stream.Disposition.attached_pic
        films = (s for s in self._container.streams.video if not s.disposition & attached)
        return next(films, None)

    def _frames(self, stream: Any) -> Iterator[Any]:
        """Decodable frames: a damaged piece is lost, but not what follows it."""
        import av

        packets = self._container.demux(stream)
        while True:
            try:
                yield from next(packets).decode()
            except (StopIteration, av.error.EOFError):
                return
            except av.error.FFmpegError:
                self.damaged += 1


def clock(seconds: float) -> str:
    """A moment of a recording as a player shows it: 03:12, or 1:03:12."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def _upright(frame: "av.VideoFrame") -> "Image":
    """The frame as a player shows it: telephones store the rotation as metadata."""
    import numpy as np
    from PIL import Image

    return Image.fromarray(np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90)))


# -- Writes the sound of a recording as plain samples into a file. The sandbox runs it, so that
# other code need not touch FFmpeg.

_LONGEST = 24 * 3600  # seconds: 2.8 GB of samples
_PIECE = 30 * RATE  # samples that are read back at a time
_MISSING = 2.0  # seconds that a complete file may fall short of its header's length


@dataclass(frozen=True)
class DecodedSound:
    """The decodable part of a sound track."""

    seconds: float
    stated: float  # the length by the file's header; 0 when it states none
    damaged: int = 0  # pieces that are lost

    @property
    def note(self) -> str:
        """What is missing, and why; empty when nothing is."""
        if self.stated - self.seconds > _MISSING:
            return f"breaks off at {clock(self.seconds)} of {clock(self.stated)}"
        if self.damaged:
            return f"{self.damaged} damaged pieces of the sound could not be decoded"
        return ""


def decode(path: Path, target: Path) -> DecodedSound:
    """Write the first sound track as 16-bit samples, one channel, RATE a second.

    Raises UnreadableFile for what is no recording, holds no sound or more than a day of it.
    """
    name = readable(path.name)
    with Media(path) as media, target.open("wb") as file:
        if not media.has_sound:
            raise UnreadableFile(f"{name} holds no sound.")
        written = 0
        for piece in media.sound():
            file.write((piece.clip(-1, 1) * 32767).astype("<i2").tobytes())
            written += len(piece)
            beat(written // RATE, int(media.seconds))
            if written > _LONGEST * RATE:
                raise UnreadableFile(f"{name} is longer than {clock(_LONGEST)}: split it.")
        if not written:
            raise UnreadableFile(f"{name} is damaged: none of its sound can be decoded.")
        return DecodedSound(written / RATE, media.seconds, media.damaged)


def samples(decoded: Path) -> "Iterator[Samples]":
    """Reads the output of `decode` in pieces."""
    import numpy as np

    with decoded.open("rb") as file:
        while piece := file.read(2 * _PIECE):
            yield np.frombuffer(piece, "<i2").astype(np.float32) / np.float32(32767)
