"""What a loader is given: the file, and the engines that it may use."""

from dataclasses import dataclass, field
from pathlib import Path

from ingest.document.captioner import Captioner
from ingest.document.limits import Bounds

_LONGEST = 1000  # letters


def readable(name: str) -> str:
    """Control and bidi characters as a visible mark; a name as long as a page is shortened."""
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in name)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST // 2]}…{shown[-100:]}"


@dataclass(frozen=True)
class Engines:
    """How files are read. Plain values: they travel to the child process."""

    ocr: str = "rapidocr"  # or "tesseract", or "off"
    languages: tuple[str, ...] = ("en",)  # of scans, as ISO 639-1 codes
    speech: Path | None = None  # folder of a faster-whisper model; None: recordings are not read
    captioner: Captioner | None = None  # None: pictures are not described
    bounds: Bounds = field(default_factory=Bounds)


@dataclass(frozen=True)
class Source:
    """A file to be read."""

    path: Path
    sha256: str  # of its bytes
    engines: Engines = field(default_factory=Engines)

    @property
    def name(self) -> str:
        return readable(self.path.name)

    @property
    def stem(self) -> str:
        return readable(self.path.stem)
