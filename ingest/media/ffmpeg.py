"""Decodes recordings and videos with FFmpeg. The only module that imports av (PyAV)."""

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ingest.errors import UnreadableFile, UnsupportedFile
from ingest.platform.extras import require

if TYPE_CHECKING:
    import av
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]  # mono, RATE a second, from -1 to 1
    Gray = NDArray[np.uint8]
    Picture = NDArray[np.uint8]  # height x width x RGB

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

    def pictures(self) -> "Iterator[tuple[float, Gray, Callable[[], Picture]]]":
        """Frames with their time: a small grey copy, and a function that returns the full one."""
        stream = self._video()
        if stream is None:
            return
        if stream.width * stream.height > _MOST_PIXELS:
            raise UnreadableFile(f"{self.name}: {stream.width} x {stream.height} is too large.")
        if _pixels(stream, self.seconds) > _ALL_OF:
            stream.codec_context.skip_frame = "NONKEY"
        stream.thread_type = "AUTO"
        for frame in self._frames(stream):
            small = frame.reformat(width=64, height=36, format="gray").to_ndarray()
            yield float(frame.time or 0.0), small, functools.partial(_upright, frame)

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


def _pixels(stream: "av.VideoStream", seconds: float) -> float:
    """The approximate number of pixels in all frames."""
    rate = float(stream.average_rate or 25)
    return stream.width * stream.height * rate * max(seconds, 1.0)


def _upright(frame: "av.VideoFrame") -> "Picture":
    """The frame as a player shows it: telephones store the rotation as metadata."""
    import numpy as np

    return np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90))
