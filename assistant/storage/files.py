"""Files of answers in a home: `attached/` has those that came with questions, `made/` what tools
made. Each has a random name, which the answers that it belongs to mention.

Files go after the rows that mention them. What a kill leaves in between, nothing mentions: the
cleaning of the home finds it.
"""

import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from assistant.errors import AssistantError
from assistant.models.hub import sha256_of
from assistant.storage.part import Kept
from vectorstore.database.schema import Schema, Transaction
from vectorstore.errors import HomeNotWritable
from vectorstore.indexing.jobs import alone
from vectorstore.opened import check_there

FOLDERS = ("attached", "made")
# Of a folder in attached/, or of files in made/ up to their first dot: what belongs together.
_NAME = re.compile(r"[0-9a-f]{32}")
# One for each folder: each begins with plain letters, which are looked for faster than choices.
_MENTIONED = tuple(re.compile(rf"{folder}[\\/]+({_NAME.pattern})") for folder in FOLDERS)
# What may be before and after a folder's name in a path within JSON, for LIKE. Few texts have the
# character before it: with that the database looks through them faster than without.
_SIDES = ('"{}/', "/{}/", '"{}\\', "\\{}\\")
_LIKE = [f"%{side.format(folder)}%" for folder in FOLDERS for side in _SIDES]
_DAY = 24 * 3600.0  # seconds: a younger file may be of an answer that is under way
_ROWS = 500  # that are read at once


class AnswerFiles:
    """The files of answers in a home, attached and made."""

    def __init__(
        self, home: Path, in_use: Callable[[], set[str]], empty: Callable[[], bool]
    ) -> None:
        """`in_use` gives the names that something mentions, of all people; `empty` says whether
        there is nothing at all that could mention one."""
        self._home, self._in_use, self._empty = home, in_use, empty

    def discard(self, names: Iterable[str]) -> None:
        """Delete files by the names that deleted rows have mentioned, but for what another row
        mentions. Raises AssistantError after the last one, with all that could not be."""
        wanted = set(names)
        gone = sorted(wanted - self._in_use()) if wanted else ()
        if failed := [failure for name in gone for failure in self._delete(name)]:
            raise AssistantError(
                f"Not everything could be deleted: {', '.join(failed)}. Nothing refers to it any"
                " more: delete it by hand, or clean the storage, by `pincite storage --clean"
                " orphans` or in the settings of the app."
            )

    def orphans(self) -> frozenset[Path]:
        """Files that nothing mentions any more; none while the tables are empty: they may have been
        moved away, with the rows that mention it. Raises AssistantError where the tables cannot be
        used."""
        latest = time.time() - _DAY
        old = [(name, file) for name, file in self._all() if _changed(file) < latest]
        if not old or self._empty():
            return frozenset()
        in_use = self._in_use()
        return frozenset(file for name, file in old if name not in in_use)

    def _delete(self, name: str) -> Iterator[str]:
        """What could not be deleted, each with the reason."""
        attached = self._home / "attached" / name
        for path in (*(self._home / "made").glob(f"{name}.*"), attached):
            try:
                with suppress(FileNotFoundError):
                    shutil.rmtree(path) if path == attached else path.unlink()
            except OSError as error:
                yield f"{path} ({error.strerror})"

    def _all(self) -> Iterator[tuple[str, Path]]:
        """All files with their names, but not through links, or what other programs put there."""
        for folder in FOLDERS:
            top = self._home / folder
            for at, _, files in os.walk(top) if not top.is_symlink() else ():
                for file in (Path(at, name) for name in files):
                    name = file.relative_to(top).parts[0].partition(".")[0]
                    if _NAME.fullmatch(name):
                        yield name, file


def mentioned(texts: Iterable[str]) -> set[str]:
    """The names of files in answers, each as JSON."""
    return {name for text in texts for folder in _MENTIONED for name in folder.findall(text)}


def mentioned_in(
    connection: Transaction, table: str, column: str, where: str = "? = ''", value: str = ""
) -> set[str]:
    """The same of the rows of a table with a `number`, `where` a value says so; they are read in
    parts, and only those that mention files."""
    found: set[str] = set()
    any_file = " OR ".join([f"{column} LIKE ? ESCAPE '!'"] * len(_LIKE))  # \ is a plain character
    query = (
        f"SELECT number, {column} FROM {table} WHERE number > ? AND {where} AND ({any_file})"
        f" ORDER BY number LIMIT {_ROWS}"
    )
    last = 0
    while rows := connection.execute(query, (last, value, *_LIKE)).fetchall():
        found |= mentioned(text for _, text in rows)
        last = rows[-1][0]
    return found


def _changed(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:  # it has gone meanwhile
        return time.time()


# -- The hashes of models' files on this machine, so that one of gigabytes is read only once

FILE = "hashes.sqlite"

_HASHES = Schema("hashes", "hashes of models", """
CREATE TABLE IF NOT EXISTS file_hash (
    path     TEXT PRIMARY KEY,
    bytes    INTEGER NOT NULL,
    modified INTEGER NOT NULL,         -- nanoseconds
    sha256   TEXT NOT NULL
) WITHOUT ROWID;
""")  # fmt: skip


class FileHashes(Kept):
    """Known files are hashed again when their size or time has changed."""

    def __init__(self, home: Path) -> None:
        """Each use raises AssistantError when the file cannot be read or written."""
        super().__init__(home / FILE, _HASHES)

    def sha256(self, path: Path) -> str:
        """The SHA-256 of a file, in hexadecimal. Raises AssistantError."""
        try:
            about = path.stat()
        except OSError as error:
            raise AssistantError(f"The model's file {path} cannot be read: {error}.") from error
        known = (str(path.resolve()), about.st_size, about.st_mtime_ns)
        if row := self._database.one(
            "SELECT sha256 FROM file_hash WHERE path = ? AND bytes = ? AND modified = ?", *known
        ):
            return str(row[0])
        digest = sha256_of(path)
        self._database.write("INSERT OR REPLACE INTO file_hash VALUES (?, ?, ?, ?)", *known, digest)
        return digest


# -- Stores the output of tools: pictures and sounds, beside the conversations of a home


class Made:
    """A folder of files with unique names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, suffix: str) -> Path:
        """The path of a new file. Raises AssistantError."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AssistantError(
                f"{self.folder} cannot be made, where pictures and sounds are kept: "
                f"{error.strerror}. Choose a home that can be written to, with --home."
            ) from error
        return self.folder / f"{uuid.uuid4().hex}{suffix}"


# -- What a home takes on the disk, by kind, and which kinds can be cleaned

Kind = Literal[
    "models", "libraries", "attached", "made", "orphans", "pictures", "uploads", "deleted",
    "measurements", "other",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
CLEANABLE: tuple[Kind, ...] = ("attached", "made", "orphans", "pictures", "deleted")

# What the folders of a home hold. In a library pictures.sqlite is made again by the next search.
_FOLDERS: dict[str, Kind] = {
    "models": "models", "libraries": "libraries", "attached": "attached", "made": "made",
    "uploads": "uploads", "deleted": "deleted", "evaluation": "measurements",
}  # fmt: skip
_PICTURES = "pictures.sqlite"


@dataclass(frozen=True)
class Used:
    """The space that the files of one kind take."""

    kind: Kind
    bytes: int  # on this disk; a model that other homes share counts here, too
    files: int


def used_space(home: Path, orphans: Collection[Path] = ()) -> list[Used]:
    """Each kind once, in the order of KINDS; what cannot be read is left out. `orphans` are
    the files of answers that no longer exist."""
    sizes: dict[Kind, list[int]] = {kind: [] for kind in KINDS}
    for file in _files(home):
        with suppress(OSError):  # it has gone meanwhile
            sizes[_kind(home, file, orphans)].append(file.stat().st_size)
    return [Used(kind, sum(found), len(found)) for kind, found in sizes.items()]


def clean(home: Path, kind: Kind, orphans: Collection[Path] = ()) -> int:
    """Delete all files of a kind that can be cleaned; how many. Raises AssistantError."""
    if kind not in CLEANABLE:
        raise AssistantError(f"{kind} cannot be cleaned: only {', '.join(CLEANABLE)} can.")
    found = [file for file in _files(home) if _kind(home, file, orphans) == kind]
    try:
        for file in found:
            file.unlink(missing_ok=True)
    except OSError as error:
        raise AssistantError(f"{error.filename} could not be deleted: {error.strerror}.") from error
    for folder in (home / kind).glob("*/") if kind in _FOLDERS else ():
        shutil.rmtree(folder, ignore_errors=True)  # is empty now
    for folder in {file.parent for file in found} if kind == "orphans" else ():
        with suppress(OSError):  # it has others
            folder.rmdir()
    return len(found)


def _files(home: Path) -> Iterator[Path]:
    # Not through links: a shared folder of models belongs to another home.
    for at, _, names in os.walk(home):
        yield from (Path(at, name) for name in names)


def _kind(home: Path, file: Path, orphans: Collection[Path]) -> Kind:
    if file in orphans:
        return "orphans"
    path = file.relative_to(home)
    if path.parts[0] == "libraries" and path.name.startswith(_PICTURES):
        return "pictures"
    return _FOLDERS.get(path.parts[0], "other") if len(path.parts) > 1 else "other"


# -- Small files that settle something

_WAIT = 10.0  # seconds, for another process that writes


@contextmanager
def held(place: Path) -> Iterator[None]:
    """A file of a library's folder, which other processes do not change meanwhile. Raises
    UnknownLibrary, HomeNotWritable."""
    check_there(place.parent)
    with alone(place.with_suffix(".lock"), _WAIT) as free:
        if not free:
            raise HomeNotWritable(f"{place} is being written by another program: try again.")
        yield


def write_private(place: Path, text: str) -> None:
    """A file that only its owner can read, whole or not at all. Raises HomeNotWritable."""
    new = place.with_suffix(".new")
    try:
        with os.fdopen(
            os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(place)
    except OSError as error:
        with suppress(OSError):
            new.unlink()
        raise HomeNotWritable(f"{place} cannot be written to: {error.strerror}.") from error
