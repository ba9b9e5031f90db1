"""The index of a library, where the settings want it."""

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
from pathlib import Path
from typing import IO
from uuid import uuid4

from ingest.errors import UnreadableFile
from vectorstore.catalog.catalog import Catalog
from vectorstore.catalog.stored import DocumentInfo
from vectorstore.copies import SCRATCH, Copies, Copy, Folder, sha256_of
from vectorstore.dense.index import DenseIndex
from vectorstore.errors import DamagedCopy, HomeNotWritable, LibraryError
from vectorstore.team.object_store import ObjectStore
from vectorstore.team.postgres import Server
from vectorstore.team.postgres_catalog import Bm25, PostgresCatalog
from vectorstore.team.s3 import Bucket, S3Store
from vectorstore.team.served_vectors import ServedIndex


def open_index(catalog: Catalog, folder: Path, server: Server | None = None) -> DenseIndex:
    """In a folder, or on a server with pgvector."""
    return ServedIndex(catalog, folder, server) if server else DenseIndex(catalog, folder)


# -- The library's own copies of files, named by their content, so that pages can always be shown

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
        self._library = library
        self._leaving = library / "leaving"  # names of copies that have to be deleted
        self._looked_at = -1  # the generation of the catalogue

    @property
    def library(self) -> Path:
        """The library's own folder."""
        return self._library

    @property
    def place(self) -> str:
        """Where they are, for people."""
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

    def holds(self, sha256: str) -> bool:
        """Whether there is a copy, whatever its bytes are."""
        return self._found(sha256) is not None

    def name(self, sha256: str) -> str:
        """The name of the copy, which loaders choose by; empty where there is none."""
        found = self._found(sha256)
        return found.name if found else ""

    def path(self, sha256: str) -> Path:
        """A local file with its bytes; it does not exist where the copy was deleted by hand. From a
        server it is fetched, and its bytes are checked. Raises LibraryAway or LibraryError."""
        return self._copies.path(self._checked(sha256))

    def forget_fetched(
        self, generation: int, documents: Callable[[], Collection[DocumentInfo]]
    ) -> None:
        """Take what the library has no more from this machine, once for each generation of its
        catalogue: another machine may have removed it."""
        if isinstance(self._copies, ObjectStore) and self._looked_at != generation:
            self._copies.keep_to({info.sha256 for info in documents()})
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

    def drawn(self, sha256: str) -> Path:
        """The folder of the small pictures of its pages, which may not be there."""
        return self._all_drawn() / self._checked(sha256)

    def forget_drawn(self, sha256: str) -> None:
        """Delete the small pictures of its pages, and not the copy."""
        shutil.rmtree(self.drawn(sha256), ignore_errors=True)

    def _all_drawn(self) -> Path:
        return self._library / "thumbnails"

    def remove(self, sha256: str) -> None:
        """Delete a copy, and the small pictures of its pages. What a server does not delete now,
        the next `sweep` deletes."""
        try:
            self.erase(sha256, versions=False)
        except LibraryError as error:
            if self._copies.near:
                raise
            log.warning("A copy in %s is deleted by `pincite verify`: %s", self.place, error)

    def erase(self, sha256: str, versions: bool = True) -> int:
        """Delete a copy, and what a server keeps of its older versions: the number of these that it
        does not let go. Raises LibraryAway or LibraryError; the next `sweep` deletes it then."""
        start = self._checked(sha256)
        self.forget_drawn(sha256)
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
        folder = self._library / "scratch"
        with suppress(OSError):
            if self._copies.near:
                self._copies.tidy(0)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def sweep(self, known: Collection[str], older: float | None = None) -> int:
        """Delete what killed runs left behind: temporary files, and copies without a document.
        Raises LibraryAway or LibraryError."""
        older = self._copies.left_over if older is None else older
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
        for drawn in self._all_drawn().glob("*"):
            if drawn.name not in known:
                shutil.rmtree(drawn, ignore_errors=True)
        return swept

    def intact(self, sha256: str, mend: bool = True) -> bool:
        """Whether the copy is intact. A damaged one is deleted, so that `add` makes a good one.
        Raises LibraryAway or LibraryError."""
        try:
            found = self._found(sha256)
            whole = found is not None and self._copies.sha256(found.name) == sha256
            if mend and found and not whole:
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
    """Whether there is a catalogue."""
    return (folder / FILE).exists() or (folder / SCHEMA_MARK).exists()


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
    """Say in a folder which schema has its catalogue, also after a loss of power. Raises
    FileExistsError."""
    scratch = folder / f".{schema}"
    _write(scratch, schema, "w")
    try:
        os.link(scratch, folder / SCHEMA_MARK)  # completely or not at all; the first process wins
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        _write(folder / SCHEMA_MARK, schema, "x")
    finally:
        scratch.unlink(missing_ok=True)
    keep_names(folder)


def keep_names(folder: Path) -> None:
    """The names in a folder survive a loss of power from now on, where the system can do that: on
    Windows it does so by itself."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write(path: Path, text: str, mode: str) -> None:
    with path.open(mode, encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


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
    """Say in a folder where its files are, also after a loss of power; what it says, when another
    process was faster. Raises HomeNotWritable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch = folder / f".{root.rpartition('/')[2]}"
        with scratch.open("w", encoding="utf-8") as file:
            file.write(root)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(scratch, folder / ROOT_MARK)  # completely or not at all; the first process wins
        except FileExistsError:
            return root_of(folder)
        except OSError:  # a file system without links
            scratch.replace(folder / ROOT_MARK)
        finally:
            scratch.unlink(missing_ok=True)
        keep_names(folder)
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
