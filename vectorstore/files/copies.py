"""The seam between a library and the place where its copies of files are."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

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
