"""Library: the documents a person has added. The one class that others talk to."""

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from ingest.chunking.coverage_ledger import PageLedger
from ingest.document.model import Page
from ingest.document.source import Engines
from vectorstore.add_report import AddSummary, Change, Incomplete, Progress
from vectorstore.catalog.catalog import Catalog, DocumentInfo
from vectorstore.catalog.files import Files
from vectorstore.catalog.records import StoredTable
from vectorstore.catalog.sources import Places
from vectorstore.dense.follower import Follower
from vectorstore.dense.index import DenseIndex
from vectorstore.embedding.embedder import Embedder
from vectorstore.embedding.library_embedder import Embedders, maker, nowhere
from vectorstore.errors import LibraryError, UnknownDocument
from vectorstore.images.image_search import PictureModel, Pictures, no_model
from vectorstore.indexing.jobs import Job, Jobs
from vectorstore.indexing.pipeline import Indexing
from vectorstore.maintenance import backup
from vectorstore.maintenance.migration import Migration, discard, failed_anew
from vectorstore.maintenance.verify import Health, Verifying
from vectorstore.retrieval import fusion
from vectorstore.retrieval.hybrid_search import Hit, Search, Which
from vectorstore.retrieval.learned_ranker import Considered, Learnt, nothing
from vectorstore.versions.link import superseded

__all__ = ["Health", "Hit", "Library"]


class Library:
    """A folder with the catalogue, copies of the files and the Chroma index."""

    def __init__(
        self, folder: Path, name: str, embedder: Callable[[], Embedder],
        engines: Callable[[], Engines] = Engines,
        find_embedder: Callable[[str], Embedder | None] = nowhere, learned: Learnt = nothing,
        picture_model: Callable[[], PictureModel | None] = no_model,
    ) -> None:  # fmt: skip
        """`embedder` makes the chosen one when a text has to be embedded, `find_embedder` another
        one that made the library, by its identity. The others are asked each time: a model may
        have come meanwhile.

        Raises HomeNotWritable or LibraryError.
        """
        self.name = name
        self.folder = folder
        self._catalog = Catalog(folder / "catalog.sqlite", name)
        self._files = Files(folder / "files")
        self._index = DenseIndex(self._catalog, folder / "chroma")
        self._jobs = Jobs(self._catalog.database, folder / "adding.lock")
        self._embedders = Embedders(self._catalog, embedder, find_embedder)
        self._search = Search(self._catalog, self._index, self._embedders, learned)
        self._engines = engines
        self.pictures = Pictures(
            self._catalog, self._files, folder, self.embedder, engines, picture_model
        )
        self._follower: Follower | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- changing

    def add(
        self,
        paths: Sequence[Path],
        progress: Callable[[Progress], None] = lambda _: None,
        *,
        cancel: threading.Event | None = None,
        prune: bool = False,
        changed: Callable[[Change], None] = lambda _: None,
    ) -> AddSummary:
        """Add files and folders; what is there already is left alone, a changed file is replaced.

        Also takes up what a killed run left; without paths, what was cancelled, too. A file that
        cannot be read is named in the summary and does not stop the others. Documents whose file
        is gone from a folder are named, or removed with `prune`. `cancel` stops it, and what is
        done stays. What another model, chunker or reader has made is made anew before.

        Raises HomeNotWritable, LibraryBusy, EmbedderMismatch, or NothingFound for a path that does
        not exist.
        """
        failed = self._migrate(progress, cancel) if self._embedders.outdated() else []
        run = Indexing(
            self._catalog, self._files, self._jobs, self._embedders.adding, self._engines(),
            progress, changed, cancel,
        )  # fmt: skip
        summary = run.add(paths, prune)
        summary.incomplete += failed
        self._index.sync()
        return summary

    def remove(self, names: Sequence[str]) -> int:
        """Take documents out, and count them. Raises UnknownDocument before anything is changed."""
        names = list(dict.fromkeys(names))
        digests = [self._catalog.sha256(name) for name in names]
        with self._catalog.writing() as connection:
            for name in names:
                self._catalog.delete(connection, name)
        for digest in digests:
            self._files.remove(digest)
        self._index.sync()
        return len(names)

    def lost(self, roots: Sequence[Path]) -> list[Path]:
        """Places below some folders where a document was found, and no file is any more."""
        return [Path(place) for place, _ in Places(self._catalog).lost(roots)]

    def prune(self, paths: Sequence[Path]) -> list[str]:
        """Take out documents of files that are no longer there, nor elsewhere; their names."""
        places = Places(self._catalog)
        gone = places.forget([place for place, _ in places.lost(paths)])
        for _, digest in gone:
            self._files.remove(digest)
        if gone:
            self._index.sync()
        return [name for name, _ in gone]

    def below(self, root: Path) -> int:
        """How many places of documents are below a folder."""
        return len(Places(self._catalog).below(str(root.absolute())))

    def back_up(self, target: Path) -> backup.Contents:
        """Write all of it into one file. Raises LibraryError or HomeNotWritable."""
        return backup.back_up(self._catalog, self._files, target)

    def restore(self, source: Path) -> backup.Contents:
        """Become what a backup holds, all at once. Raises LibraryError: nothing is changed then."""
        contents = backup.restore(source, self._catalog, self._files)
        self._index.sync()
        return contents

    def sync(self) -> bool:
        """Bring Chroma up to what other processes wrote; False when another process owns it."""
        return self._index.sync()

    def follow(self, seconds: float = 3.0) -> None:
        """Look for what other processes wrote every few seconds, in the background, until `close`.

        Searches find it at once in any case; afterwards they find it in Chroma.
        """
        self._follower = Follower(self._index, seconds)

    def rebuild(
        self, progress: Callable[[Progress], None] = lambda _: None,
        cancel: threading.Event | None = None,
    ) -> int:  # fmt: skip
        """Make the index anew from the catalogue, and count its chunks.

        When the model has changed, passages are embedded again; when the chunker or their reader
        has, documents are read again. The old index serves until all is done; a run that was
        killed, or stopped with `cancel`, is continued by the next.
        """
        if self._embedders.differ():
            self._migrate(progress, cancel)
        else:
            discard(self._staged)
            self._clear()
        self._index.sync(lambda done, total: progress(Progress("index", done, total, "indexing")))
        return self._catalog.count()

    def _migrate(
        self, progress: Callable[[Progress], None], cancel: threading.Event | None = None
    ) -> list[Incomplete]:
        chosen = self._embedders.chosen()
        Migration(
            self._catalog, self._files, self._staged, chosen, maker(chosen), self._engines(),
            progress, cancel,
        ).run()  # fmt: skip
        return failed_anew(self._catalog.documents())

    @property
    def _staged(self) -> Path:
        return self.folder / "catalog.next.sqlite"

    def _clear(self) -> None:
        if not self._index.clear():
            raise LibraryError(
                f"The index of {self.name!r} is in use by another process, "
                "probably the app. Close it and try again."
            )

    def verify(self) -> Health:
        """Compare files, catalogue, ledger and Chroma, and mend what can be made again.

        A damaged copy of a file is made again from the file, or deleted, so that adding the file
        puts a good one there; one that cannot be read is only named.
        """
        return Verifying(self._catalog, self._files, self._index).run()

    # -- looking

    def generation(self) -> int:
        """Grows with every change, whichever process made it."""
        return self._catalog.generation()

    def documents(self) -> list[DocumentInfo]:
        """All documents, by name."""
        newer = superseded(self._catalog.database)
        return [
            replace(info, superseded_by=newer.get(info.sha256))
            for info in self._catalog.documents()
        ]

    def jobs(self) -> list[Job]:
        """Files on their way in, and those that did not get in."""
        return self._jobs.all()

    def adding(self) -> bool:
        """Whether somebody adds just now; if not, the files on their way in were left behind."""
        return self._jobs.running()

    def dismiss(self, paths: Sequence[str]) -> None:
        """Forget files that did not get in."""
        self._jobs.drop(paths)

    def page(self, document: str, number: int) -> Page:
        """Raises UnknownDocument."""
        page = self._catalog.page(document, number)
        if page is None:
            self._catalog.sha256(document)
            raise UnknownDocument(f"{document} has no page {number}.")
        return page

    def pages(self, document: str) -> list[Page]:
        """Raises UnknownDocument."""
        self._catalog.sha256(document)
        return list(self._catalog.pages(document))

    def file(self, document: str) -> Path:
        """The library's own copy of the file. Raises UnknownDocument."""
        return self._files.path(self._catalog.sha256(document))

    def ledger(self, document: str) -> list[PageLedger]:
        """What became of the characters of each page. Raises UnknownDocument."""
        self._catalog.sha256(document)
        return self._catalog.ledger(document)

    def tables(self, document: str) -> list[StoredTable]:
        """Its tables with their typed cells. Raises UnknownDocument."""
        self._catalog.sha256(document)
        return self._catalog.tables(document)

    def headings(self, document: str) -> list[str]:
        """The headings in the order of the document."""
        return self._catalog.outline(document)

    # -- finding

    def search(
        self, query: str, k: int = 8, documents: Collection[str] | None = None,
        versions: Which = "newest", hidden: bool = False,
    ) -> list[Hit]:  # fmt: skip
        """The best passage of each of the k best pages, best first."""
        best: dict[tuple[str, int, bool], Hit] = {}
        for hit in self.passages(query, fusion.CANDIDATES, documents, versions, hidden):
            best.setdefault((hit.document, hit.page, hit.chunk.hidden), hit)
        return list(best.values())[: max(k, 0)]

    def passages(
        self, query: str, k: int = 8, documents: Collection[str] | None = None,
        versions: Which = "newest", hidden: bool = False,
    ) -> list[Hit]:  # fmt: skip
        """The k best passages, best first; several may come from one page.

        Documents with a newer version are left out unless they are named, or all are wanted; what
        a reader does not see, unless `hidden` asks for it: it is how documents attack assistants.
        """
        return self._search.passages(query, k, documents, versions, hidden)

    def considered(self, query: str) -> list[Considered]:
        """The first candidates in the order that nothing was learned for, to learn from them."""
        return self._search.considered(query)

    def embedder(self) -> Embedder:
        """The one that searches. Raises LibraryError."""
        return self._embedders.searching() or self._embedders.chosen()

    def notice(self) -> str:
        """For people: that it is to be made anew and how, or nothing. Raises LibraryError."""
        return self._embedders.notice()

    def why_anew(self) -> str:
        """The same without how: a sentence, or nothing. Raises LibraryError."""
        return self._embedders.why()

    def close(self) -> None:
        """Give Chroma back to other processes, and close the catalogue's file."""
        if self._follower is not None:
            self._follower.end()  # else it could open again what is closed here
        self._index.close()
        self._catalog.close()
