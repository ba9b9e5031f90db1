"""Files that only the person they belong to can open: of a home, new ones and those that exist.

On Windows the folders of a user's profile are closed to others by themselves; nothing is done.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_usual: list[int] = []  # the mask of the process before it was changed


def keep_private(home: Path) -> None:
    """From now on what this process and its children write is closed to others, and so is what is
    in `home`.

    Only a home that is open anywhere at its top is walked: that costs 40 ms for 10,000 files, once.
    Links are left as they are, hard ones too: what they lead to belongs to another place as well.
    """
    if os.name == "nt":
        return
    home = home.resolve()
    before = os.umask(_OTHERS)
    if not _usual:
        _usual.append(before)
    if _is_open(home) or any(map(_is_open, _entries(home))):
        _close_below(home)
        _close(home)


@contextmanager
def usual_rights() -> Iterator[None]:
    """For a file that a person asked for outside of the home: it gets the rights of other files."""
    if not _usual:
        yield
        return
    private = os.umask(_usual[0])
    try:
        yield
    finally:
        os.umask(private)


def _close_below(home: Path) -> None:
    for folder, names, files in os.walk(home):
        for name in (*files, *names):
            path = Path(folder, name)
            if _is_open(path):
                _close(path)


def _close(path: Path) -> None:
    with suppress(OSError):  # of another user, who then is the one to decide
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)


def _is_open(path: Path) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    linked = stat.S_ISLNK(found.st_mode) or (stat.S_ISREG(found.st_mode) and found.st_nlink > 1)
    return bool(found.st_mode & _OTHERS) and not linked


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []
