"""Lists the files to read below a folder, and those left out with the reason. It opens only files
of unknown kinds, to see whether they are text."""

import os
import stat
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.document.source import readable
from ingest.errors import NothingFound
from ingest.loaders import suffixes
from ingest.text.decoding import is_text


@dataclass(frozen=True)
class Found:
    """A file to read, and the name that people see."""

    path: Path  # absolute
    name: str


@dataclass(frozen=True)
class LeftOut:
    """A file or folder that is not read, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Discovery:
    """The files below the given folders."""

    files: tuple[Found, ...]
    left_out: tuple[LeftOut, ...]
    unsupported: tuple[Path, ...]  # of kinds that cannot be read
    hidden: int  # files and folders whose name begins with a dot, and lock files of Office


@dataclass
class _Walk:
    """The state of a walk."""

    roots: tuple[Path, ...]  # resolved: links may lead here
    suffixes: Collection[str]
    files: dict[Path, str] = field(default_factory=dict)  # with the path below the root
    left_out: list[LeftOut] = field(default_factory=list)
    unsupported: list[Path] = field(default_factory=list)
    hidden: int = 0


def discover(paths: Sequence[Path]) -> Discovery:
    """The files below folders that can be read, and all that is text. A file that is named itself
    is taken whatever its suffix.

    A name that repeats gets its folder below the root in front. Raises NothingFound for a path that
    does not exist, and for folders without any readable file.
    """
    for root in paths:
        if not root.exists():
            raise NothingFound(f"There is no file or folder {root}.")
    known = suffixes()
    walk = _Walk(tuple(path.resolve() for path in paths), known)
    for root in paths:
        before = len(walk.files) + len(walk.left_out)
        _enter(walk, root)
        if len(walk.files) + len(walk.left_out) > before:
            continue
        if not any(path.is_relative_to(root.absolute()) for path in walk.files):  # by another path
            raise NothingFound(f"{root} holds no file of a known kind ({', '.join(known)}).")
    names = Counter(path.name for path in walk.files)
    found = (
        Found(path, readable(path.name if names[path.name] == 1 else below))
        for path, below in walk.files.items()
    )
    return Discovery(
        tuple(found), tuple(walk.left_out), tuple(sorted(walk.unsupported)), walk.hidden
    )


def _enter(walk: _Walk, root: Path) -> None:
    if not root.is_dir():
        if reason := _special(root.stat().st_mode):
            walk.left_out.append(LeftOut(root.absolute(), reason))
        else:
            walk.files.setdefault(root.absolute(), root.name)
        return
    for path in sorted(_below(walk, root)):
        walk.files.setdefault(path.absolute(), path.relative_to(root).as_posix())


def _below(walk: _Walk, root: Path) -> Iterator[Path]:
    folders = [root]  # a list, not recursion: folders may be nested deeper than Python's stack
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                inside = list(entries)
        except OSError as error:
            reason = f"the folder cannot be opened: {error.strerror}"
            walk.left_out.append(LeftOut(folder.absolute(), reason))
            continue
        for entry in inside:
            if _is_hidden(entry.name):
                walk.hidden += 1
            elif entry.is_dir(follow_symlinks=False):
                folders.append(folder / entry.name)
            elif _wanted(walk, folder / entry.name):
                yield folder / entry.name


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "~$"))  # ~$: Office's mark of a document that is open


def _wanted(walk: _Walk, path: Path) -> bool:
    """Whether to read a file; otherwise it is counted, or its reason recorded."""
    try:
        reason = _led_away(walk, path) if path.is_symlink() else ""
        mode = path.stat().st_mode
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads to itself
        reason, mode = f"it cannot be opened: {getattr(error, 'strerror', error)}", 0
    reason = reason or _special(mode)
    if not reason and stat.S_ISDIR(mode):
        return False  # a link to a folder that is read in its own right
    if reason:
        walk.left_out.append(LeftOut(path.absolute(), reason))
    elif path.suffix.lower() in walk.suffixes or is_text(path):
        return True
    else:
        walk.unsupported.append(path.absolute())
    return False


def _led_away(walk: _Walk, link: Path) -> str:
    target = link.resolve(strict=True)
    root = next((root for root in walk.roots if target.is_relative_to(root)), None)
    if root is None:
        return f"a link to {target}, outside of the folder"
    if target.is_dir() and any(map(_is_hidden, target.relative_to(root).parts)):
        return f"a link to the hidden folder {target}"
    return ""


_SPECIAL = {
    stat.S_IFIFO: "a pipe, not a file",
    stat.S_IFSOCK: "a socket, not a file",
    stat.S_IFCHR: "a device, not a file",
    stat.S_IFBLK: "a device, not a file",
}


def _special(mode: int) -> str:
    """Opening special files could wait for ever or never end."""
    return _SPECIAL.get(stat.S_IFMT(mode), "")
