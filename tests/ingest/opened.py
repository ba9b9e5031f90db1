"""Tells whether anybody opens a file, or makes one in a folder: also native code and children."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

OPENED, MODIFIED, CREATED = 0x20, 0x2, 0x100  # of inotify


class Watched:
    """Files that are watched by the kernel."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    @property
    def touched(self) -> bool:
        """Whether something happened since the last look."""
        with suppress(BlockingIOError):
            return bool(os.read(self._handle, 1 << 16))
        return False


@contextmanager
def watched(*paths: Path) -> Iterator[Watched]:
    """Linux only: whoever opens or changes one of these files, or makes one in these folders."""
    libc = ctypes.CDLL(None, use_errno=True)
    handle = libc.inotify_init1(os.O_NONBLOCK)
    try:
        for path in paths:
            mask = CREATED if path.is_dir() else OPENED | MODIFIED
            assert libc.inotify_add_watch(handle, os.fsencode(path), mask) >= 0, path
        yield Watched(handle)
    finally:
        os.close(handle)
