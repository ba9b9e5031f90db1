"""Writes a library into one file, also while the library is open; `restore` reads it.

The file is a ZIP with the catalogue, the copies of the files and a list of its contents. Chroma is
not in it: it is filled again from the catalogue.
"""

import errno
import json
import lzma
import math
import re
import shutil
import sqlite3
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from ingest.document.model import Page
from ingest.document.source import Limits, readable
from ingest.document.wire import Codec, InvalidData
from vectorstore.catalog import rows as catalog_rows
from vectorstore.catalog.catalog import CATALOG, Catalog
from vectorstore.catalog.tags import cleaned
from vectorstore.copies import SHA256, Files, sha256_of
from vectorstore.database.schema import Transaction
from vectorstore.errors import HomeNotWritable, LibraryError, WrongTag

# -- Reads the rows of an SQLite file that somebody else may have made, and lets nothing in it run
# The file is never written and none of its indexes, triggers or words are used: only plain tables
# are read, from end to end. Advice of https://sqlite.org/security.html for untrusted files.

_MOST = 256 << 20  # bytes of one value: a page has its lines in one
_WHOLE = 1 << 53  # JSON and floats hold integers up to here
_TYPES: dict[str, tuple[type, ...]] = {
    "INTEGER": (int,), "INT": (int,), "TEXT": (str,), "REAL": (int, float),
    "BLOB": (bytes,),
}  # fmt: skip

Row = dict[str, Any]  # by column, each of the type that it is declared with


class WrongRows(ValueError):
    """The file holds what no catalogue of ours does; the message says what, as part of a
    sentence."""


class ForeignFile:
    """A read-only connection to an SQLite file that somebody else may have made."""

    def __init__(self, path: Path) -> None:
        """Raises WrongRows."""
        with _damage():
            # Immutable: the file is a copy, and its mode of writing would ask for more files.
            address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
            self._connection = sqlite3.connect(address, uri=True, isolation_level=None)
            self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST)
            for safely in ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0"):
                self._connection.execute(f"PRAGMA {safely}")

    def close(self) -> None:
        self._connection.close()

    def version(self) -> int:
        return int(self._all("PRAGMA user_version")[0][0])

    def check(self, own: Mapping[tuple[str, str], str]) -> None:
        """Check that it is sound, and has only what one of ours has: (kind, name) -> SQL.

        Raises WrongRows.
        """
        for kind, name, sql in self._all("SELECT type, name, sql FROM sqlite_schema"):
            wanted = own.get((kind, name))
            if wanted is None or (kind == "trigger" and _plain(sql) != _plain(wanted)):
                raise WrongRows(f"its catalogue has a foreign {kind}, {readable(str(name))}")
        if self._all("PRAGMA quick_check(1)") != [("ok",)]:
            raise WrongRows("its catalogue is not sound")

    def rows(self, table: str, columns: Sequence[tuple[str, str, bool]]) -> Iterator[Row]:
        """The rows, in their order; `columns` are (name, declared type, may be NULL).

        Raises WrongRows, also where the file lacks a column.
        """
        self._check_plain(table, {name for name, *_ in columns})
        chosen = ", ".join(f'"{name}"' for name, *_ in columns)
        with _damage():
            for values in self._connection.execute(f"SELECT {chosen} FROM {table} NOT INDEXED"):
                yield {
                    name: _typed(value, kind, nullable, f"{table}.{name}")
                    for value, (name, kind, nullable) in zip(values, columns, strict=True)
                }

    def _check_plain(self, table: str, columns: set[str]) -> None:
        """Whether a plain table has these columns, and computes none of its own."""
        found = self._all("SELECT type, rootpage FROM sqlite_schema WHERE name = ?", table)
        if len(found) != 1 or found[0][0] != "table" or not found[0][1]:
            raise WrongRows(f"its catalogue has no table {table}")
        told = self._all(f"SELECT name, hidden FROM pragma_table_xinfo('{table}')")
        if computed := [name for name, hidden in told if hidden]:
            raise WrongRows(f"its catalogue computes {table}.{readable(str(computed[0]))}")
        if not columns <= {name for name, _ in told}:
            raise WrongRows(f"its table {table} has other columns")

    def _all(self, sql: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        with _damage():
            return self._connection.execute(sql, values).fetchall()


def _typed(value: object, kind: str, nullable: bool, where: str) -> object:
    if value is None and nullable:
        return None
    small = not isinstance(value, int) or abs(value) < _WHOLE
    if not isinstance(value, _TYPES[kind]) or not small or value != value:  # NaN
        raise WrongRows(f"its catalogue has a wrong value in {where}")
    return value


def _plain(sql: object) -> str:
    return " ".join(str(sql).split())


@contextmanager
def _damage() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise WrongRows(f"its catalogue cannot be read ({readable(str(error))})") from error


# -- Copies the catalogue of a backup, which anybody may have made, row by row into a fresh one
# Each row must have the shape that Pincite gives it. Words for searching are made anew. What
# belongs to the machine of the backup is left behind: its queue, and archives that were being read.

_LONGEST = 1e7  # seconds of a recording: 115 days
_PAGE: Codec[Page] = Codec(Page)
_HEADINGS: Codec[list[str]] = Codec(list[str])
_PAIRS: Codec[list[tuple[str, str]]] = Codec(list[tuple[str, str]])
_COUNTS: Codec[dict[str, int]] = Codec(dict[str, int])
_NAMES: Codec[dict[str, Any]] = Codec(dict[str, Any])
_META = {"made_by": re.compile(r"[^\W_][ -~]{0,300}"), "anew": re.compile(r"\d{1,9}"),
         "languages": re.compile("en|many"),
         "description": re.compile(r"[^\x00-\x1f]{0,300}")}  # fmt: skip
_IN_PART = "!"  # of an archive: it is read again when a person adds it, and not before


def copy_rows(snapshot: Path, target: Catalog) -> None:
    """Fill an empty catalogue. Raises WrongRows, and LibraryError when it cannot be written."""
    file = ForeignFile(snapshot)
    try:
        if not CATALOG.first <= (version := file.version()) <= CATALOG.version:
            raise WrongRows(f"its catalogue has schema {version}, of another version of Pincite")
        own = target.database.all("SELECT type, name, sql FROM sqlite_schema")
        file.check({(kind, name): sql or "" for kind, name, sql in own})
        with target.writing() as connection, _shapes():
            _Copying(file, target, connection).run()
    finally:
        file.close()


class _Copying:
    """One transaction."""

    def __init__(self, file: ForeignFile, target: Catalog, connection: Transaction) -> None:
        self._file = file
        self._target = target
        self._connection = connection
        self._hashes: dict[int, str] = {}  # of documents, by id
        self._newer: dict[int, int] = {}  # the ids of newer versions
        self._lines: dict[tuple[int, int], int] = {}  # of each page
        self._dimensions = 0

    def run(self) -> None:
        for table, checked in {
            "meta": self._meta, "document": self._document, "place": self._place,
            "page": self._page, "chunk": self._chunk,
            "container": self._container, "tag": self._tag,
        }.items():  # fmt: skip
            self._copy(table, checked)
        self._versions()
        self._words()

    def _copy(self, table: str, checked: Callable[[Row], Row | None]) -> None:
        told = self._target.database.all(
            f"SELECT name, type, NOT \"notnull\" FROM pragma_table_info('{table}')"
        )
        for row in self._file.rows(table, told):
            if (kept := checked(row)) is not None:
                marks = ", ".join("?" for _ in kept)
                self._connection.execute(
                    f"INSERT INTO {table} ({', '.join(kept)}) VALUES ({marks})", [*kept.values()]
                )

    def _meta(self, row: Row) -> Row | None:
        form = _META.get(row["key"])
        if form is None:
            return None  # of this copy alone, such as what Chroma holds
        if not form.fullmatch(row["value"]):
            raise WrongRows(f"its catalogue says something strange as {row['key']}")
        return row

    def _document(self, row: Row) -> Row:
        if not SHA256.fullmatch(row["sha256"]):
            raise WrongRows("its catalogue names a file by something that is no sha256")
        self._hashes[row["id"]] = row["sha256"]
        if (newer := row.pop("superseded_by")) is not None:
            self._newer[row["id"]] = newer
        if row["names"]:
            _NAMES.encode(json.loads(row["names"]))
        if not re.fullmatch("[a-z]{2,3}", row["language"]):
            raise WrongRows("a document of its catalogue is in a strange language")
        if not 0 <= (row["seconds"] or 0) < _LONGEST:
            raise WrongRows("a recording of its catalogue has a strange length")
        return row | {part: readable(row[part]) for part in ("name", "title", "status")}

    def _place(self, row: Row) -> Row:
        if "\0" in row["path"]:
            raise WrongRows("its catalogue has a wrong value in place.path")
        return row

    def _page(self, row: Row) -> Row:
        page = catalog_rows.page(tuple(row[column] for column in _PAGE_COLUMNS))
        _PAGE.encode(page)
        if not all(math.isfinite(side) for line in page.lines for side in line.box):
            raise WrongRows(f"page {page.number} has a line at no place")
        cells = [cell.line for table in page.tables for one in table.rows for cell in one]
        if min([*cells, *(table.header for table in page.tables)], default=0) < 0:
            raise WrongRows(f"page {page.number} has a table beyond its lines")
        _COUNTS.encode(json.loads(row["dropped"]))
        self._lines[row["document_id"], page.number] = len(page.lines)
        return row

    def _chunk(self, row: Row) -> Row:
        lines = self._lines.get((row["document_id"], row["page"]), 0)
        if not 0 <= row["first"] <= row["last"] < lines:
            raise WrongRows("a passage of its catalogue has lines that no page has")
        if not re.fullmatch(rf"{self._hashes[row['document_id']][:16]}:\d{{1,9}}", row["id"]):
            raise WrongRows("a passage of its catalogue belongs to another document")
        _HEADINGS.encode(json.loads(row["headings"]))
        _, vector = catalog_rows.matrix([("", row["vector"])])
        self._dimensions = self._dimensions or vector.size
        if not 0 < vector.size == self._dimensions or not math.isfinite(float(vector.sum())):
            raise WrongRows("a vector of its catalogue is damaged")
        return row

    def _container(self, row: Row) -> Row:
        _PAIRS.encode(json.loads(row["left_out"]))
        return row | {"sha256": row["sha256"] or _IN_PART}

    def _tag(self, row: Row) -> Row:
        if cleaned(row["name"]) != row["name"]:
            raise WrongRows("a document of its catalogue has a strange tag")
        return row

    def _versions(self) -> None:
        """Newer versions, which must not lead back to a document."""
        try:
            TopologicalSorter({id: [newer] for id, newer in self._newer.items()}).prepare()
        except CycleError as error:
            raise WrongRows("versions of its documents lead nowhere") from error
        if not self._hashes.keys() >= {*self._newer.values()}:
            raise WrongRows("versions of its documents lead nowhere")
        self._connection.executemany(
            "UPDATE document SET superseded_by = ? WHERE id = ?",
            [(newer, id) for id, newer in self._newer.items()],
        )

    def _words(self) -> None:
        """The words of passages, and those by which documents are recognised."""
        catalog_rows.insert_words(self._connection)
        for id in self._hashes:
            catalog_rows.put_card_again(self._connection, id)


_PAGE_COLUMNS = [column.rpartition(".")[2] for column in catalog_rows.PAGE.split(", ")]


@contextmanager
def _shapes() -> Iterator[None]:
    """Whatever a row of a wrong shape raises, in one sentence."""
    try:
        yield
    except WrongRows:
        raise
    except (InvalidData, WrongTag, ValueError, TypeError, LookupError, RecursionError) as error:
        why = readable(str(error) or type(error).__name__)[:200]
        raise WrongRows(f"a row of its catalogue has a wrong shape ({why})") from error
    except sqlite3.IntegrityError as error:
        raise WrongRows(f"rows of its catalogue contradict each other ({error})") from error


# -- The file of a backup, and what is written into it

CONTENTS, _CATALOG_FILE, FILES = "pincite-backup.json", "catalog.sqlite", "files/"
FORMAT = 1
_LARGEST = 64 << 20  # bytes of the description: names of lost documents
_DAMAGE = (  # what zipfile, json and others raise for damaged, encrypted or unknown data
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, LookupError,
    RuntimeError, TypeError, ValueError, OverflowError, MemoryError,
)  # fmt: skip
_OF_DATA = (None, errno.EINVAL)  # bad data of bzip2; a place before the beginning of the file


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
        catalog.database.copy_to(folder / _CATALOG_FILE)
        written = folder / "backup.zip"
        with zipfile.ZipFile(written, "w") as archive:
            contents = _write(archive, folder / _CATALOG_FILE, catalog.library, files)
        written.replace(target)
    return contents


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
    # Copies stay as they are: most are packed already, and logs of one line again and again would
    # unpack to more than a restore takes.
    archive.write(snapshot, _CATALOG_FILE, zipfile.ZIP_DEFLATED, compresslevel=1)
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
# the catalogue is copied row by row into a fresh one, see `copy_rows`.

_COPY = re.compile(r"files/([0-9a-f]{64})\.[^/\\\x00-\x1f<>:\"|?*]{0,200}")
_RATIO = 200  # times its size that a backup may unpack to: ours keep far below it
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
        snapshot = folder / _CATALOG_FILE
        _extract(archive, _CATALOG_FILE, snapshot, contents.catalog)
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
    size += (_COPIES - 1) * archive.getinfo(_CATALOG_FILE).file_size
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
