"""Library: the documents that a user has added. The one class that other packages use."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ingest.chunking import PageLedger
from ingest.document.model import Page
from ingest.document.source import Engines
from vectorstore.add_report import AddProgress, AddSummary, Change
from vectorstore.catalog.catalog import Catalog
from vectorstore.catalog.rows import AMONG, DocumentInfo, StoredChunk, listed
from vectorstore.catalog.tags import Tags
from vectorstore.copies import Files
from vectorstore.embedding.embedder import Embedder
from vectorstore.embedding.library_embedder import Embedders
from vectorstore.errors import LibraryError, UnknownDocument
from vectorstore.images import PictureModel, Pictures, Thumbnails
from vectorstore.indexing.adding import Indexing
from vectorstore.indexing.jobs import Jobs, alone
from vectorstore.maintenance.rebuild import Maintenance, open_staged
from vectorstore.naming.mentions import Named, stored_names
from vectorstore.opened import open_catalog, open_copies, open_index, place_check
from vectorstore.retrieval import fusion
from vectorstore.retrieval.fusion import Hit, best_of_pages
from vectorstore.retrieval.learned_ranker import Considered, Learned
from vectorstore.retrieval.search import Search
from vectorstore.retrieval.search_query import SearchQuery
from vectorstore.team.postgres import Server
from vectorstore.team.s3 import Bucket
from vectorstore.workers import Hire, here

__all__ = ["Hit", "Library"]


class Shelf(ABC):
    """Documents that are searched and read, in one library or in several."""

    @abstractmethod
    def part(self, document: str) -> tuple["Library", str]:
        """The library of a document, and its name there. Raises UnknownDocument."""

    @abstractmethod
    def ranking(
        self, query: SearchQuery, documents: Collection[str] | None, hidden: bool
    ) -> Callable[[int], list[Hit]]:
        """What gives the first k passages, see `passages`."""

    # -- reading; each raises UnknownDocument

    def page(self, document: str, number: int) -> Page:
        """A page by its number, from 1; UnknownDocument also for a number out of range."""
        catalog, name = self._found(document)
        page = catalog.page(name, number)
        if page is None:
            raise UnknownDocument(f"{name} has no page {number}.")
        return page

    def pages(self, document: str) -> list[Page]:
        """All pages of a document, in their order."""
        catalog, name = self._found(document)
        return list(catalog.pages(name))

    def file(self, document: str) -> Path:
        """The library's own copy of the file. From a bucket it is fetched. Raises LibraryAway, or
        LibraryError for a damaged one."""
        library, name = self.part(document)
        return library.copy_of(name)

    def sha256(self, document: str) -> str:
        """The hash of a document's file, in hexadecimal."""
        catalog, name = self._found(document)
        return catalog.sha256(name)

    def ledger(self, document: str) -> list[PageLedger]:
        """The coverage ledger of each page."""
        catalog, name = self._found(document)
        return catalog.ledger(name)

    def table_pages(self, document: str) -> list[int]:
        """The numbers of its pages that have tables."""
        catalog, name = self._found(document)
        return catalog.table_pages(name)

    def _found(self, document: str) -> tuple[Catalog, str]:
        library, name = self.part(document)
        library._catalog.sha256(name)
        return library._catalog, name

    # -- finding

    def search(
        self, query: str | SearchQuery, k: int = 8, documents: Collection[str] | None = None,
        hidden: bool = False,
    ) -> list[Hit]:  # fmt: skip
        """The best passage of each of the k best pages, best first."""
        read = self.ranking(SearchQuery.of(query), documents, hidden)
        return best_of_pages(read, fusion.CANDIDATES, k)

    def passages(
        self, query: str | SearchQuery, k: int = 8, documents: Collection[str] | None = None,
        hidden: bool = False,
    ) -> list[Hit]:  # fmt: skip
        """The k best passages, best first; several may come from one page.

        Documents with a newer version are left out unless named. So is hidden text, which is how
        documents attack assistants, unless `hidden` asks for it. Of a file that is in several
        libraries, the passages of the first. Raises LibraryError.
        """
        return self.ranking(SearchQuery.of(query), documents, hidden)(k)


# -- What takes documents out of a library, with everything that was made of them


@dataclass(frozen=True)
class Forgotten:
    """What `forget` took out of a library."""

    sha256: tuple[str, ...]  # of the files of the documents
    pictures: int  # small copies of their pictures
    index: bool  # Chroma's files were deleted; otherwise another process owns them
    files: str = ""  # what a bucket keeps of them, in a sentence


class Sources:
    """The folders that a library's documents came from, and what leaves it."""

    def __init__(self, library: "Library", staged: Path) -> None:
        """An interrupted rebuild has left its output in `staged`."""
        self._library = library
        self._catalog = library._catalog
        self._files = library._files
        self._index = library.index
        self._staged = staged

    def remove(self, names: Sequence[str]) -> int:
        """See Library.remove."""
        digests = self._taken_out(names)
        for digest in digests:
            self._files.remove(digest)
        self._clear_away(digests)
        return len(digests)

    def forget(self, names: Sequence[str]) -> Forgotten:
        """See Library.forget."""
        digests = self._taken_out(names)
        said = self._erased(digests)
        pictures = self._clear_away(digests)
        return Forgotten(tuple(digests), pictures, self._index.forget(), said)

    def _erased(self, digests: Collection[str]) -> str:
        """Delete copies with their older versions; what is left of them, for people."""
        left, away = 0, 0
        for digest in digests:
            try:
                left += self._files.erase(digest)
            except LibraryError:
                away += 1
        if away:
            return f"{self._files.place} does not answer: `pincite verify` deletes the files there."
        if left:
            return (
                f"{self._files.place} keeps {left} older versions of the files: ask who runs it to"
                " delete them, because this key may not."
            )
        return ""

    def _taken_out(self, names: Sequence[str]) -> list[str]:
        """Of the catalogue alone; the hashes of their files."""
        names = list(dict.fromkeys(names))
        digests = [self._catalog.sha256(name) for name in names]
        with self._catalog.writing() as connection:
            for name in names:
                self._catalog.delete(connection, name)
        return digests

    def _clear_away(self, digests: Collection[str]) -> int:
        """Wipe what was made of documents that have left the catalogue; the number of pictures."""
        pictures = 0
        with suppress(LibraryError):  # a cache: the next search of pictures does it
            self._library.thumbnails.forget(digests)
            pictures = self._library.pictures.forget(digests)
        self._clear_rebuilt(digests)
        self._index.sync()
        self._catalog.wipe()
        return pictures

    def _clear_rebuilt(self, digests: Collection[str]) -> None:
        """What an interrupted rebuild keeps of them; one at work deletes its file at its end."""
        if not self._staged.exists():
            return
        with alone(self._staged.with_suffix(".lock")) as nobody:
            if not nobody:
                return
            staged = open_staged(self._staged)
            try:
                among = f"sha256 {AMONG}"
                staged.write(f"DELETE FROM made WHERE {among}", listed(digests))
                staged.write_anew()
            finally:
                staged.close()

    def lost(self, roots: Sequence[Path]) -> list[Path]:
        """Places below some folders where a document was found and no file is left."""
        return [Path(place) for place, _ in self._catalog.places.lost(roots)]

    def prune(self, paths: Sequence[Path]) -> list[str]:
        """Remove documents whose files no longer exist anywhere, and return their names."""
        gone = self._catalog.places.forget([place for place, _ in self._catalog.places.lost(paths)])
        for _, digest in gone:
            self._files.remove(digest)
        if gone:
            self._clear_away([digest for _, digest in gone])
        return [name for name, _ in gone]

    def moved(self, old: Path, new: Path) -> None:
        """A folder that files came from has another place."""
        self._catalog.places.move(str(old.absolute()), str(new.absolute()))

    def count_below(self, root: Path) -> int:
        """The number of places of documents below a folder."""
        return len(self._catalog.places.below(str(root.absolute())))


class Library(Shelf):
    """A folder with the catalogue, copies of the files and the Chroma index.

    `jobs` are the files on their way in, `sources` the places where documents were found,
    `pictures` the pictures on their pages, `thumbnails` small pictures of whole pages, `tags` words
    that people give to documents, `index` its vectors and `embedders` the models that make them;
    `maintenance` keeps it whole.
    """

    def __init__(
        self, folder: Path, name: str, embedder: Callable[[], Embedder],
        engines: Callable[[], Engines] = Engines,
        find_embedder: Callable[[str], Embedder | None] = lambda _: None,
        learned: Callable[[], Learned | None] = lambda: None,
        picture_model: Callable[[], PictureModel | None] = lambda: None,
        multilingual: Callable[[], Embedder | None] = lambda: None, vectors: Server | None = None,
        catalogue: Server | None = None, hire: Hire = here,
        files: Bucket | None = None,
    ) -> None:  # fmt: skip
        """`embedder` loads the chosen model when a text has to be embedded; `find_embedder` loads
        the one that made the library, by its identity; `multilingual` the one for a library that
        is not mostly English, see `Embedders`; `learned` tells what was learned from feedback.

        `vectors` is the server that has them, where they are not in the folder, `catalogue` the one
        that has the catalogue, and `files` the bucket that has the copies of the files; `hire`
        makes the workers that read the files of an `add`. The others are called each time, because
        a model may have been installed meanwhile.

        Raises HomeNotWritable or LibraryError.
        """
        self.name = name
        self.folder = folder
        self._files = Files(folder, open_copies(folder, name, files), place_check(folder))
        self._catalog = open_catalog(folder, name, catalogue)
        self.index = open_index(self._catalog, folder / "chroma", vectors)
        self.jobs = Jobs(self._catalog.database, folder / "adding.lock")
        self.embedders = Embedders(self._catalog, embedder, find_embedder, multilingual)
        self._search = Search(self._catalog, self.index, self.embedders, learned)
        self._engines = engines
        self._hire = hire
        self.pictures = Pictures(
            self._catalog, self._files, folder, self.embedder, engines, picture_model
        )
        self.thumbnails = Thumbnails(self._catalog, self._files, engines)
        staged = folder / "rebuilt.sqlite"
        self.maintenance = Maintenance(
            self._catalog, self._files, self.index, self.embedders, engines, staged
        )
        self.tags = Tags(self._catalog)
        self._listed: tuple[tuple[int, int], list[DocumentInfo]] | None = None  # and of which state
        self.sources = Sources(self, staged)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- changing

    def add(
        self,
        paths: Sequence[Path],
        progress: Callable[[AddProgress], None] = lambda _: None,
        *,
        cancel: threading.Event | None = None,
        prune: bool = False,
        changed: Callable[[Change], None] = lambda _: None,
    ) -> AddSummary:
        """Add files and folders. Known files are left alone; a changed file is replaced.

        Also takes up what a killed run left; without paths, what was cancelled, too. A file that
        cannot be read is named in the summary and does not stop the others. Documents whose file
        is gone from a folder are named, or removed with `prune`. `cancel` stops it, and what is
        done stays. What another model, chunker or reader has made is rebuilt before.

        Raises HomeNotWritable, LibraryBusy, EmbedderMismatch, or NothingFound for a path that does
        not exist.
        """
        failed = self.maintenance.catch_up(progress, cancel)
        several = self.embedders.reads_many()
        run = Indexing(
            self._catalog, self._files, self.jobs, self.embedders, self._engines(), self._hire,
            progress, changed, cancel,
        )  # fmt: skip
        summary = run.add(paths, prune)
        summary.incomplete += failed
        if summary.added + summary.updated + summary.removed:
            summary.languages = self.maintenance.follow_languages(several, progress, cancel)
        self.index.sync()
        return summary

    def remove(self, names: Sequence[str]) -> int:
        """Remove documents, and count them. Raises UnknownDocument before anything is changed.

        No word of them is left in any file of the library. Chroma's files keep vectors of them,
        until `forget` or a rebuild.
        """
        return self.sources.remove(names)

    def forget(self, names: Sequence[str]) -> Forgotten:
        """Remove documents, and their vectors from Chroma's files. Raises UnknownDocument."""
        return self.sources.forget(names)

    # -- looking

    def generation(self) -> int:
        """Grows with every change by any process."""
        return self._catalog.generation()

    def state(self) -> tuple[int, int]:
        """The generation, and how often tags were changed: either changes with `documents`."""
        return self._catalog.generation(), self._catalog.tagged()

    def size(self) -> tuple[int, int]:
        """The number of documents, and of their pages."""
        return self._catalog.size()

    def description(self) -> str:
        """What is in it, as a person has said it; empty where nobody has."""
        return self._catalog.meta("description") or ""

    def describe(self, text: str) -> None:
        """Say in a line what is in it. Raises HomeNotWritable or LibraryError."""
        self._catalog.set_meta("description", text)

    def documents(self) -> list[DocumentInfo]:
        """All documents, ordered by name, also those with a newer version."""
        state = self.state()
        if self._listed is None or self._listed[0] != state:
            self._listed = state, self._catalog.documents()
        return list(self._listed[1])

    def part(self, document: str) -> tuple["Library", str]:
        """Itself, and the same name."""
        return self, document

    def copy_of(self, name: str) -> Path:
        """See `Shelf.file`."""
        sha256 = self._catalog.sha256(name)
        self._files.forget_fetched(
            self._catalog.generation(), lambda: {info.sha256 for info in self._catalog.documents()}
        )
        return self._files.path(sha256)

    # -- finding

    def ranking(
        self, query: SearchQuery, documents: Collection[str] | None, hidden: bool
    ) -> Callable[[int], list[Hit]]:
        """See `Shelf`."""
        return self._search.ranking(query, documents, hidden)

    def gathered(
        self, query: SearchQuery, documents: Collection[str] | None, hidden: bool, mixed: bool,
        known: fusion.Named,
    ) -> fusion.Gathered:  # fmt: skip
        """What `passages` ranks, to be ranked together with what other libraries have. Cosines are
        those of `embedder()`. `mixed`: other libraries are in other languages. `known`: what the
        query names, found among the names of all of them."""
        return self._search.gathered(query, documents, hidden, mixed, known)

    def names(self) -> list[Named]:
        """Each document with the names of what it is about, to find it by."""
        return stored_names(self._catalog)

    def passage_count(self) -> int:
        """The number of passages that can be found: hidden text is not counted."""
        return self._catalog.passages.count()

    def stating(self, word: str) -> int:
        """The number of passages that state a word, in any of its forms."""
        return self._catalog.passages.stating(word)

    def chunks(self, ids: Sequence[str]) -> dict[str, StoredChunk]:
        """Passages by their ids; without those that are gone."""
        return self._catalog.passages.chunks(ids)

    def about(self, text: str) -> frozenset[str]:
        """The documents about what a text names, such as a company or a plan; empty when it names
        nothing that this library has documents about."""
        return self._search.about(text)

    def considered(self, query: str) -> list[Considered]:
        """The first candidates in the order without learning, to learn from them."""
        return self._search.considered(query)

    def embedder(self) -> Embedder:
        """The embedder that searches. Raises LibraryError."""
        return self.embedders.current()

    def close(self) -> None:
        """Release Chroma to other processes, and close the catalogue's file."""
        self.index.close()
        self._catalog.close()
