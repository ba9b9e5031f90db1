"""The folder of a source: each mail or file is written whole or not at all, and then noted.

After a kill in between, the file is there and not noted: it is fetched again, over itself.
"""

import hashlib
import json
import os
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath

from assistant.storage.files import write_private
from ingest.platform.process import safe_name
from vectorstore.errors import HomeNotWritable

_NOTES = ".fetched.jsonl"  # with a dot: it is no document
_PART = ".part"
_LONGEST = 400  # bytes of a path below the folder: disks and systems allow little more


@dataclass(frozen=True)
class Entry:
    """A mail or a file that a server lists."""

    key: str  # by which the server knows it
    parts: tuple[str, ...]  # its path, as the server says it: not to be trusted
    size: int = 0  # bytes; 0: unknown
    etag: str = ""
    modified: str = ""


@dataclass(frozen=True)
class Row:
    """A mail or file that was fetched."""

    key: str
    path: str  # below the folder
    sha256: str
    etag: str = ""
    modified: str = ""
    is_new: bool = True  # the library has not read it yet


class Landing:
    """What was fetched of a source."""

    def __init__(self, folder: Path) -> None:
        """Creates the folder if it is missing. Raises HomeNotWritable."""
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HomeNotWritable(f"{folder} cannot be made: {error.strerror}.") from error
        self.rows: dict[str, Row] = {}
        self._files: set[str] = set()
        self._folders: set[str] = set()
        for row in noted(folder):
            self._keep(row)
        self._rewrite()  # without what was replaced, and without a line that broke off

    def write(
        self, entry: Entry, blocks: Iterable[bytes],
        named: Callable[[Entry, Path], Sequence[str]] = lambda entry, _: entry.parts,
    ) -> bool:  # fmt: skip
        """Store a mail or file, and return whether it differs from before. `named` gives the path
        of a new one, from its content. Raises HomeNotWritable, and what `blocks` raises."""
        part, digest = self.folder / _PART, hashlib.sha256()
        with _told(self.folder), part.open("wb") as file:
            for block in blocks:
                digest.update(block)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())  # before it is noted: it would not be fetched again
        known = self.rows.get(entry.key)
        path = known.path if known else self._free(entry.key, named(entry, part))
        row = Row(entry.key, path, digest.hexdigest(), entry.etag, entry.modified)
        if known and known.sha256 == row.sha256:
            self._note(replace(row, is_new=known.is_new))
            return False
        with _told(self.folder):
            place = self.folder / row.path
            place.parent.mkdir(parents=True, exist_ok=True)
            part.replace(place)
        self._note(row)
        return True

    def new(self) -> list[Path]:
        """The files that the library has not read yet."""
        places = [self.folder / row.path for row in self.rows.values() if row.is_new]
        return [place for place in places if place.is_file()]

    def handed_over(self) -> None:
        """Note that the library has read all files. Raises HomeNotWritable."""
        self.rows = {key: replace(row, is_new=False) for key, row in self.rows.items()}
        self._rewrite()

    def others(self, keys: Collection[str]) -> list[Path]:
        """The files that a server no longer lists, from the keys that it does list."""
        return [self.folder / row.path for key, row in self.rows.items() if key not in keys]

    def delete(self, paths: Iterable[Path]) -> None:
        """Delete the files alone; they stay noted."""
        for path in paths:
            with suppress(OSError):
                path.unlink()

    def forget(self, paths: Iterable[Path]) -> None:
        """Delete the notes that these files were fetched. Raises HomeNotWritable."""
        gone = {path.relative_to(self.folder).as_posix() for path in paths}
        self.rows = {key: row for key, row in self.rows.items() if row.path not in gone}
        self._files -= set(map(_folded, gone))
        self._rewrite()

    def _free(self, key: str, parts: Sequence[str]) -> str:
        """A path below the folder that no other entry has, on disks without capitals, too."""
        names = [safe_name(part) for part in parts] or ["file"]
        path = "/".join(names)
        short = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:16]
        number = 0
        while len(path.encode()) > _LONGEST or not self._is_free(path):
            path = f"{short}{f'-{number}' if number else ''}-{names[-1]}"
            number += 1
        return path

    def _is_free(self, path: str) -> bool:
        folded = _folded(path)
        above = map(str, PurePosixPath(folded).parents)
        taken = folded in self._files or folded in self._folders
        return not taken and self._files.isdisjoint(above)

    def _note(self, row: Row) -> None:
        with _told(self.folder), (self.folder / _NOTES).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(row)) + "\n")
        self._keep(row)

    def _keep(self, row: Row) -> None:
        self.rows[row.key] = row
        self._files.add(_folded(row.path))
        self._folders.update(map(str, PurePosixPath(_folded(row.path)).parents))

    def _rewrite(self) -> None:
        text = "".join(json.dumps(asdict(row)) + "\n" for row in self.rows.values())
        write_private(self.folder / _NOTES, text)


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Report a full disk as a sentence. Raises HomeNotWritable; errors of the network pass."""
    try:
        yield
    except OSError as error:
        if type(error) in (OSError, PermissionError, FileNotFoundError, NotADirectoryError):
            raise HomeNotWritable(f"{folder} cannot be written to: {error}.") from error
        raise


def noted(folder: Path) -> Iterator[Row]:
    """What was fetched into a folder."""
    place = folder / _NOTES
    with suppress(FileNotFoundError):
        for line in place.read_text("utf-8", "replace").split("\n"):
            with suppress(ValueError, TypeError):  # a line that broke off is fetched again
                yield Row(**json.loads(line))


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()
