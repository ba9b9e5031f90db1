"""Stores one document: its file, its rows and its place; all or nothing.

Knows no loader, and of the queue only the row that it removes.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ingest.containers import CONTAINERS
from ingest.document.model import Chunk, Document, count
from ingest.document.wire import Loaded
from ingest.errors import UnreadableFile
from vectorstore.add_report import Superseded
from vectorstore.catalog import tags
from vectorstore.catalog.catalog import Catalog, begin_container, place_of
from vectorstore.copies import Files
from vectorstore.database.schema import Transaction
from vectorstore.embedding.embedder import Embedder
from vectorstore.embedding.library_embedder import Embedders
from vectorstore.errors import EmbedderMismatch, HomeNotWritable, LibraryError
from vectorstore.indexing import jobs
from vectorstore.naming.mentions import put_names
from vectorstore.store import Vectors
from vectorstore.versions import Versions

# -- Embeds the passages of one run, by the model that the library has at that moment
# Vectors that came with a file from the worker that read it are taken, where the same model made
# them.

_MOST = 50_000  # vectors that came: 75 MB


class Embedding:
    """Knows which model has embedded last."""

    def __init__(self, library: str, embedders: Embedders) -> None:
        self._library = library
        self._embedders = embedders
        self._used: Embedder | None = None
        self._came: dict[tuple[str, str], Vectors] = {}  # by identity and text, until it is used

    def came(self, identity: str, texts: Sequence[str], vectors: Vectors) -> None:
        """Some vectors came with a file."""
        if len(self._came) > _MOST:  # of files that failed later: they are not asked for again
            self._came.clear()
        self._came |= {
            (identity, text): vector for text, vector in zip(texts, vectors, strict=True)
        }

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """The vectors of passages, of the shape (len(texts), dimensions), in their order."""
        self._embedders.begin(texts)
        self._used = self._embedders.adding()
        known = {text: self._came.pop((self._used.identity, text), None) for text in set(texts)}
        missing = [text for text in texts if known[text] is None]
        if len(missing) == len(texts):
            return self._used.passages(texts)
        known |= dict(zip(missing, self._used.passages(missing), strict=True)) if missing else {}
        return np.stack([vector for text in texts if (vector := known[text]) is not None])

    def check(self) -> None:
        """Raises EmbedderMismatch when a rebuild has changed the model since the embedding."""
        if self._used is not None and self._embedders.adding().identity != self._used.identity:
            raise EmbedderMismatch(
                f"The library {self._library!r} was rebuilt with another model meanwhile. "
                "Add the files again."
            )


READY = "ready"  # the status of a document that was read completely


@dataclass(frozen=True)
class Item:
    """A file to add: its bytes, its row in the queue, and its future name."""

    path: Path  # file to read: for a file inside an archive, its unpacked copy
    job: str  # as a place is written, of this very file
    name: str
    sha256: str
    level: int = 0  # number of files around it
    known: bool = False  # only the files inside it have to be read

    @property
    def place(self) -> str:
        """Where people find it: what was there before is replaced."""
        return place_of(self.job)

    @property
    def sent(self) -> bool:
        """Whether it lies in a folder of its own meanwhile."""
        return self.job != self.place


@dataclass(frozen=True)
class Stored:
    """What storing a file has changed in the library."""

    document: str  # its name
    new: bool = True  # otherwise the same bytes were there already
    replaced: bool = False  # another document, the old content of the same place
    was: str = ""  # the earlier name of a document that has moved
    superseded: tuple[Superseded, ...] = ()


class Storing:
    """Stores the documents of one run, each in a transaction."""

    def __init__(self, catalog: Catalog, files: Files, check: Callable[[], object]) -> None:
        """`check` raises, inside the transaction, when the new vectors are useless."""
        self._check = check
        self._catalog = catalog
        self._files = files
        self._versions = Versions(catalog.database)

    def known(self, item: Item) -> Stored | None:
        """The result for bytes that the library has; None when they are new.

        The files inside bytes that are found at another place have to be checked again.
        """
        if not self._catalog.holds(item.sha256):
            return None
        if self._keep(item, known=True):  # a newer reader could not read it
            self._catalog.database.write(
                "UPDATE document SET reader = '' WHERE sha256 = ?", item.sha256
            )
        if self._catalog.places.found_at(item.place) == item.sha256:
            return Stored(item.name, new=False)
        return self._stored(item, None, inside=item.path.suffix.lower() in CONTAINERS)

    def store(
        self, item: Item, document: Document, chunks: Sequence[Chunk], vectors: Vectors,
        inside: bool = False,
    ) -> Stored:  # fmt: skip
        """Store it. Raises UnreadableFile, HomeNotWritable or LibraryError, with nothing written.

        `inside`: files inside it will follow.
        """
        try:
            self._keep(item)
            return self._stored(item, (document, chunks, vectors), inside)
        except BaseException:
            with suppress(LibraryError, OSError):  # the first error is reported
                if not self._catalog.holds(item.sha256):
                    self._files.remove(item.sha256)
            raise

    def _stored(
        self, item: Item, read: tuple[Document, Sequence[Chunk], Vectors] | None, inside: bool
    ) -> Stored:
        with self._catalog.writing() as connection:
            if read:
                self._check()
            before = self._catalog.places.found_at(item.place)
            connection.execute("DELETE FROM place WHERE path = ?", (item.place,))
            other = before if before not in (None, item.sha256) else None
            kept = tags.of(connection, other) if other else []
            replaced = other is not None and self._catalog.places.drop_placeless(connection, other)
            # Not new: the same bytes were at another place, or another process was faster.
            if new := read is not None and not self._catalog.holds(item.sha256):
                stored = self._put(connection, item, *read)
            else:
                was = self._catalog.places.take(connection, item.place, item.name, item.sha256)
                stored = Stored(item.name, new=False, was=was or "")
            tags.carry(connection, kept, item.sha256)
            begin_container(connection, item.place, inside)
            if not inside:  # otherwise its file is needed until all that is inside has been read
                jobs.leave(connection, item.job)
        if replaced and other:
            self._files.remove(other)
        return Stored(stored.document, new, replaced, stored.was, stored.superseded)

    def _put(
        self, connection: Transaction, item: Item, document: Document, chunks: Sequence[Chunk],
        vectors: Vectors,
    ) -> Stored:  # fmt: skip
        name = self._catalog.places.free_name(item.name, item.place, item.sha256)
        put(self._catalog, connection, document, name, chunks, vectors)
        self._catalog.places.put(connection, item.place, item.sha256)
        linked = self._versions.link(connection, document, item.path)
        return Stored(name, superseded=tuple(linked))

    def _keep(self, item: Item, known: bool = False) -> bool:
        """Whether there was no copy."""
        try:
            return self._files.keep(item.path, item.sha256, known)
        except OSError as error:
            raise HomeNotWritable(
                f"{item.path.name} could not be copied into the library: {error.strerror}. "
                "The library is as it was before this file. "
                f"Check the disk of {self._files.library}."
            ) from error


def put(
    catalog: Catalog, connection: Transaction, document: Document, name: str,
    chunks: Sequence[Chunk], vectors: Vectors,
) -> None:  # fmt: skip
    """Write a document with its status and names; inside `Catalog.writing()`."""
    catalog.put(connection, document, name, status(document), chunks, vectors)
    put_names(connection, name)


def unchanged(item: Item, loaded: Loaded) -> Loaded:
    """What was read. Raises UnreadableFile when the file has other bytes by now."""
    if loaded[0].sha256 != item.sha256:
        raise UnreadableFile(f"{item.path.name} changed while it was read. Add it again.")
    return loaded


def refuse_empty(document: Document, chunks: Sequence[Chunk]) -> None:
    """Raise UnreadableFile when there is nothing to store: no text, picture or note."""
    if chunks or any(page.note or page.figures or page.pictures for page in document.pages):
        return
    blank = len(document.pages)
    what = "1 page is a blank page" if blank == 1 else f"{blank} pages are blank pages"
    raise UnreadableFile(f"{document.name}: no text could be read, {what}.")


def status(document: Document) -> str:
    """READY, or a sentence about pages that could not be read."""
    unread = [page for page in document.pages if not page.lines and (page.pictures or page.note)]
    if not unread:
        return READY
    notes = list(dict.fromkeys(page.note for page in unread if page.note))
    why = f" ({'; '.join(notes[:3])})" if notes else ""
    if not any(page.lines for page in document.pages):
        number = len(unread)
        pictures = "1 page is a picture" if number == 1 else f"{number} pages are pictures"
        return f"no text could be read: {pictures}{why}"
    return f"{len(unread)} of {len(document.pages)} pages are pictures without text{why}"


def unseen(document: Document) -> int:
    """Characters that readers of the document do not see."""
    return sum(count(line.text) for page in document.pages for line in page.lines if line.hidden)
