"""Copies of files in a store of objects that fsspec reaches; the ones in use are on this machine,
too, see `cache`. https://filesystem-spec.readthedocs.io
"""

import os
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vectorstore.copies import SCRATCH, Copy, sha256_of, sweep_scratch
from vectorstore.errors import DamagedCopy, HomeNotWritable

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


# -- Copies that were fetched from a server, on this machine: bounded, and checked before use


class Cache:
    """A folder of `<sha256><suffix>`; what was not used for longest goes first."""

    def __init__(self, folder: Path, most: int) -> None:
        """`most`: bytes. The file that was put last stays, also when it alone has more."""
        self.folder = folder
        self._most = most
        self._checked: dict[str, tuple[int, int]] = {}  # name -> time of change and size

    def find(self, start: str) -> Path | None:
        """The file whose name begins so, with its bytes; one with other bytes is deleted."""
        for path in self.folder.glob(f"{start}*"):
            with suppress(OSError):
                if self._whole(path):
                    os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
                    return path
                path.unlink()
        return None

    def put(self, copy: Path, name: str) -> Path:
        """Move a file in, whose bytes were checked. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        target = self.folder / name
        os.utime(copy, ns=(time.time_ns(), copy.stat().st_mtime_ns))
        copy.replace(target)
        self._checked[name] = _state(target)
        self._shrink(target)
        return target

    def drop(self, start: str) -> None:
        """Delete the file whose name begins so."""
        for path in self.folder.glob(f"{start}*"):
            path.unlink(missing_ok=True)
            self._checked.pop(path.name, None)

    def keep_to(self, known: Collection[str]) -> None:
        """Delete all files but those with these sha256, which the library has."""
        for path in self.folder.glob("*"):
            if not path.name.startswith(SCRATCH) and path.name[:64] not in known:
                with suppress(OSError):
                    path.unlink()

    def _whole(self, path: Path) -> bool:
        """Hashes once in each process, and again when the file has changed."""
        state = _state(path)
        if self._checked.get(path.name) != state:
            if sha256_of(path) != path.name[:64]:
                return False
            self._checked[path.name] = state
        return True

    def _shrink(self, newest: Path) -> None:
        found = []
        for path in self.folder.glob("*"):
            with suppress(OSError):  # another process was faster
                about = path.stat()
                found.append((path == newest, about.st_atime_ns, about.st_size, path))
        total = sum(size for _, _, size, _ in found)
        for is_newest, _, size, path in sorted(found):
            if total <= self._most or is_newest:
                return
            if not path.name.startswith(SCRATCH):
                with suppress(OSError):
                    path.unlink()
                    total -= size


def _state(path: Path) -> tuple[int, int]:
    about = path.stat()
    return about.st_mtime_ns, about.st_size


_LEFT_OVER = 86_400.0  # seconds; the clock of the server may be another
_SCRATCH_LEFT_OVER = 3600.0  # the same of files here
_CHANGED = ("LastModified", "mtime", "created")  # what kinds of stores call it


class ObjectStore:
    """`Copies` below one path of an fsspec file system."""

    near = False
    left_over = _LEFT_OVER

    def __init__(
        self, system: "Callable[[], AbstractFileSystem]", root: str, cache: Cache, place: str
    ) -> None:
        """`system` makes the file system when it is needed; `root` is the path of all copies in it,
        without a slash at its end."""
        self._make_system = system
        self._made: AbstractFileSystem | None = None
        self._making = threading.Lock()
        self._root = root
        self._cache = cache
        self.arriving = cache.folder
        self.place = place

    def names(self, start: str = "") -> Iterator[Copy]:
        """See `Copies`."""
        with self.sentences():
            yield from [_copy(name, about) for name, about in self._listed(start)]

    def take(self, copy: Path, name: str) -> None:
        """See `Copies`. It stays on this machine, too: its pages will be looked at."""
        self.put(copy, name)
        if name[:64] != sha256_of(copy):
            self._cache.drop(name)
            return
        self._cache.put(copy, name)

    def put(self, copy: Path, name: str) -> None:
        """Write a local file, which stays where it is, under a name."""
        with self.sentences():
            self._put(copy, self._key(name))

    def path(self, start: str) -> Path:
        """See `Copies`. Raises DamagedCopy, and HomeNotWritable where it cannot be kept here."""
        if kept := self._cache.find(start):
            return kept
        found = next(iter(self.names(start)), None)
        try:
            if found is not None:
                return self._brought(found.name)
        except FileNotFoundError:  # it was removed meanwhile
            pass
        except OSError as error:
            raise HomeNotWritable(
                f"{self._cache.folder} cannot be written: {error.strerror}."
            ) from error
        return self._cache.folder / f"{start}.pdf"

    def _brought(self, name: str) -> Path:
        """Into the cache."""
        with self.fetched(name) as copy:
            if sha256_of(copy) != name[:64]:
                raise DamagedCopy(
                    f"A copy in {self.place} is damaged: {name[:12]} has other bytes than"
                    " were put there. `pincite verify` makes it again while its file is there."
                )
            return self._cache.put(copy, name)

    def sha256(self, name: str) -> str:
        """See `Copies`."""
        with self.fetched(name) as copy:
            return sha256_of(copy)

    def remove(self, start: str, versions: bool = False) -> int:
        """See `Copies`."""
        self._cache.drop(start)
        with self.sentences():
            for name, _ in self._listed(start):
                with suppress(FileNotFoundError):
                    self._system.rm_file(self._key(name))
            return self._remove_versions(start) if versions else 0

    def tidy(self, older: float) -> int:
        """See `Copies`."""
        return sweep_scratch(self._cache.folder, min(older, _SCRATCH_LEFT_OVER))

    def keep_to(self, known: Collection[str]) -> None:
        """Delete from this machine all files but those with these sha256."""
        self._cache.keep_to(known)

    def clear(self) -> None:
        """Delete all. Raises LibraryAway or LibraryError."""
        for copy in list(self.names()):
            with self.sentences():
                self._system.rm_file(self._key(copy.name))

    @contextmanager
    def sentences(self) -> Iterator[None]:
        """Turns errors of the system into sentences; here they are those of a disk."""
        yield

    @property
    def _system(self) -> "AbstractFileSystem":
        with self._making:
            if self._made is None:
                self._made = self._make_system()
            return self._made

    def _key(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _listed(self, start: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Names, and what the store says of them."""
        self._system.invalidate_cache()
        try:
            found = self._system.ls(self._root, detail=True)
        except FileNotFoundError:
            return []
        named = [(about["name"].rpartition("/")[2], about) for about in found]
        return [(name, about) for name, about in named if name.startswith(start)]

    def _put(self, copy: Path, key: str) -> None:
        self._system.makedirs(self._root, exist_ok=True)
        self._system.put_file(str(copy), key)

    def _get(self, key: str, target: Path) -> None:
        self._system.get_file(key, str(target))

    def _remove_versions(self, start: str) -> int:
        return 0

    @contextmanager
    def fetched(self, name: str) -> Iterator[Path]:
        """A file of this machine with the bytes, deleted at the end unless it was moved. Raises
        FileNotFoundError."""
        self._cache.folder.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=self._cache.folder, prefix=SCRATCH)
        os.close(handle)
        try:
            with self.sentences():
                self._get(self._key(name), Path(scratch))
            yield Path(scratch)
        finally:
            Path(scratch).unlink(missing_ok=True)


def _copy(name: str, about: Mapping[str, Any]) -> Copy:
    changed = next((about[key] for key in _CHANGED if about.get(key)), 0.0)
    seconds = changed.timestamp() if isinstance(changed, datetime) else float(changed)
    return Copy(name, seconds, int(about.get("size") or 0))
