"""Files become entries of the catalogue: discover, read, cut, embed, store; one file at a time.

Each file is one transaction: a killed run leaves whole documents, and the next one continues.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from ingest.discovery import Found, discover
from ingest.errors import PinciteError, UnreadableFile
from ingest.loaders import digest
from ingest.sandbox import Loaded, Sandbox
from ingest.source import Engines
from vectorstore.catalog import Catalog
from vectorstore.embedder import Embedder
from vectorstore.files import Files
from vectorstore.jobs import Jobs
from vectorstore.places import Places
from vectorstore.storing import Item, Stored, Storing, refuse_empty
from vectorstore.summary import AddSummary, Change, Failure, Outcome, Progress

__all__ = ["AddSummary", "Change", "Failure", "Indexing", "Progress"]

_BAD_NAME = "The name of the file is not valid UTF-8. Rename it."


class Indexing:
    """One run over files."""

    def __init__(
        self,
        catalog: Catalog,
        files: Files,
        jobs: Jobs,
        embedder: Callable[[], Embedder],
        engines: Engines | None = None,
        progress: Callable[[Progress], None] = lambda _: None,
        changed: Callable[[Change], None] = lambda _: None,
        cancel: threading.Event | None = None,
    ) -> None:
        self._catalog = catalog
        self._files = files
        self._jobs = jobs
        self._embedder = embedder
        self._engines = engines
        self._progress = progress
        self._changed = changed
        self._cancel = cancel or threading.Event()
        self._places = Places(catalog)
        # The embedder raises when a `rebuild` has changed the model since the embedding.
        self._storing = Storing(catalog, files, embedder)
        self._summary = AddSummary()
        self._settled: set[str] = set()  # places of what turned out to be known
        self._done = self._total = 0

    def add(self, paths: Sequence[Path], prune: bool = False) -> AddSummary:
        """See Library.add."""
        started = time.perf_counter()
        with self._jobs.run() as alone:
            left = self._left_over(cancelled=not paths) if alone else []
            found = self._found(paths)
            named = {file.path for file in found}
            self._run([*found, *(file for file in left if file.path not in named)])
        self._gone([path for path in paths if path.is_dir()], prune)
        self._progress(Progress("", self._done, self._total, "done"))
        self._summary.seconds = round(time.perf_counter() - started, 2)
        return self._summary

    def _found(self, paths: Sequence[Path]) -> list[Found]:
        if not paths:
            return []
        discovery = discover(paths)
        for left in discovery.left_out:
            self._summary.failed.append(Failure(str(left.path), f"{left.path.name}: {left.reason}"))
        return list(discovery.files)

    def _left_over(self, cancelled: bool) -> list[Found]:
        """Files that a killed run has not done, when they are still there."""
        files = []
        for job in self._jobs.left_over(cancelled):
            if Path(job.path).is_file():
                files.append(Found(Path(job.path), job.name))
            else:
                self._jobs.drop([job.path])
        return files

    def _run(self, found: Sequence[Found]) -> None:
        new = [item for file in found if (item := self._news(file))]
        self._jobs.settle(self._settled)
        self._jobs.wait((item.place, item.name) for item in new)
        self._total += len(new)
        with Sandbox(engines=self._engines) as sandbox:
            for number, (item, read) in enumerate(_ahead(sandbox, new)):
                if self._cancel.is_set():
                    self._jobs.cancel([item.place for item in new[number:]])
                    self._summary.cancelled += len(new) - number
                    return
                self._add(item, read)

    def _news(self, file: Found) -> Item | None:
        """The file if it has to be read; what is known already is counted."""
        try:
            str(file.path).encode()
            item = Item(file.path, str(file.path), file.name, digest(file.path))
            stored = self._storing.known(item)
        except UnicodeEncodeError:
            self._summary.failed.append(Failure(str(file.path), _BAD_NAME))
            return None
        except UnreadableFile as error:
            self._fail(str(file.path), file.name, error)
            return None
        if stored is None:
            return item
        self._settled.add(item.place)
        self._count(stored, 0, 0)
        return None

    def _add(self, item: Item, read: Callable[[], Loaded]) -> None:
        try:
            self._step(item, "reading")
            document, chunks = read()
            if document.sha256 != item.sha256:
                raise UnreadableFile(f"{item.path.name} changed while it was read. Add it again.")
            refuse_empty(document, chunks)
            self._step(item, "indexing")
            vectors = self._embedder().passages([chunk.text for chunk in chunks])
            stored = self._storing.store(item, document, chunks, vectors)
            self._count(stored, len(document.pages), len(chunks))
        except UnreadableFile as error:
            self._fail(item.place, item.name, error)
        self._done += 1

    def _step(self, item: Item, stage: Literal["reading", "indexing"]) -> None:
        self._jobs.set(item.place, stage)
        self._progress(Progress(item.name, self._done, self._total, stage))

    def _fail(self, place: str, name: str, error: PinciteError) -> None:
        self._jobs.fail(place, name, str(error))
        self._summary.failed.append(Failure(place, str(error)))
        self._changed(Change("failed", name, str(error)))

    def _count(self, stored: Stored, pages: int, chunks: int) -> None:
        summary = self._summary
        summary.superseded += stored.superseded
        if stored.new:
            summary.updated += stored.replaced
            summary.added += not stored.replaced
            summary.pages += pages
            summary.chunks += chunks
            self._tell("updated" if stored.replaced else "added", stored.document)
            return
        summary.removed += stored.replaced
        summary.moved += bool(stored.was)
        summary.unchanged += not stored.was
        if stored.was:
            self._tell("moved", stored.document, stored.was)

    def _tell(self, outcome: Outcome, document: str, detail: str = "") -> None:
        self._changed(Change(outcome, document, detail))

    def _gone(self, roots: Sequence[Path], prune: bool) -> None:
        """Documents whose file is no longer below the folders: told, and removed if wanted."""
        lost = self._places.lost(roots)
        if not prune:
            self._summary.gone = sorted({document for _, document in lost})
            return
        for name, sha256 in self._places.forget([place for place, _ in lost]):
            self._files.remove(sha256)
            self._summary.removed += 1
            self._tell("removed", name)


def _ahead(
    sandbox: Sandbox, items: Sequence[Item]
) -> Iterator[tuple[Item, Callable[[], Loaded]]]:
    """Each file with its result to wait for; the next is read while this one is embedded."""
    reading = deque(sandbox.start(item.path) for item in items[:2])
    for index, item in enumerate(items):
        yield item, reading.popleft()
        if index + 2 < len(items):
            reading.append(sandbox.start(items[index + 2].path))
