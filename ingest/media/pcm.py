"""Writes the sound of a recording as plain samples into a file. The sandbox runs it, so that other
code need not touch FFmpeg."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.document.source import readable
from ingest.errors import UnreadableFile
from ingest.media.ffmpeg import RATE, Media, clock
from ingest.platform.progress import beat

if TYPE_CHECKING:
    from ingest.media.ffmpeg import Samples

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
