"""Puts a backup in the place of a library, also while the library is open.

A backup may come from anybody. It is unpacked within limits, each file must have its hash, and the
catalogue is copied row by row into a fresh one, see `foreign_catalog`.
"""

import re
import shutil
import zipfile
from collections.abc import Collection, Sequence
from pathlib import Path

from ingest.document.limits import Limits
from ingest.document.source import readable
from vectorstore.catalog.catalog import Catalog
from vectorstore.errors import HomeNotWritable
from vectorstore.files.files import Files
from vectorstore.maintenance.backup import (
    CATALOG,
    Contents,
    damaged,
    damages,
    named_errors,
    read_contents,
    scratch,
    sha256_of,
)
from vectorstore.maintenance.foreign_catalog import copy_rows

_COPY = re.compile(r"files/([0-9a-f]{64})\.[^/\\\x00-\x1f<>:\"|?*]{0,200}")
_RATIO = 200  # times its size that a backup may unpack to: ours keep to a quarter of it
_BLOCK = 1 << 20  # bytes
_COPIES = 3  # of the catalogue: unpacked, copied, and in its place


def restore(backup: Path, catalog: Catalog, files: Files) -> Contents:
    """Replace the contents of a library by those of a backup.

    Everything is checked first, and one transaction replaces the catalogue. Processes that have the
    library open see the new documents at once. Raises LibraryError or HomeNotWritable; nothing is
    changed then.
    """
    contents = read_contents(backup)
    with named_errors(files.library), scratch(files.library) as folder, damages(backup):
        fresh = Catalog(folder / "fresh.sqlite", catalog.library)
        try:
            copies = _unpacked(backup, folder, contents, fresh)
        finally:
            fresh.close()
        before = {info.sha256 for info in catalog.documents()}
        for copy in copies:
            files.take(copy)
        catalog.replace_by(folder / "fresh.sqlite")
        for sha256 in before - {info.sha256 for info in catalog.documents()}:
            files.remove(sha256)
    return contents


def _unpacked(backup: Path, folder: Path, contents: Contents, fresh: Catalog) -> list[Path]:
    """Fill the fresh catalogue, and return the copies of its files."""
    with zipfile.ZipFile(backup) as archive:
        _check_size(backup, archive, folder)
        snapshot = folder / CATALOG
        _extract(archive, CATALOG, snapshot, contents.catalog)
        copy_rows(snapshot, fresh)
        snapshot.unlink()
        wanted = {info.sha256: info.document for info in fresh.documents()}
        copies = []
        for name, sha256 in _copies(archive.namelist(), wanted).items():
            copies.append(folder / Path(name).name)
            _extract(archive, name, copies[-1], sha256)
    for copy in copies:
        wanted.pop(copy.name[:64], None)
    for document in wanted.values():
        if document not in contents.lost:
            raise damaged(backup, f"the file of {document} is not in it")
    return copies


def _copies(names: Sequence[str], wanted: Collection[str]) -> dict[str, str]:
    """The files to take: one for each document, and nothing else that lies in the archive."""
    found: dict[str, str] = {}
    for name in names:
        if (match := _COPY.fullmatch(name)) and match[1] in wanted:
            found.setdefault(match[1], name)
    return {name: sha256 for sha256, name in found.items()}


def _check_size(backup: Path, archive: zipfile.ZipFile, folder: Path) -> None:
    """Before anything is unpacked; no more than the declared bytes are ever read."""
    limits = Limits()
    size = sum(info.file_size for info in archive.infolist())
    if size > limits.harmless and size > _RATIO * backup.stat().st_size:
        raise damaged(backup, f"it unpacks to more than {_RATIO} times its size")
    size += (_COPIES - 1) * archive.getinfo(CATALOG).file_size
    if shutil.disk_usage(folder).free - size < limits.free:
        raise HomeNotWritable(
            f"{backup} needs {size >> 20:,} MB below {folder.parent}, and {limits.free >> 20:,} MB"
            " should stay free: free some space there. Nothing was changed."
        )


def _extract(archive: zipfile.ZipFile, name: str, target: Path, sha256: str) -> None:
    with archive.open(name) as packed, target.open("wb") as file:
        shutil.copyfileobj(packed, file, _BLOCK)
    if sha256_of(target) != sha256:
        raise ValueError(f"{readable(name)} has other bytes than it should")
