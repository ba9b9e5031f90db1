"""The input of a loader: the file, and the engines that it may use."""

import mmap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ingest.document.model import Document, Heading, Page
from ingest.errors import PinciteError, UnreadableFile
from ingest.platform.process import beat

if TYPE_CHECKING:
    from PIL.Image import Image


# -- The seam for a model that describes pictures. Its words are marked as machine-made

_NOT = "its pictures are not described"


class Captioner(Protocol):
    """Describes pictures: the text goes into Figure.description, never among the lines.

    It travels to a child process and is a key of caches: a frozen dataclass of plain values that
    loads its model when it is first used.
    """

    def describe(self, picture: "Image") -> str:
        """One or two sentences; empty when the model is not sure."""
        ...


def described(captioner: Captioner | None, picture: "Image") -> tuple[str, str]:
    """The description of a picture, and a note where the model could not be used: the text of the
    file is useful without it. Both empty without a model."""
    if captioner is None:
        return "", ""
    beat(0, 0)  # a large model takes long
    try:
        return " ".join(captioner.describe(picture).split()), ""
    except PinciteError as error:
        return "", f"{_NOT}: {str(error).rstrip('.')}"
    except MemoryError:
        return "", f"{_NOT}: the vision model needs more memory than file_memory_mb gives a reader"
    finally:
        beat(0, 0)


# -- Limits of what one file may cost. They are settings, see assistant/settings.py

_FEW, _BYTES = 1000, 16  # files in any archive, and bytes of the archive for each further one


@dataclass(frozen=True)
class Limits:
    """What may be unpacked from one file of the user, including nested files."""

    size: int = 2 << 30  # bytes written: fits on a laptop's disk, and holds a mailbox of years
    files: int = 10_000  # an archive of a large project; each file takes a child's time
    depth: int = 4  # a ZIP in a mail in a mailbox in a ZIP; deeper is a puzzle, not an archive
    # Text packs to a tenth, logs to a thirtieth; deflate ends at 1032. Small files may be blank.
    ratio: int = 100
    harmless: int = 64 << 20  # bytes below which the ratio is not checked
    free: int = 1 << 30  # bytes of disk that stay free in any case

    sized: bool = False  # whether `files` follows from the size of the user's file

    def for_file(self, size: int) -> "Limits":
        """The limits for a file of this many bytes: what it costs follows from what it holds.

        A member of a ZIP takes a hundred bytes, in packed archives of small files thirty; an
        archive of archives can name thousands in the same bytes.
        """
        files = _FEW + size // _BYTES
        return self if files >= self.files else replace(self, files=files, sized=True)

    def after(self, size: int, files: int) -> "Limits":
        """What remains for the next container of the same file, after bytes and files of one."""
        return replace(self, size=self.size - size, files=self.files - files)


@dataclass(frozen=True)
class Bounds:
    """How much reading one file may take of time, memory and output; beyond it, it is refused."""

    silence: float = 60.0  # seconds without a page read; the slowest measured takes a tenth of it
    seconds: float = 7200.0  # in all: a day of speech, or a thousand scans, on a small machine
    memory: int = 4 << 30  # bytes of address space of one child; where the system can limit it
    output: int = 200 << 20  # bytes of a document in pieces: a hundred times the Bible
    size: int = 16 << 30  # bytes of an accepted file: a recording of a day
    unpacking: Limits = field(default_factory=Limits)


_LONGEST = 1000  # letters


def readable(name: str) -> str:
    """Show control and bidirectional characters as a visible mark, and shorten very long names."""
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in name)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST // 2]}…{shown[-100:]}"


def holds(path: Path, *marks: bytes) -> bool:
    """Whether the bytes of a file hold one of some marks, without reading it into memory."""
    # ValueError: an empty file cannot be mapped.
    with (
        suppress(OSError, ValueError),
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        return any(data.find(mark) >= 0 for mark in marks)
    return False


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
        """The folders of the installed models that they use, which a child must be able to read."""
        described = getattr(self.captioner, "folder", None)
        return tuple(filter(None, (self.speech, described)))


@dataclass(frozen=True)
class Source:
    """The input of a loader: the path of a file, the hash of its bytes, and the engines."""

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
        """What was read from the file. Without a title, also in its metadata, it is named after
        the file."""
        fields = metadata or {}
        title = title or fields.get("title") or self.stem
        return Document(self.sha256, self.name, title, pages, outline, fields)

    @contextmanager
    def nesting(self) -> Iterator[None]:
        """Around a recursive reader: turns its RecursionError into UnreadableFile."""
        try:
            yield
        except RecursionError as error:
            raise UnreadableFile(f"{self.name} is nested too deeply to be read.") from error
