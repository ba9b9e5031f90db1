"""Adds files to the catalogue: discover, read, cut, embed, store.

A file is one transaction, and up to 64 small files that are neighbours share one, see
`small_files`. A killed run leaves complete documents; the work on its last file or group is lost,
and the next run does it again.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal

from ingest.containers.unpacking import FULL, Expanded
from ingest.discovery import Found, discover
from ingest.document.source import Engines, readable
from ingest.errors import Stopped, UnreadableFile
from ingest.loaders import digest
from vectorstore.add_report import AddProgress, AddSummary, Change, Failure, LeftOut
from vectorstore.catalog import rows as catalog_rows
from vectorstore.catalog.catalog import Catalog, Containers
from vectorstore.catalog.places import INSIDE, Places, place_of
from vectorstore.database.transactions import Database
from vectorstore.embedding.embedder import Embedder, Recipe
from vectorstore.errors import LibraryError, WorkersAway
from vectorstore.indexing import small_files
from vectorstore.indexing.jobs import Jobs
from vectorstore.indexing.prefetch import Prefetch, Read, ReadTogether, UnpackingBudget
from vectorstore.indexing.progress import Telling, interrupted, out_of_time, outer
from vectorstore.indexing.small_files import Together
from vectorstore.indexing.store_document import Embedding, Item, Storing, refuse_empty, unchanged
from vectorstore.opened import Files
from vectorstore.workers import Hire, Order, here, no_recipe

# -- Files that held a run until it was interrupted: they wait until a person names them
# A file counts when it has been in work for a minute, so that many kills of a healthy run count
# nothing, and is forgotten when it comes to an end, even to a failure.

SLOW = 60.0  # seconds in work
MOST_ATTEMPTS = 2  # interruptions after which a file waits


class Attempts:
    """Rows of the table `attempt`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def watched(self, files: Sequence[tuple[str, str]]) -> Iterator[None]:
        """While files (path, sha256) are in work: they count as interrupted unless this ends.

        A wish to stop it, and an end of the process, are interruptions.
        """
        timer = threading.Timer(SLOW, self._count, (files,))
        timer.daemon = True
        timer.start()
        try:
            yield
        except WorkersAway:  # which is not the fault of these files
            _stop(timer)
            self.ended(*(path for path, _ in files))
            raise
        finally:
            _stop(timer)

    def ended(self, *paths: str) -> None:
        """They came to an end."""
        where, listed = f"FROM attempt WHERE path {catalog_rows.AMONG}", catalog_rows.listed(paths)
        if self._database.one(f"SELECT 1 {where}", listed):
            self._database.write(f"DELETE {where}", listed)

    def before(self) -> dict[str, tuple[str, int]]:
        """By path: the sha256 of the bytes, and how often they did not come to an end."""
        rows = self._database.all("SELECT path, sha256, times FROM attempt")
        return {path: (sha256, times) for path, sha256, times in rows}

    def _count(self, files: Sequence[tuple[str, str]]) -> None:
        # Of an error the run itself will hear.
        with suppress(LibraryError), self._database.transaction() as connection:
            connection.executemany(
                "INSERT INTO attempt VALUES (?, ?, 1) ON CONFLICT (path) DO UPDATE SET"
                " times = CASE attempt.sha256"
                " WHEN excluded.sha256 THEN attempt.times + 1 ELSE 1 END,"
                " sha256 = excluded.sha256",
                files,
            )


def _stop(timer: threading.Timer) -> None:
    timer.cancel()
    timer.join()  # otherwise it may count after `ended`


# -- Which files have to be read: the library knows the others by their bytes, or they wait


class Known:
    """Of one run."""

    def __init__(self, catalog: Catalog, storing: Storing, told: Telling, size: int) -> None:
        """`size` is the most bytes that a file may have."""
        self._catalog = catalog
        self._storing = storing
        self._told = told
        self._size = size
        self._places = Places(catalog)
        self._containers = Containers(catalog.database)
        self._before: Mapping[str, tuple[str, int]] = {}
        self._named: set[str] = set()  # files that the user has named, not a folder around them
        self.settled: set[str] = set()  # in the queue, files that were already known

    def begin(self, before: Mapping[str, tuple[str, int]], paths: Sequence[Path]) -> None:
        """`before`: see `Attempts.before`; `paths`: what the user has named."""
        self._before = before
        self._named = {str(path.absolute()) for path in paths if path.is_file()}

    def new(self, files: Sequence[tuple[Path, str, str]], level: int) -> list[Item]:
        """Those of the files (path, job, name) that have to be read.

        Inside of a file (`level`) what is known is counted in one transaction.
        """
        items = [item for file in files if (item := self._item(*file, level))]
        with self._catalog.database.together() if level else nullcontext():
            return [new for item in items if (new := self.news(item))]

    def news(self, item: Item) -> Item | None:
        """The file if it has to be read; a known file is counted."""
        place = item.place
        try:
            stored = self._storing.known(item)
        except UnreadableFile as error:
            self._told.fail(item.job, item.name, str(error))
            return None
        if stored is None:
            return None if self._waits(item) else item
        self._told.known(item, stored, self._catalog.named(item.sha256))
        if not self._containers.finished(place, item.sha256):
            return replace(item, known=True)
        self.settled.add(item.job)
        self._told.unchanged(self._places.inside(place))
        self._told.omitted(item, self._containers.left_out(place))
        return None

    def _item(self, path: Path, job: str, name: str, level: int) -> Item | None:
        try:
            job.encode()
            return Item(path, job, name, digest(path, self._size), level)
        except UnicodeEncodeError:
            self._told.bad_name(job)
        except UnreadableFile as error:
            self._told.fail(job, name, str(error))
        return None

    def _waits(self, item: Item) -> bool:
        """Whether a file has held two runs, and nobody has named it now."""
        sha256, times = self._before.get(item.job, ("", 0))
        if sha256 != item.sha256 or times < MOST_ATTEMPTS or self._named & {item.job, outer(item)}:
            return False
        self._told.fail(item.job, item.name, interrupted(item, times))
        return True


_LEFT_OVER = 3600.0  # seconds after which a file that was sent is nobody's

__all__ = ["AddProgress", "AddSummary", "Change", "Failure", "Indexing"]


class Indexing:
    """One run over files."""

    def __init__(
        self,
        catalog: Catalog,
        files: Files,
        jobs: Jobs,
        embedder: Callable[[], Embedder],
        engines: Engines | None = None,
        progress: Callable[[AddProgress], None] = lambda _: None,
        changed: Callable[[Change], None] = lambda _: None,
        cancel: threading.Event | None = None,
        begin: Callable[[Sequence[str]], None] = lambda _: None,
        hire: Hire = here,
        recipe: Callable[[], Recipe | None] = no_recipe,
    ) -> None:
        """`begin` is told the passages of each document before `embedder` is asked; `hire` gets
        the workers, and `recipe` the embedding model that they may use."""
        self._catalog = catalog
        self._files = files
        self._jobs = jobs
        self._hire = hire
        self._recipe = recipe
        self._engines = engines or Engines()
        self._bounds = self._engines.bounds
        self._progress = progress
        self._cancel = cancel or threading.Event()
        self._places = Places(catalog)
        self._containers = Containers(catalog.database)
        self._attempts = Attempts(catalog.database)
        self._before: dict[str, tuple[str, int]] = {}  # interrupted runs, by place
        self._held: set[str] = set()  # places that were in work when a run ended
        self._embedding = Embedding(catalog.library, embedder, begin)
        self._storing = Storing(catalog, files, self._embedding.check)
        self._summary = AddSummary()
        self._told = Telling(self._summary, jobs, changed)
        self._together = Together(catalog, self._storing, self._embedding, self._told)
        self._known = Known(catalog, self._storing, self._told, self._bounds.size)
        self._done = self._total = 0

    def add(self, paths: Sequence[Path], prune: bool = False) -> AddSummary:
        """See Library.add."""
        started = time.perf_counter()
        self._before = self._attempts.before()
        self._known.begin(self._before, paths)
        with self._jobs.run() as alone:
            scratch = self._files.scratch() if alone else None
            left = self._left_over(cancelled=not paths) if alone else []
            found = self._found(paths)
            named = {file.path for file in found}
            found += [file for file in left if file.path not in named]
            # What was in work when a run ended, whatever ended it, goes last.
            found.sort(key=lambda file: str(file.path) in self._held)
            order = Order(self._engines, None, self._recipe, self._embedding.came)
            with Prefetch(order, self._cancel, scratch, self._hire) as reading:
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
            self._summary.left_out.append(LeftOut(str(left.path), left.reason))
        self._summary.unsupported = list(map(str, discovery.unsupported))
        return list(discovery.files)

    def _left_over(self, cancelled: bool) -> list[Found]:
        """Files that a killed run left undone, if they still exist."""
        left = self._jobs.left_over(cancelled)
        self._held = {*self._before, *(j.path for j in left if j.state in ("reading", "indexing"))}
        jobs = {job.path: job.name for job in left}
        jobs |= {place: Path(place).name for place in self._containers.unfinished()}
        there = [Found(Path(place), name) for place, name in jobs.items() if Path(place).is_file()]
        self._jobs.drop(set(jobs) - {str(file.path) for file in there})
        return [file for file in there if cancelled or not _under_way(file.path)]

    def _run(
        self,
        reading: Prefetch,
        files: Iterable[tuple[Path, str, str]],
        budget: UnpackingBudget | None,
        level: int = 0,
    ) -> None:
        """Add (path, job, name); `level` counts the files around them."""
        parts = small_files.file_batches(list(files))
        found = [item for part in parts for item in self._known.new(part, level)]
        self._jobs.settle(self._known.settled)
        self._jobs.wait((item.job, item.name) for item in found)
        self._total += len(found)
        first = {item.sha256: item for item in reversed(found)}
        self._read(reading, [item for item in found if first[item.sha256] is item], budget)
        twins = [item for item in found if first[item.sha256] is not item]
        for start in range(0, len(twins), small_files.MOST_TOGETHER):
            part = twins[start : start + small_files.MOST_TOGETHER]
            with self._catalog.database.together():
                more = [new for twin in part for new in self._twin(twin, first[twin.sha256])]
            self._read(reading, more, budget)

    def _read(
        self, reading: Prefetch, items: Sequence[Item], budget: UnpackingBudget | None
    ) -> None:
        """Inside of a file (`budget`) small ones are read and stored together."""
        many = (
            small_files.file_groups(items, self._held_before)
            if budget
            else [[one] for one in items]
        )
        done = 0
        for group, read in reading.ahead(many, budget, self._report_page):
            if budget and budget.over:
                self._out_of_time(items[done:])
                return
            left = group if self._cancel.is_set() else self._add_group(reading, group, read, budget)
            done += len(group)
            if self._cancel.is_set() or left:
                self._cancelled([*left, *items[done:]])
                return

    def _add_group(
        self, reading: Prefetch, group: list[Item], read: Read | ReadTogether,
        budget: UnpackingBudget | None,
    ) -> list[Item]:  # fmt: skip
        """Those that are left when it was stopped."""
        if isinstance(read, Read):
            return [] if self._add(reading, group[0], read, budget) else group
        try:
            with self._attempts.watched([(item.job, item.sha256) for item in group]):
                alone = self._add_together(group, read)
        except Stopped:
            return group
        self._attempts.ended(*(item.job for item in group))
        for number, item in enumerate(alone):
            with closing(reading.start(item, budget, self._report_page)) as one:
                if self._cancel.is_set() or not self._add(reading, item, one, budget):
                    return alone[number:]
        return []

    def _add_together(self, group: list[Item], read: ReadTogether) -> list[Item]:
        """Returns the files that have to be read alone. Raises Stopped."""
        found = read.documents()
        self._step(group[0], "indexing")
        alone = self._together.add(group, found)
        self._done += len(group) - len(alone)
        return alone

    def _cancelled(self, items: Sequence[Item]) -> None:
        self._jobs.cancel([item.job for item in items])
        self._summary.cancelled += len(items)

    def _held_before(self, item: Item) -> bool:
        return item.job in self._before or item.job in self._held

    def _out_of_time(self, items: Sequence[Item]) -> None:
        with self._catalog.database.together():
            for item in items:
                self._told.fail(item.job, item.name, out_of_time(item, self._bounds.seconds))
        self._done += len(items)

    def _twin(self, item: Item, first: Item) -> Iterator[Item]:
        """The file of this run with the same bytes that was read before, if it has to be read."""
        if self._cancel.is_set():
            self._cancelled([item])
        elif not self._catalog.holds(item.sha256):
            self._told.fail(item.job, item.name, f"{item.name}: the same as {first.job}.")
        elif more := self._known.news(item):
            yield more
            return  # it is counted when it was read
        self._done += 1

    def _add(
        self, reading: Prefetch, item: Item, read: Read, budget: UnpackingBudget | None
    ) -> bool:
        """False when it was stopped in the middle of the file."""
        # Each file of the user has one budget for everything inside it.
        own = budget or reading.budget(item.path)
        try:
            with self._attempts.watched([(item.job, item.sha256)]):
                self._step(item, "reading")
                if not item.known:
                    self._store(item, read)
                inside = read.inside()
            self._inside(reading, item, inside, own)
        except UnreadableFile as error:
            self._told.fail(item.job, item.name, str(error))
        except Stopped:
            return False
        self._attempts.ended(item.job)
        self._done += 1
        return True

    def _store(self, item: Item, read: Read) -> None:
        document, chunks = unchanged(item, read.document())
        inside = read.inside()
        if not inside.parts:
            refuse_empty(document, chunks)
        self._step(item, "indexing")
        vectors = self._embedding.vectors([chunk.text for chunk in chunks])
        more = bool(inside.parts or inside.omitted)
        stored = self._storing.store(item, document, chunks, vectors, more)
        self._told.stored(stored, document, chunks)

    def _inside(
        self, reading: Prefetch, item: Item, expanded: Expanded, budget: UnpackingBudget
    ) -> None:
        """Add the files inside a file, and remove those that were inside it before.

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
        kept = tuple(places)
        self._forget([p for p in before if p not in places and not p.startswith(_inner(kept))])
        full = any(left.reason == FULL for left in expanded.omitted)
        failed = full or len(self._summary.failed) > failures
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


def _inner(places: Sequence[str]) -> tuple[str, ...]:
    return tuple(place + INSIDE for place in places)
