"""Moves the files of a library between its folder and a bucket.

Every file is copied, read back and compared before one mark is written or deleted, which is the
move. Until then the library is where it was, whatever happens, and the next attempt goes on.

Others may add documents meanwhile. What they have put before the mark is looked for again behind
it; from then on they are refused, see `Files.keep`.
"""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vectorstore.catalog.opened import keep_names
from vectorstore.errors import LibraryError
from vectorstore.files.copies import Copy
from vectorstore.files.folder import Folder, sha256_of
from vectorstore.files.object_store import ObjectStore
from vectorstore.files.opened import CACHE, FOLDER, MARK, mark, new_root, root_of, store
from vectorstore.files.s3 import Bucket
from vectorstore.maintenance.engines import alone_in

_ARRIVING = "files.arriving"  # names a path in the bucket that is being filled
_LEAVING = "files.leaving"  # names one that has to be cleared
_NAME = re.compile(r"[0-9a-f]{64}(\.[^/\\\x00-\x1f]*)?")


@dataclass(frozen=True)
class MovedFiles:
    """What was copied and compared."""

    files: int
    bytes: int
    damaged: tuple[str, ...] = ()  # names of copies with other bytes, which were left behind


def to_bucket(folder: Path, bucket: Bucket) -> MovedFiles | None:
    """None where they are there already. Raises LibraryBusy or LibraryError, with nothing
    changed."""
    with alone_in(folder):
        _tidy(folder, bucket)
        if root_of(folder):
            return None
        note = folder / _ARRIVING
        root = _read(note) or new_root(bucket)
        note.write_text(root, "utf-8")
        target, source = store(folder, root, bucket), Folder(folder / FOLDER)
        moved = _into_bucket(source, target)
        mark(folder, root)
        _tidy(folder, bucket)
        return moved


def to_folder(folder: Path, bucket: Bucket) -> MovedFiles | None:
    """None where they are there already. Raises LibraryBusy or LibraryError, with nothing
    changed."""
    with alone_in(folder):
        _tidy(folder, bucket)
        if not (root := root_of(folder)):
            return None
        moved = _into_folder(store(folder, root, bucket), folder / FOLDER)
        (folder / _LEAVING).write_text(root, "utf-8")
        (folder / MARK).unlink()
        keep_names(folder)
        _tidy(folder, bucket)
        return moved


def _into_bucket(source: Folder, target: ObjectStore, late: bool = False) -> MovedFiles:
    """`late`: only what came since the first time."""
    there = {copy.name: copy.size for copy in target.names()}
    size, moved, damaged = 0, 0, []
    for copy in _ours(source.names()):
        if late and there.get(copy.name) == copy.size:
            continue
        path = source.folder / copy.name
        if sha256_of(path) != copy.name[:64]:
            damaged.append(copy.name)
            continue
        if there.get(copy.name) != copy.size:
            target.put(path, copy.name)
        if target.sha256(copy.name) != copy.name[:64]:
            target.remove(copy.name)
            raise LibraryError(f"{copy.name[:12]} arrived damaged in {target.place}. Try again.")
        moved, size = moved + 1, size + copy.size
    return MovedFiles(moved, size, tuple(damaged))


def _into_folder(source: ObjectStore, folder: Path, late: bool = False) -> MovedFiles:
    """`late`: only what came since the first time. All survives a loss of power."""
    size, moved, damaged = 0, 0, []
    folder.mkdir(parents=True, exist_ok=True)
    for copy in _ours(source.names()):
        path = folder / copy.name
        if late and path.exists():
            continue
        if not (path.exists() and sha256_of(path) == copy.name[:64]):
            with source.fetched(copy.name) as fetched:
                if sha256_of(fetched) != copy.name[:64]:
                    damaged.append(copy.name)
                    continue
                fetched.replace(path)
        _write_out(path)
        moved, size = moved + 1, size + copy.size
    keep_names(folder)
    return MovedFiles(moved, size, tuple(damaged))


def _write_out(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _ours(found: Iterator[Copy]) -> Iterator[Copy]:
    return (copy for copy in found if _NAME.fullmatch(copy.name))


def _tidy(folder: Path, bucket: Bucket) -> None:
    """Remove what is not the files: of an attempt that did not end, or of one that did."""
    if root := root_of(folder):
        if (folder / FOLDER).is_dir():
            _into_bucket(Folder(folder / FOLDER), store(folder, root, bucket), late=True)
        shutil.rmtree(folder / FOLDER, ignore_errors=True)
        (folder / _ARRIVING).unlink(missing_ok=True)
        (folder / _LEAVING).unlink(missing_ok=True)
    elif root := _read(folder / _LEAVING):
        source = store(folder, root, bucket)
        _into_folder(source, folder / FOLDER, late=True)
        source.clear()
        shutil.rmtree(folder / CACHE, ignore_errors=True)
        (folder / _LEAVING).unlink()


def _read(note: Path) -> str:
    return note.read_text("utf-8").strip() if note.exists() else ""
