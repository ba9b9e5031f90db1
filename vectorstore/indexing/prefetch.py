"""Has workers read files ahead of the embedding, and unpack the files inside them."""

import shutil
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self, TypeVar

from ingest.containers import CONTAINERS, Expanded, Omitted
from ingest.document.source import Limits
from ingest.document.wire import Loaded, Several
from ingest.errors import UnreadableFile
from ingest.loaders import needs_office
from vectorstore.indexing.store_document import Item
from vectorstore.workers import Hire, Order

# -- Which files inside of a file are read, embedded and stored together
# Alone a file costs 15 ms or more, whatever is in it: a job for a child, two waits for the disk and
# a call of the model. An archive of a few kilobytes can name thousands.

LARGEST_SMALL_FILE = 8 << 10  # bytes of a file that is small: some twenty passages
GROUP_BYTES = 64 << 10  # of the files of one group: what is lost when the run is killed
MOST_TOGETHER = 64  # files in one group

_File = TypeVar("_File")


def file_groups(
    items: Sequence[Item], alone: Callable[[Item], bool] = lambda _: False
) -> list[list[Item]]:
    """The items in their order; small neighbours share a group, others have one for themselves.

    `alone` says of a small one that it must not share a group.
    """
    made: list[list[Item]] = []
    room = 0
    for item in items:
        size = LARGEST_SMALL_FILE + 1 if alone(item) else _size(item)
        if size > LARGEST_SMALL_FILE:
            made.append([item])
            room = 0
        elif size > room or len(made[-1]) >= MOST_TOGETHER:
            made.append([item])
            room = GROUP_BYTES - size
        else:
            made[-1].append(item)
            room -= size
    return made


def batches(files: Sequence[_File]) -> Iterator[Sequence[_File]]:
    """Files whose bytes may be known, as many as are looked up together."""
    for start in range(0, len(files), MOST_TOGETHER):
        yield files[start : start + MOST_TOGETHER]


def _size(item: Item) -> int:
    """In bytes; more than that of a small file for what has to be read alone."""
    path = item.path
    if item.known or path.suffix.lower() in CONTAINERS or needs_office(path):
        return LARGEST_SMALL_FILE + 1
    try:
        return path.stat().st_size
    except OSError:  # it is gone, which its reader reports
        return LARGEST_SMALL_FILE + 1


# -- The files that are being read

_LOOK = 0.1  # seconds between two checks whether it was cancelled

Heard = Callable[[Item], Callable[[int, int], None]]


@dataclass
class ReadTogether:
    """Small files that are being read; asking for the result waits, see `Sandbox.start_several`."""

    documents: Callable[[], Several]

    def close(self) -> None:
        """Does nothing: no files are inside them, so nothing was unpacked."""


class Read:
    """A file that is being read; asking for its result waits."""

    def __init__(
        self,
        document: Callable[[], Loaded] | None,
        inside: Callable[[], Expanded] | None = None,
        folder: Path | None = None,
    ) -> None:
        """The files inside it are unpacked into `folder`."""
        self._document = document
        self._inside = inside
        self._folder = folder

    def document(self) -> Loaded:
        """Wait for the document and its passages. Raises UnreadableFile or Stopped."""
        assert self._document is not None, "what is known is not read"
        return self._document()

    @cached_property
    def inside(self) -> Expanded:
        """The files inside of it. Raises Stopped."""
        try:
            return self._inside() if self._inside else Expanded(())
        except UnreadableFile as error:  # the file itself may be readable
            return Expanded((), (Omitted("what is inside", str(error)),))

    def close(self) -> None:
        """Delete the folder with the unpacked files, if there is one."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


@dataclass
class UnpackingBudget:
    """What may still be unpacked from one file of the user, including nested files."""

    limits: Limits
    until: float  # when nothing more that is inside of it is begun; monotonic

    @property
    def over(self) -> bool:
        """Whether no further file inside may be begun, because the time is used up."""
        return time.monotonic() > self.until

    def spend(self, expanded: Expanded) -> None:
        self.limits = self.limits.after(expanded.size, len(expanded.parts))


class Prefetch:
    """The workers of one run, ended when it is cancelled; unpacked files are deleted."""

    def __init__(
        self, order: Order, hire: Hire, heard: Heard, cancel: threading.Event, scratch: Path | None
    ) -> None:
        """`heard` makes, for a file, what receives how many of its pages are read, and of how many.
        Archives are unpacked in `scratch`, or where the system keeps its temporary files."""
        self._folder = tempfile.TemporaryDirectory(prefix="unpacked-", dir=scratch)
        self._workers = hire(replace(order, folder=Path(self._folder.name)))
        bounds = order.engines.bounds
        self._limits, self._seconds = bounds.unpacking, bounds.seconds
        self._heard = heard
        self._cancel = cancel
        self._over = threading.Event()
        self._guard = threading.Thread(target=self._stop_when_cancelled, daemon=True)

    def __enter__(self) -> Self:
        self._guard.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._guard.join()
        self._workers.close()
        self._folder.cleanup()

    def budget(self, path: Path) -> UnpackingBudget:
        """A new budget for one file of the user, with all that is inside."""
        return UnpackingBudget(self._limits_of(path), time.monotonic() + self._seconds)

    def _limits_of(self, path: Path) -> Limits:
        try:
            return self._limits.for_file(path.stat().st_size)
        except OSError:  # it is gone, which its reader reports
            return self._limits

    def ahead(
        self, groups: Sequence[list[Item]], budget: UnpackingBudget | None
    ) -> Iterator[tuple[list[Item], Read | ReadTogether]]:
        """Each group of files with its pending result; the next ones are read meanwhile.

        Files inside of one share its budget.
        """
        waiting: deque[Read | ReadTogether] = deque()
        try:
            for index, group in enumerate(groups):
                for later in groups[index + len(waiting) : index + self._workers.children + 1]:
                    waiting.append(self._begin(later, budget))
                with closing(waiting.popleft()) as read:
                    yield group, read
        finally:
            for read in waiting:  # it was cancelled
                read.close()

    def _begin(self, group: list[Item], budget: UnpackingBudget | None) -> Read | ReadTogether:
        if len(group) > 1:
            return ReadTogether(self._workers.start_several([item.path for item in group]))
        return self.start(group[0], budget)

    def start(self, item: Item, budget: UnpackingBudget | None) -> Read:
        """Begin to read one file; the result is to be closed."""
        document = None if item.known else self._workers.start(item.path, self._heard(item))
        if item.path.suffix.lower() not in CONTAINERS:
            return Read(document)
        unpacked = Path(tempfile.mkdtemp(dir=self._folder.name))
        limits = budget.limits if budget else self._limits_of(item.path)
        expand = self._workers.start_expand(item.path, unpacked, limits, item.level)
        return Read(document, expand, unpacked)

    def _stop_when_cancelled(self) -> None:
        while not self._over.wait(_LOOK):
            if self._cancel.is_set():
                self._workers.close()
                return
