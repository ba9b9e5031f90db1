"""Adds files to the catalogue: discover, read, cut, embed, store.

A file is one transaction. A killed run leaves complete documents; the work on its last file is
lost, and the next run does it again.
"""

import shutil
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePath
from typing import Literal, Self

from ingest.containers import CONTAINERS, Expanded, Omitted
from ingest.discovery import Found, discover
from ingest.document.model import Chunk, Document
from ingest.document.source import Engines, Limits, readable
from ingest.document.wire import Loaded
from ingest.errors import Stopped, UnreadableFile
from ingest.loaders import digest
from vectorstore import add_report
from vectorstore.add_report import AddProgress, AddSummary, Change, Failure, Hidden, Incomplete
from vectorstore.catalog.catalog import INSIDE, Catalog, Containers, place_of
from vectorstore.copies import Files
from vectorstore.embedding.embedder import recipe
from vectorstore.embedding.library_embedder import Embedders
from vectorstore.indexing import store_document
from vectorstore.indexing.jobs import Jobs
from vectorstore.indexing.store_document import Embedding, Item, Stored, Storing, status, unchanged
from vectorstore.workers import Hire, Order

# -- What becomes of each file of an `add`: reported in its summary, its queue, and as it happens

_BAD_NAME = "The name of the file is not valid UTF-8. Rename it."


class Telling:
    """Reports what became of the files of one run."""

    def __init__(self, summary: AddSummary, jobs: Jobs, changed: Callable[[Change], None]) -> None:
        self.summary = summary
        self._jobs = jobs
        self._changed = changed

    def fail(self, place: str, name: str, error: str) -> None:
        """A file could not be read."""
        self._jobs.fail(place, name, error)
        self.summary.failed.append(Failure(place, error))
        self._changed(Change("failed", name, error))

    def count(self, stored: Stored, pages: int, chunks: int) -> None:
        """A file is in the library, or was there."""
        summary = self.summary
        summary.superseded += stored.superseded
        if stored.new:
            summary.updated += stored.replaced
            summary.added += not stored.replaced
            summary.pages += pages
            summary.chunks += chunks
            self.tell("updated" if stored.replaced else "added", stored.document)
            return
        summary.removed += stored.replaced
        summary.moved += bool(stored.was)
        summary.unchanged += not stored.was
        if stored.was:
            self.tell("moved", stored.document, stored.was)

    def known(self, item: Item, stored: Stored, document: str) -> None:
        """A file whose bytes are in the library as `document`, by the name of another file."""
        if item.sent and (stored.replaced or stored.was):  # nobody has moved a file
            self.summary.updated += stored.replaced
            self.summary.added += not stored.replaced
            self.tell("updated" if stored.replaced else "added", stored.document)
        else:
            self.count(stored, 0, 0)
        if document and not stored.was and PurePath(item.name).name != PurePath(document).name:
            self.summary.kept_as.append(add_report.KeptAs(item.name, document))

    def stored(self, stored: Stored, document: Document, chunks: Sequence[Chunk]) -> None:
        """A file that was read is in the library."""
        self.count(stored, len(document.pages), len(chunks))
        if stored.new and (told := status(document)) != store_document.READY:
            self.summary.incomplete.append(Incomplete(stored.document, told))
        if stored.new and (characters := store_document.unseen(document)):
            made = "generated" in document.metadata
            self.summary.hidden.append(Hidden(stored.document, characters, made))

    def omitted(self, item: Item, omitted: Sequence[Omitted]) -> None:
        """Files inside a file that are not read."""
        for left in omitted:
            place, name = f"{item.job}{INSIDE}{left.name}", f"{item.name}/{left.name}"
            self.summary.failed.append(Failure(place, f"{name} was left out: {left.reason}."))

    def tell(self, outcome: add_report.Outcome, document: str, detail: str = "") -> None:
        """Report a change of the library as it happens."""
        self._changed(Change(outcome, document, detail))


def outer(item: Item) -> str:
    """The user's file: itself, or the archive around it."""
    return item.job.partition(INSIDE)[0]


def out_of_time(item: Item, seconds: float) -> str:
    """Why what is left of an archive is not read: it is continued when it is added again."""
    archive = outer(item)
    return (
        f"{item.name} was not read: all that is inside of {Path(archive).name} took longer than"
        f" {seconds:.0f} seconds. Add {archive} again to continue, or raise the setting"
        " file_seconds."
    )


# -- Workers read files ahead of the embedding, and unpack the files inside them

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
            # Whether the reason will pass, such as no room for a copy, an error does not say.
            return Expanded((), (Omitted("what is inside", str(error)),), temporary=True)

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


# -- A run of `add`: files are read, and stored

_LEFT_OVER = 3600.0  # seconds after which a file that was sent is nobody's


class Indexing:
    """One run of `add`: reads files and stores them. An object is used once."""

    def __init__(
        self,
        catalog: Catalog,
        files: Files,
        jobs: Jobs,
        embedders: Embedders,
        engines: Engines,
        hire: Hire,
        progress: Callable[[AddProgress], None],
        changed: Callable[[Change], None],
        cancel: threading.Event | None,
    ) -> None:
        """`hire` makes the workers, who may embed with the library's model."""
        self._catalog = catalog
        self._files = files
        self._jobs = jobs
        self._hire = hire
        self._recipe = lambda: recipe(embedders.chosen())
        self._engines = engines
        self._progress = progress
        self._cancel = cancel or threading.Event()
        self._places = catalog.places
        self._containers = Containers(catalog.database)
        self._held: set[str] = set()  # places that were in work when a run ended
        self._embedding = Embedding(catalog.library, embedders)
        self._storing = Storing(catalog, files, self._embedding.check)
        self._summary = AddSummary()
        self._told = Telling(self._summary, jobs, changed)
        self._settled: set[str] = set()  # in the queue, files that were already known
        self._done = self._total = 0

    def add(self, paths: Sequence[Path], prune: bool = False) -> AddSummary:
        """See Library.add."""
        started = time.perf_counter()
        with self._jobs.run() as alone:
            scratch = self._files.scratch() if alone else None
            left = self._left_over(cancelled=not paths) if alone else []
            found = self._found(paths)
            named = {file.path for file in found}
            found += [file for file in left if file.path not in named]
            # What was in work when a run ended, whatever ended it, goes last.
            found.sort(key=lambda file: str(file.path) in self._held)
            order = Order(self._engines, None, self._recipe, self._embedding.came)
            heard = self._report_page
            with Prefetch(order, self._hire, heard, self._cancel, scratch) as reading:
                files = [(file.path, str(file.path), file.name) for file in found]
                self._run(reading, files, None)
        self._gone([path for path in paths if path.is_dir()], prune)
        self._progress(AddProgress("", self._done, self._total, "done"))
        self._summary.seconds = round(time.perf_counter() - started, 2)
        return self._summary

    def _found(self, paths: Sequence[Path]) -> list[Found]:
        if not paths:
            return []
        discovery = discover(paths)
        for left in discovery.left_out:
            error = f"{readable(left.path.name)}: {left.reason}."
            self._summary.failed.append(Failure(str(left.path), error))
            self._summary.left_out.append(add_report.LeftOut(str(left.path), left.reason))
        self._summary.unsupported = list(map(str, discovery.unsupported))
        return list(discovery.files)

    def _left_over(self, cancelled: bool) -> list[Found]:
        """Files that a killed run left undone, if they still exist."""
        left = self._jobs.left_over(cancelled)
        self._held = {job.path for job in left if job.state in ("reading", "indexing")}
        jobs = {job.path: job.name for job in left}
        there = [Found(Path(place), name) for place, name in jobs.items() if Path(place).is_file()]
        self._jobs.drop(set(jobs) - {str(file.path) for file in there})
        return [file for file in there if cancelled or not _under_way(file.path)]

    def _run(
        self,
        reading: Prefetch,
        files: Sequence[tuple[Path, str, str]],
        budget: UnpackingBudget | None,
        level: int = 0,
    ) -> None:
        """Add (path, job, name); `level` counts the files around them."""
        found = self._new(files, level)
        self._jobs.settle(self._settled)
        self._jobs.wait((item.job, item.name) for item in found)
        self._total += len(found)
        first = {item.sha256: item for item in reversed(found)}
        self._read(reading, [item for item in found if first[item.sha256] is item], budget)
        twins = [item for item in found if first[item.sha256] is not item]
        more = [new for twin in twins if (new := self._twin(twin, first[twin.sha256]))]
        self._read(reading, more, budget)

    def _new(self, files: Sequence[tuple[Path, str, str]], level: int) -> list[Item]:
        """Those of the files (path, job, name) that have to be read."""
        items = [item for file in files if (item := self._item(*file, level))]
        return [new for item in items if (new := self._news(item))]

    def _news(self, item: Item) -> Item | None:
        """The file if it has to be read; a known file is counted."""
        place = item.place
        try:
            stored = self._storing.known(item)
        except UnreadableFile as error:
            self._told.fail(item.job, item.name, str(error))
            return None
        if stored is None:
            return item
        self._told.known(item, stored, self._catalog.named(item.sha256))
        if not self._containers.finished(place, item.sha256):
            return replace(item, known=True)
        self._settled.add(item.job)
        self._summary.unchanged += self._places.inside(place)
        self._told.omitted(item, self._containers.left_out(place))
        return None

    def _item(self, path: Path, job: str, name: str, level: int) -> Item | None:
        try:
            job.encode()
            return Item(path, job, name, digest(path, self._engines.bounds.size), level)
        except UnicodeEncodeError:
            self._summary.failed.append(Failure(job, _BAD_NAME))
        except UnreadableFile as error:
            self._told.fail(job, name, str(error))
        return None

    def _read(
        self, reading: Prefetch, items: Sequence[Item], budget: UnpackingBudget | None
    ) -> None:
        """`budget`: of the file that they are inside of."""
        for done, (item, read) in enumerate(reading.ahead(items, budget)):
            if budget and budget.over:
                self._out_of_time(items[done:])
                return
            if self._cancel.is_set() or not self._add(reading, item, read, budget):
                self._cancelled(items[done:])
                return

    def _cancelled(self, items: Sequence[Item]) -> None:
        self._jobs.cancel([item.job for item in items])
        self._summary.cancelled += len(items)

    def _out_of_time(self, items: Sequence[Item]) -> None:
        seconds = self._engines.bounds.seconds
        with self._catalog.database.transaction():
            for item in items:
                self._told.fail(item.job, item.name, out_of_time(item, seconds))
        self._done += len(items)

    def _twin(self, item: Item, first: Item) -> Item | None:
        """The file of this run with the same bytes that was read before, if it has to be read."""
        if self._cancel.is_set():
            self._cancelled([item])
        elif not self._catalog.holds(item.sha256):
            self._told.fail(item.job, item.name, f"{item.name}: the same as {first.job}.")
        elif more := self._news(item):
            return more  # it is counted when it was read
        self._done += 1
        return None

    def _add(
        self, reading: Prefetch, item: Item, read: Read, budget: UnpackingBudget | None
    ) -> bool:
        """False when it was stopped in the middle of the file."""
        # Each file of the user has one budget for everything inside it.
        own = budget or reading.budget(item.path)
        try:
            self._step(item, "reading")
            if not item.known:
                self._store(item, read)
            self._inside(reading, item, read.inside, own)
        except UnreadableFile as error:
            self._told.fail(item.job, item.name, str(error))
        except Stopped:
            return False
        self._done += 1
        return True

    def _store(self, item: Item, read: Read) -> None:
        document, chunks = unchanged(item, read.document())
        inside = read.inside
        if not inside.parts:
            store_document.refuse_empty(document, chunks)
        self._step(item, "indexing")
        vectors = self._embedding.vectors([chunk.text for chunk in chunks])
        more = bool(inside.parts or inside.omitted)
        stored = self._storing.store(item, document, chunks, vectors, more)
        self._told.stored(stored, document, chunks)

    def _inside(
        self, reading: Prefetch, item: Item, expanded: Expanded, budget: UnpackingBudget
    ) -> None:
        """Add the files inside a file, and remove those that were inside it before: none while some
        could not be unpacked for a reason that may pass.

        Raises Stopped when it was cancelled meanwhile.
        """
        places = {f"{item.place}{INSIDE}{part.name}": part for part in expanded.parts}
        before = [place for place, _ in self._places.below(item.place) if place != item.place]
        failures = len(self._summary.failed)
        if places:
            files = [
                (part.path, f"{item.job}{INSIDE}{part.name}", f"{item.name}/{part.name}")
                for part in places.values()
            ]
            budget.spend(expanded)
            self._run(reading, files, budget, item.level + 1)
        if places and self._cancel.is_set():
            raise Stopped
        if not expanded.temporary:
            inner = tuple(place + INSIDE for place in places)
            self._forget([p for p in before if p not in places and not p.startswith(inner)])
        failed = expanded.temporary or len(self._summary.failed) > failures
        self._told.omitted(item, expanded.omitted)
        self._containers.finish(item.place, item.sha256, expanded.omitted, failed)
        self._jobs.settle({item.job})

    def _report_page(self, item: Item) -> Callable[[int, int], None]:
        return lambda page, pages: self._progress(
            AddProgress(item.name, self._done, self._total, "reading", page, pages)
        )

    def _step(self, item: Item, stage: Literal["reading", "indexing"]) -> None:
        self._jobs.set(item.job, stage)
        self._progress(AddProgress(item.name, self._done, self._total, stage))

    def _gone(self, roots: Sequence[Path], prune: bool) -> None:
        """Documents whose file is no longer below the folders: reported, and removed on request."""
        lost = self._places.lost(roots)
        if not prune:
            self._summary.gone = sorted({document for _, document in lost})
            return
        self._forget([place for place, _ in lost])

    def _forget(self, places: Sequence[str]) -> None:
        for name, sha256 in self._places.forget(places):
            self._files.remove(sha256)
            self._summary.removed += 1
            self._told.tell("removed", name)


def _under_way(path: Path) -> bool:
    """Whether another process may be adding a file that was sent to it: only one of several runs
    holds the lock by which they are told from runs that were killed."""
    try:
        young = time.time() - path.stat().st_mtime < _LEFT_OVER
    except OSError:  # it has ended meanwhile
        return True
    return young and place_of(str(path)) != str(path)
