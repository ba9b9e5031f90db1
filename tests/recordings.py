"""Recordings and videos, written with PyAV."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio import AudioStream
from av.container import OutputContainer
from av.video import VideoStream
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

RATE = 16_000


def tone(seconds: float, loudness: float = 0.3) -> NDArray[np.float32]:
    moments = np.arange(int(seconds * RATE)) / RATE
    return (loudness * np.sin(2 * np.pi * 440 * moments)).astype(np.float32)


def slide(text: str, size: tuple[int, int] = (640, 360)) -> Image.Image:
    picture = Image.new("RGB", size, "white")
    font = ImageFont.load_default(size=30)
    ImageDraw.Draw(picture).multiline_text((40, 60), text, "black", font, spacing=20)
    return picture


def write(
    path: Path,
    sound: NDArray[np.float32] | None = None,
    pictures: Sequence[tuple[Image.Image, float]] = (),  # each with its seconds
    codecs: tuple[str, str] = ("aac", "mpeg4"),
    title: str = "",
) -> Path:
    """A file with sound, pictures or both; its suffix says in which format."""
    with av.open(str(path), "w") as container:
        if title:
            container.metadata["title"] = title
        video, audio = None, None  # all streams have to be there before the first is written
        if pictures:
            video = container.add_stream(codecs[1], rate=10, bit_rate=2_000_000)
            assert isinstance(video, VideoStream)
            video.width, video.height = pictures[0][0].size
            video.pix_fmt = "yuv420p"
        if sound is not None:
            audio = container.add_stream(codecs[0], rate=RATE, layout="mono")
            assert isinstance(audio, AudioStream)
        if video:
            _draw(container, video, pictures)
        if audio and sound is not None:
            _speak(container, audio, sound)
    return path


def _draw(
    container: OutputContainer, stream: VideoStream, pictures: Sequence[tuple[Image.Image, float]]
) -> None:
    for picture, seconds in pictures:
        for _ in range(round(seconds * 10)):
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
    container.mux(stream.encode())


def _speak(container: OutputContainer, stream: AudioStream, sound: NDArray[np.float32]) -> None:
    frame = av.AudioFrame.from_ndarray(sound[np.newaxis, :], format="flt", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
    container.mux(stream.encode(frame))
    container.mux(stream.encode())


def with_cover(path: Path, sound: NDArray[np.float32]) -> Path:
    """An MP3 with the picture of its cover."""
    with av.open(str(path), "w") as container:
        audio = container.add_stream("libmp3lame", rate=RATE, layout="mono")
        cover = container.add_stream("mjpeg", rate=1)
        assert isinstance(audio, AudioStream)
        assert isinstance(cover, VideoStream)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        _draw(container, cover, [(Image.new("RGB", (64, 64), "red"), 0.1)])
        _speak(container, audio, sound)
    return path
