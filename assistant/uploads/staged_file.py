"""A file that a client sends: on the disk from its first piece on, however large it is."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from assistant.errors import AssistantError
from ingest.document.source import readable
from vectorstore.catalog.sources import own_folder
from vectorstore.errors import HomeNotWritable

_PIECE = 1 << 20  # bytes in memory at a time


@dataclass(frozen=True)
class StagedFile:
    """Lies in a folder of its own, and waits there for its turn."""

    name: str
    path: Path

    def move_to(self, place: Path) -> None:
        """Take it there. Raises OSError."""
        self.touch()
        self.path.replace(place)
        self.path.parent.rmdir()

    def touch(self) -> None:
        """Say that it is not left over. Raises OSError."""
        os.utime(self.path)

    def drop(self) -> None:
        """Delete it, where it was not moved."""
        shutil.rmtree(self.path.parent, ignore_errors=True)


def staged(folder: Path, name: str, source: BinaryIO) -> StagedFile:
    """Copy what is read from `source` below `folder`. Raises HomeNotWritable, and AssistantError
    for a name that no file can have."""
    # A folder as those of uploads: what a crash leaves is found and deleted with theirs.
    file = StagedFile(name, own_folder(folder) / name)
    try:
        file.path.parent.mkdir(parents=True)
        with file.path.open("wb") as copy:
            shutil.copyfileobj(source, copy, _PIECE)
    except OSError as error:
        file.drop()
        raise not_saved(folder, error) from error
    except ValueError as error:  # zero bytes, halves of letters
        file.drop()
        raise AssistantError(
            f"{readable(name)} cannot be the name of a file: rename it. Nothing was added."
        ) from error
    return file


def not_saved(folder: Path, error: OSError) -> HomeNotWritable:
    """The error for a file that found no place."""
    return HomeNotWritable(
        f"The files could not be saved in {folder}: {error.strerror}. Nothing was added."
    )
