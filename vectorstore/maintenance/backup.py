"""Writes a library into one file, and restores it from there, also while the library is open.

The file is a ZIP with the catalogue, the copies of the files and a list of its contents. Chroma is
not in it: it is filled again from the catalogue.
"""

import hashlib
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from vectorstore.catalog.catalog import Catalog
from vectorstore.catalog.files import Files
from vectorstore.errors import HomeNotWritable, LibraryError

_CONTENTS, _CATALOG, _FILES = "pincite-backup.json", "catalog.sqlite", "files/"
_FORMAT = 1
_COPY = re.compile(r"files/([0-9a-f]{64})\.[^/\\]*")
_BLOCK = 1 << 20  # bytes


@dataclass(frozen=True)
class Contents:
    """The description that a backup holds of itself."""

    library: str
    documents: int
    passages: int
    made: str  # ISO 8601, UTC
    catalog: str  # sha256
    lost: tuple[str, ...] = ()  # documents whose copy was lost before the backup
    format: int = _FORMAT


def back_up(catalog: Catalog, files: Files, target: Path) -> Contents:
    """Write one file, completely or not at all. Raises LibraryError or HomeNotWritable."""
    if target.exists() and not _is_backup(target):
        raise LibraryError(f"{target} is there already and is no backup. Choose another name.")
    with _named_errors(target), _scratch(target.parent) as folder:
        catalog.database.copy_to(folder / _CATALOG)
        written = folder / "backup.zip"
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            contents = _write(archive, folder / _CATALOG, catalog.library, files)
        written.replace(target)
    return contents


def restore(backup: Path, catalog: Catalog, files: Files) -> Contents:
    """Replace the contents of a library by those of a backup.

    Everything is checked first, and one transaction replaces the catalogue. Processes that have the
    library open see the new documents at once. Raises LibraryError or HomeNotWritable; nothing is
    changed then.
    """
    contents = read_contents(backup)
    with _named_errors(files.folder), _scratch(files.folder.parent) as folder:
        copies = _unpacked(backup, folder, contents)
        before = {info.sha256 for info in catalog.documents()}
        for copy in copies:
            files.take(copy)
        catalog.replace_by(folder / _CATALOG)
        for sha256 in before - {info.sha256 for info in catalog.documents()}:
            files.remove(sha256)
    return contents


def read_contents(backup: Path) -> Contents:
    """The description of a backup. Raises LibraryError when it is none, or of a newer version."""
    try:
        with zipfile.ZipFile(backup) as archive:
            told = json.loads(archive.read(_CONTENTS))
        if told["format"] > _FORMAT:
            raise LibraryError(f"{backup} was made by a newer version of Pincite. Use that one.")
        return Contents(**{**told, "lost": tuple(told["lost"])})
    except FileNotFoundError as error:
        raise LibraryError(f"There is no file {backup}.") from error
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError) as error:
        raise LibraryError(f"{backup} is not a backup of a library, or is damaged.") from error


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
        path = files.path(info.sha256)
        if not files.intact(info.sha256, mend=False):
            lost.append(info.document)
            continue
        archive.write(path, _FILES + path.name)
    archive.write(snapshot, _CATALOG)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    sha256 = _sha256(snapshot)
    contents = Contents(library, len(documents), passages, now, sha256, tuple(lost))
    archive.writestr(_CONTENTS, json.dumps(asdict(contents), indent=1))
    return contents


def _unpacked(backup: Path, folder: Path, contents: Contents) -> list[Path]:
    """The copies of the files; each is compared with its hash, and the catalogue is checked."""
    copies = []
    try:
        with zipfile.ZipFile(backup) as archive:
            _extract(archive, _CATALOG, folder / _CATALOG, contents.catalog)
            for name in archive.namelist():
                if match := _COPY.fullmatch(name):
                    copy = folder / Path(name).name
                    _extract(archive, name, copy, match[1])
                    copies.append(copy)
    except (zipfile.BadZipFile, KeyError, EOFError, ValueError) as error:
        raise _damaged(backup, str(error)) from error
    _check(backup, folder / _CATALOG, {copy.stem for copy in copies}, contents)
    return copies


def _extract(archive: zipfile.ZipFile, name: str, target: Path, sha256: str) -> None:
    with archive.open(name) as packed, target.open("wb") as file:
        shutil.copyfileobj(packed, file, _BLOCK)
    if _sha256(target) != sha256:
        raise ValueError(f"{name} has other bytes than it should")


def _check(backup: Path, snapshot: Path, copies: set[str], contents: Contents) -> None:
    catalog = Catalog(snapshot, contents.library)  # also migrates an old schema
    try:
        if catalog.database.all("PRAGMA quick_check(1)") != [("ok",)]:
            raise _damaged(backup, "its catalogue is not sound")
        for info in catalog.documents():
            if info.sha256 not in copies and info.document not in contents.lost:
                raise _damaged(backup, f"the file of {info.document} is not in it")
    finally:
        catalog.close()


def _damaged(backup: Path, why: str) -> LibraryError:
    return LibraryError(f"{backup} is damaged: {why}. Nothing was changed.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _scratch(beside: Path) -> Iterator[Path]:
    """A folder on the same disk, so that its files can be moved into place at once."""
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=beside, prefix=".pincite-") as folder:
        yield Path(folder)


@contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    """Turns errors of the system into sentences."""
    try:
        yield
    except OSError as error:
        raise HomeNotWritable(f"{path} could not be written: {error.strerror}.") from error
