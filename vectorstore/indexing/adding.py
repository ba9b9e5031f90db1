"""Adds files to the catalogue: discover, read, cut, embed, store.

A file is one transaction, and up to 64 small files that are neighbours share one, see `prefetch`.
A killed run leaves complete documents; the work on its last file or group is lost, and the next run
does it again.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal

import numpy as np

from ingest.containers import FULL, Expanded
from ingest.discovery import Found, discover
from ingest.document.source import Engines, readable
from ingest.document.wire import Loaded
from ingest.errors import Stopped, UnreadableFile
from vectorstore.add_report import AddProgress, AddSummary, Change, Failure, LeftOut
from vectorstore.catalog.catalog import Catalog, Containers
from vectorstore.catalog.places import INSIDE, Places, place_of
from vectorstore.copies import Files
from vectorstore.embedding.embedder import recipe
from vectorstore.embedding.library_embedder import Embedders
from vectorstore.indexing.jobs import Attempts, Jobs
from vectorstore.indexing.outcomes import Known, Telling, out_of_time
from vectorstore.indexing.prefetch import (
    Prefetch,
    Read,
    ReadTogether,
    UnpackingBudget,
    batches,
    file_groups,
)
from vectorstore.indexing.store_document import Embedding, Item, Storing, refuse_empty, unchanged
from vectorstore.workers import Hire, Order

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
        self._places = Places(catalog)
        self._containers = Containers(catalog.database)
        self._attempts = Attempts(catalog.database)
        self._before: dict[str, tuple[str, int]] = {}  # interrupted runs, by place
        self._held: set[str] = set()  # places that were in work when a run ended
        self._embedding = Embedding(catalog.library, embedders)
        self._storing = Storing(catalog, files, self._embedding.check)
        self._summary = AddSummary()
        self._told = Telling(self._summary, jobs, changed)
        self._known = Known(catalog, self._storing, self._told, engines.bounds.size)
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
        parts = batches(list(files))
        found = [item for part in parts for item in self._known.new(part, level)]
        self._jobs.settle(self._known.settled)
        self._jobs.wait((item.job, item.name) for item in found)
        self._total += len(found)
        first = {item.sha256: item for item in reversed(found)}
        self._read(reading, [item for item in found if first[item.sha256] is item], budget)
        twins = [item for item in found if first[item.sha256] is not item]
        for part in batches(twins):
            with self._catalog.database.together():
                more = [new for twin in part for new in self._twin(twin, first[twin.sha256])]
            self._read(reading, more, budget)

    def _read(
        self, reading: Prefetch, items: Sequence[Item], budget: UnpackingBudget | None
    ) -> None:
        """Inside of a file (`budget`) small ones are read and stored together."""
        many = file_groups(items, self._held_before) if budget else [[one] for one in items]
        done = 0
        for group, read in reading.ahead(many, budget):
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
            with closing(reading.start(item, budget)) as one:
                if self._cancel.is_set() or not self._add(reading, item, one, budget):
                    return alone[number:]
        return []

    def _add_together(self, group: Sequence[Item], read: ReadTogether) -> list[Item]:
        """Store small files with one call of the model and one wait for the disk, and tell what was
        not read; returns what has to be read alone.

        Raises Stopped, and HomeNotWritable or LibraryError with none of them stored.
        """
        found = read.documents()
        self._step(group[0], "indexing")
        documents: dict[Item, Loaded] = {}
        said: dict[Item, str] = {}  # why it was not added; empty for what is to be read alone
        for item, one in zip(group, found, strict=True):
            try:
                if isinstance(one, str):
                    said[item] = one
                else:
                    refuse_empty(*unchanged(item, one))
                    documents[item] = one
            except UnreadableFile as error:
                said[item] = str(error)
        said |= self._store_together(documents)
        with self._catalog.database.together():
            for item, why in said.items():
                if why:
                    self._told.fail(item.job, item.name, why)
        alone = [item for item, why in said.items() if not why]
        self._done += len(group) - len(alone)
        return alone

    def _store_together(self, documents: Mapping[Item, Loaded]) -> dict[Item, str]:
        """Returns the sentences about those whose file is gone."""
        if not documents:
            return {}
        ends = np.cumsum([len(chunks) for _, chunks in documents.values()])
        vectors = self._embedding.vectors(
            [chunk.text for _, chunks in documents.values() for chunk in chunks]
        )
        found = [
            (item, document, chunks, part)
            for (item, (document, chunks)), part in zip(
                documents.items(), np.split(vectors, ends[:-1]), strict=True
            )
        ]
        said = {}
        kept = self._storing.store_together(found)
        for (item, document, chunks, _), stored in zip(found, kept, strict=True):
            if isinstance(stored, UnreadableFile):
                said[item] = str(stored)
            else:
                self._told.stored(stored, document, chunks)
        return said

    def _cancelled(self, items: Sequence[Item]) -> None:
        self._jobs.cancel([item.job for item in items])
        self._summary.cancelled += len(items)

    def _held_before(self, item: Item) -> bool:
        return item.job in self._before or item.job in self._held

    def _out_of_time(self, items: Sequence[Item]) -> None:
        seconds = self._engines.bounds.seconds
        with self._catalog.database.together():
            for item in items:
                self._told.fail(item.job, item.name, out_of_time(item, seconds))
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
                inside = read.inside
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
        inside = read.inside
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
        inner = tuple(place + INSIDE for place in places)
        self._forget([p for p in before if p not in places and not p.startswith(inner)])
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
