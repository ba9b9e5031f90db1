"""The input of a loader: the file, and the engines that it may use."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ingest.document.captioner import Captioner
from ingest.document.limits import Bounds
from ingest.document.model import Document, Heading, Page
from ingest.errors import UnreadableFile

_LONGEST = 1000  # letters


def readable(name: str) -> str:
    """Show control and bidirectional characters as a visible mark, and shorten very long names."""
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in name)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST // 2]}…{shown[-100:]}"


@dataclass(frozen=True)
class Engines:
    """The engines for reading files. Plain values, which travel to the child process."""

    ocr: str = "rapidocr"  # or "tesseract", or "off"
    languages: tuple[str, ...] = ("en",)  # of scans, as ISO 639-1 codes
    speech: Path | None = None  # folder of a faster-whisper model; None: recordings are not read
    captioner: Captioner | None = None  # None: pictures are not described
    bounds: Bounds = field(default_factory=Bounds)
    extensions_first: tuple[str, ...] = ()  # suffixes that an extension reads, not we

    @property
    def models(self) -> tuple[Path, ...]:
        """The folders of their models."""
        described = getattr(self.captioner, "folder", None)
        return tuple(filter(None, (self.speech, described)))


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

    def document(
        self, pages: Sequence[Page], title: str = "", metadata: dict[str, str] | None = None,
        outline: tuple[Heading, ...] = (),
    ) -> Document:  # fmt: skip
        """What was read from the file. Without a title it is called as the file is."""
        fields = {} if metadata is None else metadata
        return Document(self.sha256, self.name, title or self.stem, pages, outline, fields)

    @contextmanager
    def nesting(self) -> Iterator[None]:
        """For readers that call themselves for what is inside. Raises UnreadableFile."""
        try:
            yield
        except RecursionError as error:
            raise UnreadableFile(f"{self.name} is nested too deeply to be read.") from error
