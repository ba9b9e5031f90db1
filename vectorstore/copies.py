"""The library's own copies of files, named by their content, so that pages can always be shown."""

import hashlib
import logging
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from ingest.errors import UnreadableFile
from vectorstore.errors import DamagedCopy, LibraryError

# -- The seam between a library and the place where its copies of files are

SCRATCH = ".copy-"  # begins the name of a file that is on its way in or out


@dataclass(frozen=True)
class Copy:
    """A copy as its place lists it."""

    name: str  # `<sha256><suffix>`
    changed: float  # seconds since 1970, by the clock of the place
    size: int  # bytes


class Copies(Protocol):
    """Copies of files by name, each written completely or not at all.

    All methods may raise OSError for a disk, and LibraryAway or LibraryError for a server.
    """

    place: str  # for people
    near: bool  # whether a look-up costs nothing: a disk of this machine
    arriving: Path  # the folder where a file is written before `take`
    left_over: float  # seconds after which a copy without a document was left by a killed run

    def names(self, start: str = "") -> Iterator[Copy]:
        """The copies whose name begins with `start`, in no order; all of them without it."""

    def take(self, copy: Path, name: str) -> None:
        """Move in a local file under a name; another one of that name is replaced."""

    def path(self, start: str) -> Path:
        """A local file with the bytes of the one whose name begins so; the path does not exist
        where there is none."""

    def sha256(self, name: str) -> str:
        """Of the bytes that are there. Raises FileNotFoundError."""

    def remove(self, start: str, versions: bool = False) -> int:
        """Delete the one whose name begins so, if there is one; with `versions` also what the place
        keeps of older ones: the number of these that it refuses to delete."""

    def tidy(self, older: float) -> int:
        """Delete what killed processes left half done more than `older` seconds ago; how many."""

    def keep_to(self, known: Collection[str]) -> None:
        """Delete what was fetched to this machine, except the files with these sha256."""


LEFT_OVER = 3600.0  # seconds; a younger file may belong to a process at work


class Folder:
    """`Copies` in a folder of this machine."""

    near = True
    left_over = LEFT_OVER

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.arriving = folder
        self.place = str(folder)

    def names(self, start: str = "") -> Iterator[Copy]:
        for path in self.folder.glob(f"{start}*") if self.folder.is_dir() else ():
            if not path.name.startswith(SCRATCH):
                with suppress(FileNotFoundError):
                    about = path.stat()
                    yield Copy(path.name, about.st_ctime, about.st_size)

    def take(self, copy: Path, name: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        copy.replace(self.folder / name)

    def path(self, start: str) -> Path:
        return next(self.folder.glob(f"{start}*"), self.folder / f"{start}.pdf")

    def sha256(self, name: str) -> str:
        return sha256_of(self.folder / name)

    def remove(self, start: str, versions: bool = False) -> int:
        """See `Copies`; a folder keeps no versions."""
        self.path(start).unlink(missing_ok=True)
        return 0

    def tidy(self, older: float) -> int:
        return sweep_scratch(self.folder, older)

    def keep_to(self, known: Collection[str]) -> None:
        """See `Copies`; nothing is fetched from a folder."""


def sha256_of(path: Path) -> str:
    """The hash of a file's bytes, in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sweep_scratch(folder: Path, older: float) -> int:
    """Delete files that have been on their way for more than `older` seconds; how many."""
    swept = 0
    for path in folder.glob(f"{SCRATCH}*") if folder.is_dir() else ():
        with suppress(OSError):
            if time.time() - path.stat().st_ctime > older:
                path.unlink()
                swept += 1
    return swept


# -- What a library does with its copies, wherever they are

SHA256 = re.compile(r"[0-9a-f]{64}")  # nothing else names a copy: it becomes part of a path
_BLOCK = 1 << 20  # bytes
_LONGEST = 60  # bytes of a suffix
_FORBIDDEN = re.compile(r"[/\\\x00-\x1f<>:\"|?*]")

log = logging.getLogger(__name__)


class Files:
    """Copies named `<sha256><suffix>`, in a folder or on a server."""

    def __init__(
        self, library: Path, copies: Copies | None = None, stay: Callable[[], bool] = lambda: True
    ) -> None:
        """`library` is the library's own folder; the copies are below it, unless they are given.
        `stay`: whether they are still there, since another process may move them."""
        self._stay = stay
        self._copies: Copies = copies or Folder(library / "files")
        self.library = library
        self._leaving = library / "leaving"  # names of copies that have to be deleted
        self._looked_at = -1  # the generation of the catalogue

    @property
    def place(self) -> str:
        """Where the copies are, for people: the path of a folder, or the address of a bucket."""
        return self._copies.place

    def keep(self, source: Path, sha256: str, known: bool = False) -> bool:
        """Copy a file in, completely or not at all; whether there was none. `known`: the catalogue
        has the document already.

        Raises UnreadableFile when the file is gone or has changed, OSError when the copy cannot
        be written, LibraryAway or LibraryError.
        """
        if (known or self._copies.near) and self._found(sha256):
            return False
        folder = self._copies.arriving
        folder.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=folder, prefix=SCRATCH)
        try:
            with os.fdopen(handle, "wb") as copy:
                if _copied(source, copy) != sha256:
                    raise UnreadableFile(f"{source.name} changed while it was read. Add it again.")
                copy.flush()
                os.fsync(copy.fileno())
            _date(Path(scratch), source)
            self._take(Path(scratch), f"{sha256}{_suffix(source)}")
            self._check_stay()
        except BaseException:
            Path(scratch).unlink(missing_ok=True)
            raise
        return True

    def take(self, copy: Path) -> None:
        """Move in a copy that already has its final name; an existing one is replaced."""
        self._take(copy, copy.name)
        self._check_stay()

    def _take(self, copy: Path, name: str) -> None:
        (self._leaving / name[:64]).unlink(missing_ok=True)
        self._copies.take(copy, name)

    def _check_stay(self) -> None:
        # After it was put: whoever moves them looks once more after saying so.
        if not self._stay():
            raise LibraryError(
                f"The files in {self.place} were moved meanwhile: end this program, and start it"
                " again."
            )

    def name(self, sha256: str) -> str:
        """The name of the copy, which loaders choose by; empty where there is none."""
        found = self._found(sha256)
        return found.name if found else ""

    def path(self, sha256: str) -> Path:
        """A local file with its bytes; it does not exist where the copy was deleted by hand. From a
        server it is fetched, and its bytes are checked. Raises LibraryAway or LibraryError."""
        return self._copies.path(self._checked(sha256))

    def forget_fetched(self, generation: int, known: Callable[[], Collection[str]]) -> None:
        """Delete from this machine what the library no longer has, once for each generation of its
        catalogue: another machine may have removed it. `known`: the sha256 of its documents."""
        if not self._copies.near and self._looked_at != generation:
            self._copies.keep_to(known())
            self._looked_at = generation

    def whole(self, sha256: str) -> Path | None:
        """A local file with exactly these bytes; None where the copy is lost or damaged. Raises
        LibraryAway, HomeNotWritable or LibraryError where that cannot be known."""
        try:
            path = self.path(sha256)
            return path if sha256_of(path) == sha256 else None
        except (OSError, DamagedCopy):
            return None

    def _found(self, sha256: str) -> Copy | None:
        return next(iter(self._copies.names(self._checked(sha256))), None)

    def _checked(self, sha256: str) -> str:
        if not SHA256.fullmatch(sha256):
            raise LibraryError(
                f"The catalogue beside {self.place} names a copy by something that is no sha256:"
                " it is damaged, or was made to do harm. Restore a backup of your own."
            )
        return sha256

    def remove(self, sha256: str) -> None:
        """Delete a copy. What a server does not delete now, the next `sweep` deletes."""
        try:
            self.erase(sha256, versions=False)
        except LibraryError as error:
            if self._copies.near:
                raise
            log.warning("A copy in %s is deleted by `pincite verify`: %s", self.place, error)

    def erase(self, sha256: str, versions: bool = True) -> int:
        """Delete a copy, and what a server keeps of its older versions: the number of these that it
        refuses to delete. Raises LibraryAway or LibraryError; the next `sweep` deletes it then."""
        start = self._checked(sha256)
        if not self._copies.near:  # it has to go, also when the server is away now
            self._leaving.mkdir(parents=True, exist_ok=True)
            (self._leaving / sha256).touch()
        left = self._copies.remove(start, versions)
        (self._leaving / sha256).unlink(missing_ok=True)
        return left

    def scratch(self) -> Path:
        """An empty folder for temporary files; nobody else may be adding.

        It is on the disk of the library: many systems keep their temporary folder in memory.
        """
        folder = self.library / "scratch"
        with suppress(OSError):
            if self._copies.near:
                self._copies.tidy(0)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def sweep(self, known: Collection[str]) -> int:
        """Delete what killed runs left behind: temporary files, and copies without a document.
        Raises LibraryAway or LibraryError."""
        older = self._copies.left_over
        swept = self._copies.tidy(older)
        for name in [path.name for path in self._leaving.glob("*")]:
            if SHA256.fullmatch(name) and name not in known:
                self.erase(name)
                swept += 1
        for copy in list(self._copies.names()):
            stray = Path(copy.name).stem not in known
            if stray and time.time() - copy.changed > older:
                with suppress(OSError):
                    self._copies.remove(copy.name)
                    swept += 1
        return swept

    def intact(self, sha256: str) -> bool:
        """Whether the copy is intact. A damaged one is deleted, so that `add` makes a good one.
        Raises LibraryAway or LibraryError."""
        try:
            found = self._found(sha256)
            whole = found is not None and self._copies.sha256(found.name) == sha256
            if found and not whole:
                self.remove(sha256)
        except OSError:  # gone, or out of reach, as on a network drive: nothing is deleted
            return False
        return whole


def _suffix(source: Path) -> str:
    """Decides the loader. What no loader knows is cut and made valid on any disk: names have 255
    bytes there, and a backup is restored on other systems."""
    valid = _FORBIDDEN.sub("_", source.suffix.lower())
    return valid.encode(errors="replace")[:_LONGEST].decode(errors="ignore")


def _date(copy: Path, source: Path) -> None:
    """Give the copy the modification time of the original."""
    with suppress(OSError):
        changed = source.stat().st_mtime_ns
        os.utime(copy, ns=(changed, changed))


def _copied(source: Path, copy: IO[bytes]) -> str:
    """The sha256 of the bytes that were copied."""
    sha256 = hashlib.sha256()
    for block in _blocks(source):
        sha256.update(block)
        copy.write(block)
    return sha256.hexdigest()


def _opened(path: str, flags: int) -> int:
    """Does not wait for the other end of a pipe that has taken the place of a file."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _blocks(source: Path) -> Iterator[bytes]:
    try:
        with open(source, "rb", opener=_opened) as original:
            if not stat.S_ISREG(os.fstat(original.fileno()).st_mode):  # it may never end
                raise UnreadableFile(f"{source.name} is no longer a file.")
            while block := original.read(_BLOCK):
                yield block
    except OSError as error:
        raise UnreadableFile(f"{source.name} cannot be opened: {error.strerror}.") from error
