"""The temporary folder of a child: its name says whose it is, so that it does not outlive them."""

import os
import re
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

_PREFIX = "pincite-child-"  # then the process that made it
_NAME = re.compile(rf"{_PREFIX}(\d+)-.*")
_LEFT_OVER = 3600.0  # seconds; a younger one may belong to a process that is not seen from here


def make(where: Path | None = None) -> Path:
    """A new, empty folder of this process; in the system's temporary folder if not in `where`."""
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=where))


def sweep() -> None:
    """Delete the folders of processes that were killed before they could do so."""
    import psutil

    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            owner = _NAME.fullmatch(path.name)
            old = time.time() - path.stat().st_mtime > _LEFT_OVER
            if owner and old and not psutil.pid_exists(int(owner[1])):
                shutil.rmtree(path, ignore_errors=True)
