"""Embeds and stores small files together: one call of the model, one wait for the disk."""

from collections.abc import Mapping, Sequence

import numpy as np

from ingest.errors import UnreadableFile
from ingest.serialization.reading import Loaded, Several
from vectorstore.catalog.catalog import Catalog
from vectorstore.indexing.embedding import Embedding
from vectorstore.indexing.store_document import Item, Storing, refuse_empty, unchanged
from vectorstore.indexing.telling import Telling


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
