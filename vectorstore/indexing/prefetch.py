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
from typing import Self

from ingest.containers import CONTAINERS, Expanded, Omitted
from ingest.document.source import Limits
from ingest.document.wire import Loaded
from ingest.errors import UnreadableFile
from vectorstore.indexing.store_document import Item
from vectorstore.workers import Hire, Order

# -- The files that are being read

_LOOK = 0.1  # seconds between two checks whether it was cancelled

Heard = Callable[[Item], Callable[[int, int], None]]


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
        self, items: Sequence[Item], budget: UnpackingBudget | None
    ) -> Iterator[tuple[Item, Read]]:
        """Each file with its pending result; the next ones are read meanwhile.

        Files inside of one share its budget.
        """
        waiting: deque[Read] = deque()
        try:
            for index, item in enumerate(items):
                for later in items[index + len(waiting) : index + self._workers.children + 1]:
                    waiting.append(self.start(later, budget))
                with closing(waiting.popleft()) as read:
                    yield item, read
        finally:
            for read in waiting:  # it was cancelled
                read.close()

    def start(self, item: Item, budget: UnpackingBudget | None) -> Read:
        """Begin to read one file; the result is to be closed. Once it is cancelled nothing is
        begun: nobody asks for the result."""
        if self._cancel.is_set():
            return Read(None)
        try:
            return self._started(item, budget)
        except Exception:
            if not self._cancel.is_set():
                raise
            return Read(None)  # the workers were closed meanwhile

    def _started(self, item: Item, budget: UnpackingBudget | None) -> Read:
        document = None if item.known else self._workers.start(item.path, self._heard(item))
        if item.path.suffix.lower() not in CONTAINERS:
            return Read(document)
        unpacked = Path(tempfile.mkdtemp(dir=self._folder.name))
        limits = budget.limits if budget else self._limits_of(item.path)
        expand = self._workers.start_expand(item.path, unpacked, limits, item.level)
        return Read(document, expand, unpacked)

    def _stop_when_cancelled(self) -> None:
        while not self._over.wait(_LOOK):
            if self._cancel.is_set():  # again and again: a file may have been begun meanwhile
                self._workers.close()
