"""How a picture came out of noise: the steps, their seconds, and small pictures of some of them.

Kept in a file beside the picture, which goes when the picture does. The small pictures are the
previews that were shown meanwhile: they cost nothing more than to be made smaller.
"""

import io
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.images.image_file import small_jpeg
from ingest.serialization.codec import Codec, InvalidData

SUFFIX = ".steps"
_PICTURES = 8  # that are kept, spread over the steps
_SIDE = 160  # pixels
_QUALITY = 80  # of a JPEG: about 4 KB each
_LARGEST = 1 << 20  # bytes of such a file


@dataclass(frozen=True)
class Step:
    """A step of the scheduler."""

    number: int  # from 1
    seconds: float
    picture: bytes = b""  # a JPEG of the picture as the model saw it then; empty where none is kept


@dataclass(frozen=True)
class Denoising:
    """What happened between noise and picture."""

    scheduler: str
    device: str  # such as "cpu" or "cuda:0"
    steps: tuple[Step, ...]


_CODEC: Codec[Denoising] = Codec(Denoising)


class StepLog:
    """Filled while a picture is painted."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._last = time.perf_counter()

    def note(self, number: int, preview: bytes = b"") -> None:
        """A step is done; `preview` is a PNG where there is a new one."""
        now = time.perf_counter()
        small = _small(preview) if preview else b""
        self._steps.append(Step(number, round(now - self._last, 3), small))
        self._last = time.perf_counter()

    def result(self, scheduler: str, device: str) -> Denoising:
        """The whole, with few pictures."""
        shown = [at for at, step in enumerate(self._steps) if step.picture]
        most = min(_PICTURES, len(shown))
        kept = {shown[round(n * (len(shown) - 1) / max(most - 1, 1))] for n in range(most)}
        steps = (
            step if at in kept else replace(step, picture=b"")
            for at, step in enumerate(self._steps)
        )
        return Denoising(scheduler, device, tuple(steps))


def keep(picture: Path, made: Denoising) -> None:
    """Beside the picture. A full disk costs the steps, not the picture."""
    with suppress(OSError):
        picture.with_suffix(SUFFIX).write_bytes(_CODEC.encode(made))


def kept(picture: Path) -> Denoising | None:
    """None where there are none: of an older version, or damaged."""
    with suppress(OSError, InvalidData):
        file = picture.with_suffix(SUFFIX)
        if file.stat().st_size <= _LARGEST:
            return _CODEC.decode(file.read_bytes())
    return None


def _small(preview: bytes) -> bytes:
    from PIL import Image

    with Image.open(io.BytesIO(preview), formats=("PNG",)) as opened:
        return small_jpeg(opened, _SIDE, _QUALITY)
