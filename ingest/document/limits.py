"""Limits of what one file may cost. They are settings, see assistant/settings.py."""

from dataclasses import dataclass, field, replace

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
        """For a file of so many bytes: what it costs follows from what it holds.

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
    """Bounds for reading one file."""

    silence: float = 60.0  # seconds without a page read; the slowest measured takes a tenth of it
    seconds: float = 7200.0  # in all: a day of speech, or a thousand scans, on a small machine
    memory: int = 4 << 30  # bytes of address space of one child; where the system can limit it
    output: int = 200 << 20  # bytes of a document in pieces: a hundred times the Bible
    size: int = 16 << 30  # bytes of an accepted file: a recording of a day
    unpacking: Limits = field(default_factory=Limits)
