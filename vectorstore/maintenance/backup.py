"""Writes a library into one file, also while the library is open; `restoring` reads it.

The file is a ZIP with the catalogue, the copies of the files and a list of its contents. Chroma is
not in it: it is filled again from the catalogue.
"""

import errno
import hashlib
import json
import lzma
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from ingest.document.source import readable
from ingest.serialization.codec import Codec
from vectorstore.catalog.catalog import Catalog
from vectorstore.errors import HomeNotWritable, LibraryError
from vectorstore.files.files import Files

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
    """The error to raise."""
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


def sha256_of(path: Path) -> str:
    """Of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
