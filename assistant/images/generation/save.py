"""Saves painted output in a file that states how it was made."""

import struct
import wave
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.images.generation import GeneratedSound, Painted
from assistant.images.generation.provenance import marks
from ingest.images.ai_provenance import Provenance

if TYPE_CHECKING:
    from PIL.Image import Image

_FRAME = 125  # milliseconds that a frame of a clip is shown: what small video models are trained on


def save(done: Painted, made: Provenance, path: Callable[[str], Path]) -> Path:
    """A PNG; of a clip one that moves; of a sound a WAV. `path` gives one for a suffix."""
    if done.sound is not None:
        return _save_wav(done.sound, path(".wav"), made)
    return _save_png(done.pictures or done.frames, path(".png"), made)


def _save_png(pictures: "tuple[Image, ...]", path: Path, made: Provenance) -> Path:
    first, *rest = pictures
    moving = {"save_all": True, "append_images": rest, "duration": _FRAME, "loop": 0}
    first.save(path, "PNG", pnginfo=marks(made), **(moving if rest else {}))
    return path


def _save_wav(sound: GeneratedSound, path: Path, made: Provenance) -> Path:
    import numpy as np

    samples = (np.clip(sound.samples, -1, 1) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[0])
        file.setsampwidth(2)
        file.setframerate(sound.rate)
        file.writeframes(samples.T.tobytes())
    _comment(path, made.to_json())
    return path


def _comment(path: Path, text: str) -> None:
    """Put a comment behind the sound, as RIFF has them: a LIST of INFO with one ICMT."""
    said = text.encode() + b"\0"
    said += b"\0" * (len(said) % 2)
    info = b"INFO" + b"ICMT" + struct.pack("<I", len(said)) + said
    with path.open("r+b") as file:
        end = file.seek(0, 2)
        file.write(b"LIST" + struct.pack("<I", len(info)) + info)
        file.seek(4)
        file.write(struct.pack("<I", end + len(info)))  # all behind these first eight bytes
