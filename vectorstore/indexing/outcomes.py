"""What becomes of each file of an `add`: reported in its summary, its queue, and as it happens."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path, PurePath

from ingest.containers import Omitted
from ingest.document.model import Chunk, Document
from ingest.errors import UnreadableFile
from ingest.loaders import digest
from vectorstore.add_report import AddSummary, Change, Failure, Hidden, Incomplete, KeptAs, Outcome
from vectorstore.catalog.catalog import Catalog, Containers
from vectorstore.catalog.places import INSIDE, Places
from vectorstore.indexing.jobs import MOST_ATTEMPTS, Jobs
from vectorstore.indexing.store_document import READY, Item, Stored, Storing, status, unseen

_BAD_NAME = "The name of the file is not valid UTF-8. Rename it."


class Telling:
    """Reports what became of the files of one run."""

    def __init__(self, summary: AddSummary, jobs: Jobs, changed: Callable[[Change], None]) -> None:
        self._summary = summary
        self._jobs = jobs
        self._changed = changed

    def fail(self, place: str, name: str, error: str) -> None:
        """A file could not be read."""
        self._jobs.fail(place, name, error)
        self._summary.failed.append(Failure(place, error))
        self._changed(Change("failed", name, error))

    def bad_name(self, place: str) -> None:
        """A file whose name the catalogue cannot keep."""
        self._summary.failed.append(Failure(place, _BAD_NAME))

    def unchanged(self, number: int) -> None:
        """So many files inside a known file are in the library."""
        self._summary.unchanged += number

    def count(self, stored: Stored, pages: int, chunks: int) -> None:
        """A file is in the library, or was there."""
        summary = self._summary
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
            self._summary.updated += stored.replaced
            self._summary.added += not stored.replaced
            self.tell("updated" if stored.replaced else "added", stored.document)
        else:
            self.count(stored, 0, 0)
        if document and not stored.was and PurePath(item.name).name != PurePath(document).name:
            self._summary.kept_as.append(KeptAs(item.name, document))

    def stored(self, stored: Stored, document: Document, chunks: Sequence[Chunk]) -> None:
        """A file that was read is in the library."""
        self.count(stored, len(document.pages), len(chunks))
        if stored.new and (told := status(document)) != READY:
            self._summary.incomplete.append(Incomplete(stored.document, told))
        if stored.new and (characters := unseen(document)):
            made = "generated" in document.metadata
            self._summary.hidden.append(Hidden(stored.document, characters, made))

    def omitted(self, item: Item, omitted: Sequence[Omitted]) -> None:
        """Files inside a file that are not read."""
        for left in omitted:
            place, name = f"{item.job}{INSIDE}{left.name}", f"{item.name}/{left.name}"
            self._summary.failed.append(Failure(place, f"{name} was left out: {left.reason}."))

    def tell(self, outcome: Outcome, document: str, detail: str = "") -> None:
        """Report a change of the library as it happens."""
        self._changed(Change(outcome, document, detail))


def outer(item: Item) -> str:
    """The user's file: itself, or the archive around it."""
    return item.job.partition(INSIDE)[0]


def interrupted(item: Item, times: int) -> str:
    """The sentence about a file that waits, because `times` runs ended while it was read."""
    return (
        f"{item.name} was being read when {times} runs were interrupted: it waits until it is"
        f" named. `pincite add {outer(item)}` tries it again."
    )


def out_of_time(item: Item, seconds: float) -> str:
    """Why what is left of an archive is not read: it is continued when it is added again."""
    archive = outer(item)
    return (
        f"{item.name} was not read: all that is inside of {Path(archive).name} took longer than"
        f" {seconds:.0f} seconds. Add {archive} again to continue, or raise the setting"
        " file_seconds."
    )


class Known:
    """Decides which files of a run are read: the others are known by their bytes, or wait."""

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
