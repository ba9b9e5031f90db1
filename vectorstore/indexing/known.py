"""Which files have to be read: the library knows the others by their bytes, or they wait."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from ingest.errors import UnreadableFile
from ingest.loaders import digest
from vectorstore.catalog.catalog import Catalog
from vectorstore.catalog.containers import Containers
from vectorstore.catalog.sources import Places
from vectorstore.indexing.attempts import MOST
from vectorstore.indexing.store_document import Item, Storing
from vectorstore.indexing.telling import Telling, interrupted, outer


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
        if sha256 != item.sha256 or times < MOST or self._named & {item.job, outer(item)}:
            return False
        self._told.fail(item.job, item.name, interrupted(item, times))
        return True
