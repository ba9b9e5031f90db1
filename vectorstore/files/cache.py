"""Copies that were fetched from a server, on this machine: bounded, and checked before use."""

import os
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from vectorstore.files.copies import SCRATCH
from vectorstore.files.folder import sha256_of


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
        """Delete those of documents that the library has no more, by sha256."""
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
