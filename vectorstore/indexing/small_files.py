"""Which files inside of a file are read, embedded and stored together.

Alone a file costs 15 ms or more, whatever is in it: a job for a child, two waits for the disk and
a call of the model. An archive of a few kilobytes can name thousands.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from ingest.containers.kinds import CONTAINERS
from ingest.document.wire import Loaded, Several
from ingest.errors import UnreadableFile
from ingest.loaders import needs_office
from vectorstore.catalog.catalog import Catalog
from vectorstore.indexing.progress import Telling
from vectorstore.indexing.store_document import Embedding, Item, Storing, refuse_empty, unchanged

LARGEST_SMALL_FILE = 8 << 10  # bytes of a file that is small: some twenty passages
GROUP_BYTES = 64 << 10  # of the files of one group: what is lost when the run is killed
MOST_TOGETHER = 64  # files in one group


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


def file_batches(
    files: Sequence[tuple[Path, str, str]],
) -> Iterator[Sequence[tuple[Path, str, str]]]:
    """Files whose bytes may be known, as many as are looked up together."""
    for start in range(0, len(files), MOST_TOGETHER):
        yield files[start : start + MOST_TOGETHER]


def _size(item: Item) -> int:
    """Larger than LARGEST for what has to be read alone, whatever its size."""
    path = item.path
    if item.known or path.suffix.lower() in CONTAINERS or needs_office(path):
        return LARGEST_SMALL_FILE + 1
    try:
        return path.stat().st_size
    except OSError:  # it is gone, which its reader reports
        return LARGEST_SMALL_FILE + 1


# -- Embeds and stores small files together: one call of the model, one wait for the disk


class Together:
    """Of one run."""

    def __init__(
        self, catalog: Catalog, storing: Storing, embedding: Embedding, told: Telling
    ) -> None:
        self._catalog = catalog
        self._storing = storing
        self._embedding = embedding
        self._told = told

    def add(self, group: Sequence[Item], read: Several) -> list[Item]:
        """Store what was read, and tell what was not; returns what has to be read alone.

        Raises HomeNotWritable or LibraryError, with none of them stored.
        """
        documents: dict[Item, Loaded] = {}
        said: dict[Item, str] = {}
        for item, one in zip(group, read, strict=True):
            try:
                if isinstance(one, str):
                    said[item] = one
                else:
                    documents[item] = _checked(item, one)
            except UnreadableFile as error:
                said[item] = str(error)
        said |= self._store(documents)
        with self._catalog.database.together():
            for item, why in said.items():
                if why:
                    self._told.fail(item.job, item.name, why)
        return [item for item, why in said.items() if not why]

    def _store(self, documents: Mapping[Item, Loaded]) -> dict[Item, str]:
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


def _checked(item: Item, loaded: Loaded) -> Loaded:
    """What can be stored of a file without files inside it. Raises UnreadableFile."""
    refuse_empty(*unchanged(item, loaded))
    return loaded
