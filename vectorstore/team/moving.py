"""Moves the catalogue of a library between SQLite and PostgreSQL.

Everything is copied and compared before one file is renamed, which is the move. Until then the
library is where it was, whatever happens; what is left behind is removed by the next attempt.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from vectorstore import opened
from vectorstore.catalog.catalog import CATALOG, MOVED, CatalogFile
from vectorstore.copies import Copy, Folder, sha256_of
from vectorstore.database.schema import Database, Transaction, fingerprints
from vectorstore.errors import HomeNotWritable, LibraryBusy, LibraryError
from vectorstore.indexing.jobs import alone
from vectorstore.maintenance.rebuild import discard
from vectorstore.team.postgres import Server
from vectorstore.team.postgres_catalog import PostgresCatalog
from vectorstore.team.s3 import Bucket, S3Store

_CATALOG_ARRIVING = "catalog.arriving"  # names a schema that is being filled
_CATALOG_LEAVING = "catalog.leaving"  # names a schema that has to be dropped
_NEW = "catalog.new.sqlite"


@dataclass(frozen=True)
class Moved:
    """How many documents and passages, and rows of all tables, were copied and compared."""

    documents: int
    passages: int
    rows: int


def to_postgres(folder: Path, server: Server) -> Moved | None:
    """None where it is there already. Raises LibraryBusy or LibraryError, with nothing changed."""
    with alone_in(folder):
        _tidy_catalog(folder, server)
        if opened.schema_of(folder) or not (folder / opened.FILE).exists():
            return None
        schema = opened.new_schema()
        (folder / _CATALOG_ARRIVING).write_text(schema, "ascii")
        source = CatalogFile(folder / opened.FILE)
        try:
            # Nobody else writes until the end, and who has it open still hears of the move.
            with source.transaction() as reading:
                moved = _filled(PostgresCatalog(server, schema, make=True), reading)
                opened.mark_schema(folder, schema)
                reading.execute(f"PRAGMA user_version = {MOVED}")
        finally:
            source.close()
            _tidy_catalog(folder, server)
        shutil.rmtree(folder / "chroma", ignore_errors=True)  # it has vectors of the old place
        discard(folder / "rebuilt.sqlite")
        return moved


def to_sqlite(folder: Path, server: Server) -> Moved | None:
    """None where it is there already. Raises LibraryBusy or LibraryError, with nothing changed."""
    with alone_in(folder):
        _tidy_catalog(folder, server)
        if not (schema := opened.schema_of(folder)):
            return None
        source = PostgresCatalog(server, schema)
        try:
            # Who waits to write has its turn when this is committed, and then hears of the move.
            with source.transaction() as reading:
                moved = _filled(CatalogFile(folder / _NEW), reading)
                source.say_moved(reading)
                (folder / _NEW).replace(folder / opened.FILE)
                (folder / opened.SCHEMA_MARK).replace(folder / _CATALOG_LEAVING)
                opened.keep_names(folder)
        finally:
            source.close()
            _tidy_catalog(folder, server)
        return moved


def _filled(target: Database, reading: Transaction) -> Moved:
    """Copy all, and compare it with what is there then. Raises LibraryError when a row differs."""
    with closing(target):
        with target.transaction() as connection:
            target.fill(connection, reading)
        with target.read() as connection:
            return _compared(reading, connection)


def _compared(source: Transaction, target: Transaction) -> Moved:
    """Raises LibraryError when a row differs."""
    before, after = fingerprints(CATALOG, source), fingerprints(CATALOG, target)
    if wrong := [table for table in before if before[table] != after[table]]:
        raise LibraryError(
            f"The copy of the catalogue differs in {', '.join(wrong)}, so it stays where it is. "
            "Somebody may have changed it meanwhile: end the app and other commands, and try again."
        )
    rows = sum(count for count, _ in before.values())
    return Moved(before["document"][0], before["chunk"][0], rows)


def _tidy_catalog(folder: Path, server: Server) -> None:
    """Remove what is not the catalogue: of an attempt that did not end, or of one that did."""
    for name in (_CATALOG_ARRIVING, _CATALOG_LEAVING):
        note = folder / name
        if note.exists():
            schema = note.read_text("ascii").strip()
            if schema and schema != opened.schema_of(folder):
                PostgresCatalog.drop(server, schema)
            note.unlink()
    discard(folder / _NEW)
    if (folder / opened.SCHEMA_MARK).exists():
        discard(folder / opened.FILE)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """No other process adds to a library's folder or has its index open. Raises LibraryBusy, and
    HomeNotWritable for an error of the disk."""
    with alone(folder / "adding.lock") as adding, alone(folder / "chroma.lock") as index:
        if not (adding and index):
            raise LibraryBusy(
                f"{folder.name} is in use: files are being added to it, or another program has it "
                "open. End that, and try again."
            )
        try:
            yield
        except OSError as error:
            raise HomeNotWritable(f"{folder} cannot be written: {error.strerror}.") from error


# -- Moves the files of a library between its folder and a bucket
# Every file is copied, read back and compared before one mark is written or deleted, which is the
# move. Until then the library is where it was, whatever happens, and the next attempt goes on.
# Others may add documents meanwhile. What they have put before the mark is looked for again behind
# it; from then on they are refused, see `Files.keep`.

_FILES_ARRIVING = "files.arriving"  # names a path in the bucket that is being filled
_FILES_LEAVING = "files.leaving"  # names one that has to be cleared
_NAME = re.compile(r"[0-9a-f]{64}(\.[^/\\\x00-\x1f]*)?")


@dataclass(frozen=True)
class MovedFiles:
    """How many files and bytes were copied and compared."""

    files: int
    bytes: int
    damaged: tuple[str, ...] = ()  # names of copies with other bytes, which were left behind


def to_bucket(folder: Path, bucket: Bucket) -> MovedFiles | None:
    """None where they are there already. Raises LibraryBusy or LibraryError, with nothing
    changed."""
    with alone_in(folder):
        _tidy_files(folder, bucket)
        if opened.root_of(folder):
            return None
        note = folder / _FILES_ARRIVING
        root = _read(note) or opened.new_root(bucket)
        note.write_text(root, "utf-8")
        target, source = opened.open_store(folder, root, bucket), Folder(folder / opened.FOLDER)
        moved = _into_bucket(source, target)
        opened.mark_root(folder, root)
        _tidy_files(folder, bucket)
        return moved


def to_folder(folder: Path, bucket: Bucket) -> MovedFiles | None:
    """None where they are there already. Raises LibraryBusy or LibraryError, with nothing
    changed."""
    with alone_in(folder):
        _tidy_files(folder, bucket)
        if not (root := opened.root_of(folder)):
            return None
        moved = _into_folder(opened.open_store(folder, root, bucket), folder / opened.FOLDER)
        (folder / _FILES_LEAVING).write_text(root, "utf-8")
        (folder / opened.ROOT_MARK).unlink()
        opened.keep_names(folder)
        _tidy_files(folder, bucket)
        return moved


def _into_bucket(source: Folder, target: S3Store, late: bool = False) -> MovedFiles:
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


def _into_folder(source: S3Store, folder: Path, late: bool = False) -> MovedFiles:
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
        with path.open("r+b") as file:
            os.fsync(file.fileno())
        moved, size = moved + 1, size + copy.size
    opened.keep_names(folder)
    return MovedFiles(moved, size, tuple(damaged))


def _ours(found: Iterator[Copy]) -> Iterator[Copy]:
    return (copy for copy in found if _NAME.fullmatch(copy.name))


def _tidy_files(folder: Path, bucket: Bucket) -> None:
    """Remove what is not the files: of an attempt that did not end, or of one that did."""
    here = folder / opened.FOLDER
    if root := opened.root_of(folder):
        if here.is_dir():
            _into_bucket(Folder(here), opened.open_store(folder, root, bucket), late=True)
        shutil.rmtree(here, ignore_errors=True)
        (folder / _FILES_ARRIVING).unlink(missing_ok=True)
        (folder / _FILES_LEAVING).unlink(missing_ok=True)
    elif root := _read(folder / _FILES_LEAVING):
        source = opened.open_store(folder, root, bucket)
        _into_folder(source, here, late=True)
        source.clear()
        shutil.rmtree(folder / opened.CACHE, ignore_errors=True)
        (folder / _FILES_LEAVING).unlink()


def _read(note: Path) -> str:
    return note.read_text("utf-8").strip() if note.exists() else ""
