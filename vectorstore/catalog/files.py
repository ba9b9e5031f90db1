"""The library's own copies of files, named by their content, so that pages can always be shown."""

import hashlib
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from ingest.errors import UnreadableFile
from vectorstore.errors import LibraryError

SHA256 = re.compile(r"[0-9a-f]{64}")  # nothing else names a copy: it becomes part of a path
_BLOCK = 1 << 20  # bytes
_LONGEST = 60  # bytes of a suffix
_FORBIDDEN = re.compile(r"[/\\\x00-\x1f<>:\"|?*]")
_SCRATCH = ".copy-"
_LEFT_OVER = 3600.0  # seconds; a younger file may belong to a process at work


class Files:
    """A folder of `<sha256><suffix>`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, source: Path, sha256: str) -> Path:
        """Copy a file in, completely or not at all.

        Raises UnreadableFile when the file is gone or has changed, and OSError when the copy cannot
        be written.
        """
        target = self.folder / f"{sha256}{_suffix(source)}"
        if target.exists():
            return target
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=self.folder, prefix=_SCRATCH)
        try:
            with os.fdopen(handle, "wb") as copy:
                if _copied(source, copy) != sha256:
                    raise UnreadableFile(f"{source.name} changed while it was read. Add it again.")
                copy.flush()
                os.fsync(copy.fileno())
            _date(Path(scratch), source)
            Path(scratch).replace(target)
        except BaseException:
            Path(scratch).unlink(missing_ok=True)
            raise
        return target

    def take(self, copy: Path) -> None:
        """Move in a copy that already has its final name; an existing one is replaced."""
        self.folder.mkdir(parents=True, exist_ok=True)
        copy.replace(self.folder / copy.name)

    def path(self, sha256: str) -> Path:
        """The path of a copy, which may have been deleted by hand. Raises LibraryError."""
        if not SHA256.fullmatch(sha256):
            raise LibraryError(
                f"The catalogue beside {self.folder} names a copy by something that is no sha256:"
                " it is damaged, or was made to do harm. Restore a backup of your own."
            )
        return next(self.folder.glob(f"{sha256}*"), self.folder / f"{sha256}.pdf")

    def drawn(self, sha256: str) -> Path:
        """The folder of the small pictures of its pages, which may not be there."""
        self.path(sha256)  # is one
        return self._all_drawn() / sha256

    def _all_drawn(self) -> Path:
        return self.folder.with_name("thumbnails")

    def remove(self, sha256: str) -> None:
        """Delete a copy, and the small pictures of its pages."""
        shutil.rmtree(self.drawn(sha256), ignore_errors=True)
        self.path(sha256).unlink(missing_ok=True)

    def scratch(self) -> Path:
        """An empty folder for temporary files; nobody else may be adding.

        It is on the disk of the library: many systems keep their temporary folder in memory.
        """
        folder = self.folder.with_name("scratch")
        with suppress(OSError):
            self.sweep(older=0)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def sweep(self, known: Collection[str] | None = None, older: float = _LEFT_OVER) -> int:
        """Delete what killed runs left behind: temporary files, and copies without a document."""
        swept = 0
        for path in self.folder.glob("*") if self.folder.is_dir() else ():
            scratch = path.name.startswith(_SCRATCH)
            stray = known is not None and not scratch and path.stem not in known
            with suppress(OSError):
                if (scratch or stray) and time.time() - path.stat().st_ctime > older:
                    path.unlink()
                    swept += 1
        if known is not None:
            self._sweep_drawn(known)
        return swept

    def _sweep_drawn(self, known: Collection[str]) -> None:
        for drawn in self._all_drawn().glob("*"):
            if drawn.name not in known:
                shutil.rmtree(drawn, ignore_errors=True)

    def intact(self, sha256: str, mend: bool = True) -> bool:
        """Whether the copy is intact. A damaged one is deleted, so that `add` makes a good one."""
        try:
            with self.path(sha256).open("rb") as copy:
                whole = hashlib.file_digest(copy, "sha256").hexdigest() == sha256
            if mend and not whole:
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
