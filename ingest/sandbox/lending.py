"""Lends a child the files that it is to read, as copies in its own folder: it opens no others.

Not as links: those are writable where the copy is, and change what the system notes about a file.
"""

import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ingest.document.source import readable
from ingest.errors import UnreadableFile

_LEFT = 1 << 20  # bytes of the disk that stay free in any case, for what is written about the file
_BLOCK = 512  # bytes, in which the system counts what a file takes


class _Lent(NamedTuple):
    """A file as it was: another one may have its name now."""

    path: Path
    changed: int
    size: int
    taken: int  # bytes of the disk


class Loan:
    """The files that one child has now."""

    def __init__(self, folder: Path, open_to_it: Sequence[Path]) -> None:
        """Copies are made in `folder`; what is below `open_to_it` needs none."""
        self._folder = folder
        self._open = [place.resolve() for place in open_to_it]
        self._lent: dict[_Lent, Path] = {}
        self._number = 0

    def of(self, paths: Sequence[Path]) -> list[Path]:
        """Where the child finds them. Copies of other files are taken back.

        Raises UnreadableFile where there is no room for a copy, or OSError.
        """
        wanted = [self._as_it_is(path) for path in paths]
        for lent in set(self._lent) - set(wanted):
            shutil.rmtree(self._lent.pop(lent).parent, ignore_errors=True)
        return [
            self._given(lent) if lent else path for lent, path in zip(wanted, paths, strict=True)
        ]

    def _as_it_is(self, path: Path) -> _Lent | None:
        """None for what the child opens itself, or cannot be read: its reader says why."""
        with suppress(OSError):
            found = path.stat()
            inside = any(map(path.resolve().is_relative_to, self._open))
            if stat.S_ISREG(found.st_mode) and not inside and os.access(path, os.R_OK):
                taken = min(found.st_size, found.st_blocks * _BLOCK)
                return _Lent(path, found.st_mtime_ns, found.st_size, taken)
        return None

    def _given(self, lent: _Lent) -> Path:
        if lent not in self._lent:
            if shutil.disk_usage(self._folder).free < lent.taken + _LEFT:
                raise UnreadableFile(
                    f"{readable(lent.path.name)} is read from a copy, and there is no room for one "
                    f"in {self._folder.parent}: free {(lent.taken + _LEFT >> 20) + 1} MB there."
                )
            self._number += 1
            place = self._folder / f"given-{self._number}"
            place.mkdir()
            _copy(lent.path, place / lent.path.name)
            self._lent[lent] = place / lent.path.name
        return self._lent[lent]


def _copy(path: Path, copy: Path) -> None:
    # A pipe may have taken the place of the file, and its other end may never come.
    source = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    target = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        size = os.fstat(source).st_size
        os.truncate(target, size)
        for begin, end in _filled(source, size):
            _move(source, target, begin, end)
    finally:
        os.close(source)
        os.close(target)


def _filled(file: int, size: int) -> Iterator[tuple[int, int]]:
    """Its parts that are no holes: it may claim more than fits on the disk."""
    end = 0
    with suppress(OSError):  # only a hole is left
        while end < size:
            begin = os.lseek(file, end, os.SEEK_DATA)
            end = min(os.lseek(file, begin, os.SEEK_HOLE), size)
            yield begin, end


def _move(source: int, target: int, begin: int, end: int) -> None:
    """Some disks only note that two files have the same bytes."""
    while begin < end:
        try:
            moved = os.copy_file_range(source, target, end - begin, begin, begin)
        except OSError:  # from one disk to another
            os.lseek(target, begin, os.SEEK_SET)
            moved = os.sendfile(target, source, begin, end - begin)
        if not moved:  # it was cut off meanwhile
            return
        begin += moved
