"""The library's own copies of files, named by their content: pages can be shown for good."""

import os
import shutil
import tempfile
from pathlib import Path

from ingest.errors import UnreadableFile
from ingest.loaders import digest


class Files:
    """A folder of `<sha256><suffix>`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, source: Path, sha256: str) -> Path:
        """Copy a file in, whole or not at all. Raises OSError."""
        target = self._folder / f"{sha256}{source.suffix.lower()}"
        if target.exists():
            return target
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=self._folder, prefix=".copy-")
        try:
            with os.fdopen(handle, "wb") as copy, source.open("rb") as original:
                shutil.copyfileobj(original, copy)
                copy.flush()
                os.fsync(copy.fileno())
            Path(scratch).replace(target)
        except BaseException:
            Path(scratch).unlink(missing_ok=True)
            raise
        return target

    def path(self, sha256: str) -> Path:
        """Where a copy is; it may have been deleted by hand."""
        return next(self._folder.glob(f"{sha256}.*"), self._folder / f"{sha256}.pdf")

    def remove(self, sha256: str) -> None:
        self.path(sha256).unlink(missing_ok=True)

    def intact(self, sha256: str) -> bool:
        try:
            return digest(self.path(sha256)) == sha256
        except UnreadableFile:
            return False
