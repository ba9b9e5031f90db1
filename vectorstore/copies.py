"""Copies of files in a folder of this machine, or of a drive that it sees as one."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

# -- The seam between a library and the place where its copies of files are

SCRATCH = ".copy-"  # begins the name of a file that is on its way in or out


@dataclass(frozen=True)
class Copy:
    """One copy in its place."""

    name: str  # `<sha256><suffix>`
    changed: float  # seconds since 1970, by the clock of the place
    size: int  # bytes


class Copies(Protocol):
    """Copies of files by name, each written completely or not at all.

    All methods may raise OSError for a disk, and LibraryAway or LibraryError for a server.
    """

    place: str  # for people
    near: bool  # whether asking costs nothing: a disk of this machine
    arriving: Path  # the folder where a file is written before `take`
    left_over: float  # seconds after which a copy without a document was left by a killed run

    def names(self, start: str = "") -> Iterator[Copy]:
        """Those whose name begins so."""

    def take(self, copy: Path, name: str) -> None:
        """Move in a local file under a name; another one of that name is replaced."""

    def path(self, start: str) -> Path:
        """A local file with the bytes of the one whose name begins so; the path does not exist
        where there is none."""

    def sha256(self, name: str) -> str:
        """Of the bytes that are there. Raises FileNotFoundError."""

    def remove(self, start: str, versions: bool = False) -> int:
        """Delete the one whose name begins so, if there is one; with `versions` also what the place
        keeps of older ones: the number of these that it does not let go."""

    def tidy(self, older: float) -> int:
        """Delete what killed processes left half done, so many seconds ago; how much."""


_LEFT_OVER = 3600.0  # seconds; a younger file may belong to a process at work


class Folder:
    """`Copies` in a folder."""

    near = True
    left_over = _LEFT_OVER

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.arriving = folder
        self.place = str(folder)

    def names(self, start: str = "") -> Iterator[Copy]:
        """See `Copies`."""
        for path in self.folder.glob(f"{start}*") if self.folder.is_dir() else ():
            if not path.name.startswith(SCRATCH):
                with suppress(FileNotFoundError):
                    about = path.stat()
                    yield Copy(path.name, about.st_ctime, about.st_size)

    def take(self, copy: Path, name: str) -> None:
        """See `Copies`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        copy.replace(self.folder / name)

    def path(self, start: str) -> Path:
        """See `Copies`."""
        return next(self.folder.glob(f"{start}*"), self.folder / f"{start}.pdf")

    def sha256(self, name: str) -> str:
        """See `Copies`."""
        return sha256_of(self.folder / name)

    def remove(self, start: str, versions: bool = False) -> int:
        """See `Copies`; a folder keeps no versions."""
        self.path(start).unlink(missing_ok=True)
        return 0

    def tidy(self, older: float) -> int:
        """See `Copies`."""
        return sweep_scratch(self.folder, older)


def sha256_of(path: Path) -> str:
    """Of a file. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sweep_scratch(folder: Path, older: float) -> int:
    """Delete files that were on their way for so many seconds; how many."""
    swept = 0
    for path in folder.glob(f"{SCRATCH}*") if folder.is_dir() else ():
        with suppress(OSError):
            if time.time() - path.stat().st_ctime > older:
                path.unlink()
                swept += 1
    return swept
