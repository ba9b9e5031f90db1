"""Writes a library into one file, also while the library is open; `restore` reads it.

The file is a ZIP with the catalogue, the copies of the files and a list of its contents. Chroma is
not in it: it is filled again from the catalogue.
"""

import errno
import json
import lzma
import re
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from ingest.document.source import Limits, readable
from ingest.document.wire import Codec
from vectorstore.catalog.catalog import Catalog
from vectorstore.copies import Files, sha256_of
from vectorstore.errors import HomeNotWritable, LibraryError
from vectorstore.maintenance.backup_rows import copy_rows

CONTENTS, CATALOG, FILES = "pincite-backup.json", "catalog.sqlite", "files/"
FORMAT = 1
_LARGEST = 64 << 20  # bytes of the description: names of lost documents
_DAMAGE = (  # what zipfile, json and others raise for damaged, encrypted or unknown data
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, LookupError,
    RuntimeError, TypeError, ValueError, OverflowError, MemoryError,
)  # fmt: skip
_OF_DATA = (None, errno.EINVAL)  # bad data of bzip2; a place before the beginning of the file
_PACKED = 50  # times its size that a backup may unpack to; a restore refuses 200 times


@dataclass(frozen=True)
class Contents:
    """The description that a backup holds of itself."""

    library: str
    documents: int
    passages: int
    made: str  # ISO 8601, UTC
    catalog: str  # sha256
    lost: tuple[str, ...] = ()  # documents whose copy was lost before the backup
    format: int = FORMAT


_SHAPE: Codec[Contents] = Codec(Contents)


def back_up(catalog: Catalog, files: Files, target: Path) -> Contents:
    """Write one file, completely or not at all. Raises LibraryError or HomeNotWritable."""
    if target.exists() and not _is_backup(target):
        raise LibraryError(f"{target} is there already and is no backup. Choose another name.")
    with named_errors(target), scratch(target.parent) as folder:
        catalog.database.copy_to(folder / CATALOG)
        written = folder / "backup.zip"
        contents, size = _written(written, folder, catalog.library, files, zipfile.ZIP_DEFLATED)
        if size > _PACKED * written.stat().st_size:  # such as logs of one line again and again
            contents, _ = _written(written, folder, catalog.library, files, zipfile.ZIP_STORED)
        written.replace(target)
    return contents


def _written(
    target: Path, folder: Path, library: str, files: Files, method: int
) -> tuple[Contents, int]:
    """The contents, and the bytes that will be unpacked."""
    with zipfile.ZipFile(target, "w", method, compresslevel=1) as archive:
        contents = _write(archive, folder / CATALOG, library, files)
        return contents, sum(info.file_size for info in archive.infolist())


def read_contents(backup: Path) -> Contents:
    """The description of a backup. Raises LibraryError when it is none, or of a newer version."""
    try:
        with backup.open("rb"), damages(backup):
            if not zipfile.is_zipfile(backup):
                raise LibraryError(f"{backup} is not a backup of a library, or is damaged.")
            with zipfile.ZipFile(backup) as archive:
                return _described(backup, archive)
    except FileNotFoundError as error:
        raise LibraryError(f"There is no file {backup}.") from error
    except OSError as error:
        raise LibraryError(f"{backup} cannot be read: {error.strerror}.") from error


def _described(backup: Path, archive: zipfile.ZipFile) -> Contents:
    if CONTENTS not in archive.namelist():
        raise LibraryError(f"{backup} is not a backup of a library, or is damaged.")
    if archive.getinfo(CONTENTS).file_size > _LARGEST:
        raise ValueError(f"{CONTENTS} is too large")
    told = json.loads(archive.read(CONTENTS))
    if told["format"] > FORMAT:
        raise LibraryError(f"{backup} was made by a newer version of Pincite. Use that one.")
    contents = Contents(**{**told, "lost": tuple(told["lost"])})
    _SHAPE.encode(contents)
    lost = tuple(map(readable, contents.lost))
    return replace(contents, made=readable(contents.made), lost=lost)


@contextmanager
def damages(backup: Path) -> Iterator[None]:
    """Turns whatever a damaged or hostile backup raises into a sentence: LibraryError.

    An error of the system, such as a full disk, stays what it is.
    """
    try:
        yield
    except LibraryError:
        raise
    except OSError as error:
        if error.errno not in _OF_DATA:
            raise
        raise damaged(backup, error) from error
    except _DAMAGE as error:
        raise damaged(backup, error) from error


def damaged(backup: Path, why: object) -> LibraryError:
    """The error to raise for a damaged backup; `why` is an error or part of a sentence."""
    told = readable(str(why) or type(why).__name__)[:300].rstrip(".")
    return LibraryError(f"{backup} is damaged: {told}. Nothing was changed.")


def _is_backup(path: Path) -> bool:
    try:
        return bool(read_contents(path))
    except LibraryError:
        return False


def _write(archive: zipfile.ZipFile, snapshot: Path, library: str, files: Files) -> Contents:
    copied = Catalog(snapshot, library)
    documents, passages = copied.documents(), sum(d.chunks for d in copied.documents())
    copied.close()
    lost = []
    for info in documents:
        path = files.whole(info.sha256)
        if path is None:
            lost.append(info.document)
            continue
        archive.write(path, FILES + path.name)
    archive.write(snapshot, CATALOG)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    sha256 = sha256_of(snapshot)
    contents = Contents(library, len(documents), passages, now, sha256, tuple(lost))
    archive.writestr(CONTENTS, json.dumps(asdict(contents), indent=1))
    return contents


@contextmanager
def scratch(beside: Path) -> Iterator[Path]:
    """A folder on the same disk, so that its files can be moved into place at once."""
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=beside, prefix=".pincite-") as folder:
        yield Path(folder)


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Turns errors of the system into sentences."""
    try:
        yield
    except OSError as error:
        raise HomeNotWritable(f"{path} could not be written: {error.strerror}.") from error


# -- Puts a backup in the place of a library, also while the library is open
# A backup may come from anybody. It is unpacked within limits, each file must have its hash, and
# the catalogue is copied row by row into a fresh one, see `backup_rows`.

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
