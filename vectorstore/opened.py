"""Opens the index, the catalogue and the files of a library where the settings want them."""

import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from vectorstore.catalog.catalog import Catalog
from vectorstore.copies import Copies, Folder
from vectorstore.dense import DenseIndex
from vectorstore.errors import HomeNotWritable, LibraryError, UnknownLibrary
from vectorstore.team.postgres import Server
from vectorstore.team.postgres_catalog import Bm25, PostgresCatalog
from vectorstore.team.s3 import Bucket, S3Store
from vectorstore.team.served_vectors import ServedIndex


def open_index(catalog: Catalog, folder: Path, server: Server | None = None) -> DenseIndex:
    """The dense index of a library: in its folder, or on a server with pgvector."""
    return ServedIndex(catalog, folder, server) if server else DenseIndex(catalog, folder)


# -- The catalogue of a library's folder: in an SQLite file, or in PostgreSQL
# A library in PostgreSQL has a mark in its folder, which names its schema. So the folder may be
# renamed, deleted and brought back, and no library is ever opened in the wrong place.

FILE = "catalog.sqlite"
SCHEMA_MARK = "catalog.postgresql"
_SCHEMA = re.compile(r"pincite_[0-9a-f]{32}")


def open_catalog(folder: Path, library: str, server: Server | None = None) -> Catalog:
    """The catalogue, made where there is none. Raises HomeNotWritable or LibraryError: also where
    it is in another place than asked for."""
    file, schema = folder / FILE, schema_of(folder)
    if server is None:
        if schema:
            raise LibraryError(
                f"The catalogue of {library!r} is in PostgreSQL, and no setting says where: set"
                " `catalogue` again. With it, `pincite migrate-home sqlite` moves it back."
            )
        return Catalog(file, library)
    if not schema and file.exists():
        raise LibraryError(
            f"The catalogue of {library!r} is in {file}, and the setting `catalogue` names"
            " PostgreSQL: move it there with `pincite migrate-home postgresql`."
        )
    database = PostgresCatalog(server, schema) if schema else _made(folder, server)
    return Catalog(file, library, database, Bm25(database))


def schema_of(folder: Path) -> str:
    """The schema of a library in PostgreSQL; empty for any other. Raises LibraryError for a mark
    that this program has not written: its name goes into statements, also into those that delete.
    """
    try:
        schema = (folder / SCHEMA_MARK).read_text("ascii", "replace").strip()
    except OSError:
        return ""
    if not _SCHEMA.fullmatch(schema):
        raise LibraryError(f"{folder / SCHEMA_MARK} is damaged: put back a copy of it.")
    return schema


def is_library(folder: Path) -> bool:
    """Whether a folder has a catalogue, or the mark of one in PostgreSQL."""
    return (folder / FILE).exists() or (folder / SCHEMA_MARK).exists()


def libraries_in(folder: Path) -> list[str]:
    """The names of the libraries below a folder."""
    return sorted(path.name for path in folder.glob("*") if is_library(path))


def check_there(folder: Path) -> None:
    """Before anything is written there: a lock or a folder would make what looks like a library.
    Raises UnknownLibrary for a folder without a catalogue."""
    if not is_library(folder):
        raise UnknownLibrary(folder.name, libraries_in(folder.parent))


def file_of(folder: Path) -> Path:
    """The file that tells a library from another one in the same place: catalogue, or mark."""
    return folder / SCHEMA_MARK if (folder / SCHEMA_MARK).exists() else folder / FILE


def drop_catalog(folder: Path, server: Server | None) -> None:
    """Delete what a folder has in PostgreSQL, before it is deleted itself. Raises LibraryError."""
    schema = schema_of(folder)
    if schema and server is None:
        raise LibraryError(f"{folder} has a catalogue in PostgreSQL, and no setting says where.")
    if schema and server:
        PostgresCatalog.drop(server, schema)


def new_schema() -> str:
    """A name that no other library has."""
    return f"pincite_{uuid4().hex}"


def mark_schema(folder: Path, schema: str) -> None:
    """Say in a folder which schema has its catalogue. Raises FileExistsError."""
    _mark(folder / SCHEMA_MARK, schema)


def _mark(mark: Path, text: str) -> None:
    """Write a file completely or not at all, also after a loss of power. Raises FileExistsError:
    the first process wins."""
    scratch = mark.with_name(f".{uuid4().hex}")
    try:
        with scratch.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(scratch, mark)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if mark.exists():
            raise FileExistsError(str(mark)) from None
        scratch.replace(mark)
    finally:
        scratch.unlink(missing_ok=True)
    keep_names(mark.parent)


def keep_names(folder: Path) -> None:
    """The names in a folder survive a loss of power from now on, where the system can do that: on
    Windows it does so by itself."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _made(folder: Path, server: Server) -> PostgresCatalog:
    made = PostgresCatalog(server, new_schema(), make=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        mark_schema(folder, made.namespace)  # not before it is there: others open what is marked
        return made
    except OSError as error:
        made.close()
        PostgresCatalog.drop(server, made.namespace)
        if schema := schema_of(folder):  # another process was faster
            return PostgresCatalog(server, schema)
        raise HomeNotWritable(f"{folder} cannot be written: {error.strerror}.") from error


# -- Where the files of a library are: in its folder, or in a bucket
# A library whose files are in a bucket has a mark in its folder, which names their path there. So
# the folder may be renamed, deleted and brought back without moving a file.

ROOT_MARK = "files.s3"
FOLDER = "files"
CACHE = "fetched"


def open_copies(folder: Path, library: str, bucket: Bucket | None = None) -> Copies:
    """The copies of a library. Raises HomeNotWritable or LibraryError: also where they are in
    another place than asked for."""
    root = root_of(folder)
    if bucket is None:
        if root:
            raise LibraryError(
                f"The files of {library!r} are in s3://{root}, and no setting says where that is:"
                " set `files` again. With it, `pincite migrate-home folder` moves them back."
            )
        return Folder(folder / FOLDER)
    if not root and has_files(folder):
        raise LibraryError(
            f"The files of {library!r} are in {folder / FOLDER}, and the setting `files` names"
            f" {bucket.address}: move them there with `pincite migrate-home s3`."
        )
    if root and not root.startswith(f"{bucket.root}/"):
        raise _elsewhere(library, root, bucket)
    return open_store(folder, root or mark_root(folder, new_root(bucket)), bucket)


def open_store(folder: Path, root: str, bucket: Bucket) -> S3Store:
    """The copies below a path of the bucket. Raises LibraryError where the path is of another
    bucket, as if there was nothing, or where the extra is missing."""
    if root.partition("/")[0] != bucket.name:
        raise _elsewhere(folder.name, root, bucket)
    return bucket.store(root, folder / CACHE)


def _elsewhere(library: str, root: str, bucket: Bucket) -> LibraryError:
    return LibraryError(
        f"The files of {library!r} are in s3://{root}, and the setting `files` names"
        f" {bucket.address}: set it to where they are."
    )


def root_of(folder: Path) -> str:
    """The path of a library's files, `bucket/prefix/pincite-...`; empty where they are in it."""
    try:
        return (folder / ROOT_MARK).read_text("utf-8").strip()
    except OSError:
        return ""


def place_check(folder: Path) -> Callable[[], bool]:
    """Tells whether the files are still in the place where they are now."""
    root = root_of(folder)
    return lambda: root_of(folder) == root


def has_files(folder: Path) -> bool:
    """Whether there are copies in the folder of a library."""
    return next((folder / FOLDER).glob("*"), None) is not None


def new_root(bucket: Bucket) -> str:
    """A path that no other library has."""
    return f"{bucket.root}/pincite-{uuid4().hex}"


def mark_root(folder: Path, root: str) -> str:
    """Say in a folder where its files are; what it says, when another process was faster. Raises
    HomeNotWritable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _mark(folder / ROOT_MARK, root)
    except FileExistsError:
        return root_of(folder)
    except OSError as error:
        raise HomeNotWritable(f"{folder} cannot be written: {error.strerror}.") from error
    return root


def drop_files(folder: Path, bucket: Bucket | None) -> None:
    """Delete what a folder has in a bucket, before it is deleted itself. Raises LibraryError."""
    root = root_of(folder)
    if root and bucket is None:
        raise LibraryError(f"{folder} has files in s3://{root}, and no setting says where that is.")
    if root and bucket:
        open_store(folder, root, bucket).clear()
