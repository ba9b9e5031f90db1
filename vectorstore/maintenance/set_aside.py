"""Moves a catalogue that cannot be read out of the way, so that a backup can take its place."""

from itertools import count
from pathlib import Path

from vectorstore.errors import HomeNotWritable


def set_aside(folder: Path) -> Path:
    """Rename the catalogue in a library's folder, and its logs: nothing of it is deleted.

    No process may have it open. Returns its new path. Raises HomeNotWritable.
    """
    catalog = folder / "catalog.sqlite"
    names = (folder / f"damaged-{number}.sqlite" for number in count(1))
    target = next(path for path in names if not path.exists())
    try:
        for log in ("-wal", "-shm", ""):  # a log that stays would be read into the next catalogue
            old = catalog.with_name(catalog.name + log)
            if old.exists():
                old.rename(target.with_name(target.name + log))
    except OSError as error:
        raise HomeNotWritable(f"{catalog} could not be moved: {error.strerror}.") from error
    return target
