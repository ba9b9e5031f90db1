"""Which files inside of a file are read, embedded and stored together.

Alone a file costs 15 ms or more, whatever is in it: a job for a child, two waits for the disk and
a call of the model. An archive of a few kilobytes can name thousands.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ingest.containers import CONTAINERS
from ingest.loaders import needs_office
from vectorstore.indexing.store_document import Item

LARGEST = 8 << 10  # bytes of a file that is small: some twenty passages
BYTES = 64 << 10  # of the files of one group: what is lost when the run is killed
MOST = 64  # files in one group


def groups(
    items: Sequence[Item], alone: Callable[[Item], bool] = lambda _: False
) -> list[list[Item]]:
    """The items in their order; small neighbours share a group, others have one for themselves.

    `alone` says of a small one that it must not share a group.
    """
    made: list[list[Item]] = []
    room = 0
    for item in items:
        size = LARGEST + 1 if alone(item) else _size(item)
        if size > LARGEST:
            made.append([item])
            room = 0
        elif size > room or len(made[-1]) >= MOST:
            made.append([item])
            room = BYTES - size
        else:
            made[-1].append(item)
            room -= size
    return made


def parts(files: Sequence[tuple[Path, str, str]]) -> Iterator[Sequence[tuple[Path, str, str]]]:
    """Files whose bytes may be known, as many as are looked up together."""
    for start in range(0, len(files), MOST):
        yield files[start : start + MOST]


def _size(item: Item) -> int:
    """Larger than LARGEST for what has to be read alone, whatever its size."""
    path = item.path
    if item.known or path.suffix.lower() in CONTAINERS or needs_office(path):
        return LARGEST + 1
    try:
        return path.stat().st_size
    except OSError:  # it is gone, which its reader reports
        return LARGEST + 1
