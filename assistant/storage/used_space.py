"""What a home takes on the disk, by kind, and which kinds can be cleaned."""

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from assistant.errors import AssistantError

Kind = Literal[
    "models", "libraries", "attached", "made", "orphans", "pictures", "uploads", "deleted",
    "measurements", "other",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
CLEANABLE: tuple[Kind, ...] = ("attached", "made", "orphans", "pictures", "deleted")

# What the folders of a home hold. In a library pictures.sqlite is made again by the next search,
# and the small pictures of pages by the next look at them.
_FOLDERS: dict[str, Kind] = {
    "models": "models", "libraries": "libraries", "attached": "attached", "made": "made",
    "uploads": "uploads", "deleted": "deleted", "evaluation": "measurements",
}  # fmt: skip
_PICTURES = "pictures.sqlite"
_THUMBNAILS = "thumbnails"


@dataclass(frozen=True)
class Used:
    """The files of one kind."""

    kind: Kind
    bytes: int  # on this disk; a model that other homes share counts here, too
    files: int


def used_space(home: Path, orphans: Collection[Path] = ()) -> list[Used]:
    """Each kind once, in the order of KINDS; what cannot be looked into is left out. `orphans` are
    the files of answers that are not there any more."""
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
    cached = path.name.startswith(_PICTURES) or _THUMBNAILS in path.parts[2:-1]
    if path.parts[0] == "libraries" and cached:
        return "pictures"
    return _FOLDERS.get(path.parts[0], "other") if len(path.parts) > 1 else "other"
