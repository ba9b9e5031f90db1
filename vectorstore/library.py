"""Library: the documents a person has added. The one class that others talk to."""

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from ingest import chunking
from ingest.document import Page
from ingest.source import Engines
from vectorstore import indexing, ranking
from vectorstore.catalog import Catalog, DocumentInfo, StoredChunk
from vectorstore.dense_index import DenseIndex
from vectorstore.embedder import Embedder
from vectorstore.errors import EmbedderMismatch, LibraryError, UnknownDocument
from vectorstore.exact_store import ExactStore
from vectorstore.files import Files
from vectorstore.indexing import AddSummary, Progress
from vectorstore.store import Vectors

_LONGEST_PAUSE = 600.0  # seconds between two tries to mend Chroma

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Hit:
    """A passage that was found. `score` orders hits of one question; `cosine` compares across."""

    chunk: StoredChunk
    score: float
    cosine: float
    vector: Vectors

    @property
    def document(self) -> str:
        return self.chunk.document

    @property
    def page(self) -> int:
        return self.chunk.page

    @property
    def text(self) -> str:
        return self.chunk.text


@dataclass(frozen=True)
class Health:
    """What `verify` found: empty lists when all is well."""

    documents: int
    chunks: int
    chroma: str  # "complete", "rebuilt" or "owned by another process"
    lost_files: tuple[str, ...]  # documents whose own copy is gone or damaged


class Library:
    """A folder with the catalogue, copies of the files and the Chroma index."""

    def __init__(
        self,
        folder: Path,
        name: str,
        embedder: Callable[[], Embedder],
        engines: Callable[[], Engines] = Engines,
    ) -> None:
        """`embedder` is called when the first text has to be embedded, at most once; `engines`
        when files are read, each time: a speech model may have come meanwhile.

        Raises HomeNotWritable or LibraryError.
        """
        self.name = name
        self.folder = folder
        self._catalog = Catalog(folder / "catalog.sqlite", name)
        self._files = Files(folder / "files")
        self._index = DenseIndex(self._catalog, folder / "chroma")
        self._make_embedder = embedder
        self._engines = engines
        self._embedder: Embedder | None = None
        self._loading = threading.Lock()
        self._follower: threading.Thread | None = None
        self._closed = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- changing

    def add(
        self, paths: Sequence[Path], progress: Callable[[Progress], None] = lambda _: None
    ) -> AddSummary:
        """Add files and folders; what is there already is left alone, a changed file is replaced.

        A file that cannot be read is named in the summary and does not stop the others.
        Raises HomeNotWritable, EmbedderMismatch, or LibraryError when a path does not exist.
        """
        engines = self._engines()
        run = indexing.Indexing(self._catalog, self._files, self.embedder, progress, engines)
        summary = run.add(paths)
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

    def sync(self) -> bool:
        """Bring Chroma up to what other processes wrote; False when another process owns it."""
        return self._index.sync()

    def follow(self, seconds: float = 3.0) -> None:
        """Look for what other processes wrote every few seconds, in the background, until `close`.

        Searches find it at once in any case; afterwards they find it in Chroma.
        """
        self._follower = threading.Thread(target=self._follow, args=(seconds,), daemon=True)
        self._follower.start()

    def _follow(self, seconds: float) -> None:
        failures = 0  # each one doubles the pause: a try deletes and refills all of Chroma
        while not self._closed.wait(min(seconds * 2 ** min(failures, 20), _LONGEST_PAUSE)):
            try:
                self._index.sync()
                failures = self._index.failures
            except Exception as error:  # what is wrong is told to whoever searches or adds
                log.warning("The index could not be brought up to date: %s", error)
                failures += 1

    def rebuild(self, progress: Callable[[Progress], None] = lambda _: None) -> int:
        """Make the index anew from the catalogue, and count its chunks.

        Documents are read and embedded again only when the model or the chunker has changed.
        """
        chosen = self._chosen_embedder()
        if not self._index.clear():  # first: ids stay the same, and would hide the old vectors
            raise LibraryError(
                f"The index of {self.name!r} is in use by another process, "
                "probably the app. Close it and try again."
            )
        if self._made_by() not in (None, _maker(chosen)):
            engines = self._engines()
            run = indexing.Indexing(self._catalog, self._files, lambda: chosen, progress, engines)
            run.again(_maker(chosen))
        self._index.sync(lambda done, total: progress(Progress("index", done, total, "indexing")))
        return self._catalog.count()

    def verify(self) -> Health:
        """Compare files, catalogue and Chroma; Chroma is mended when it differs.

        A damaged copy of a file is deleted, so that adding the file puts a good one there; one that
        cannot be read is only named.
        """
        documents = self.documents()
        lost = [d for d in documents if not self._files.intact(d.sha256)]
        ids = self._catalog.ids()
        chroma = "complete"
        if not self._index.sync():
            chroma = "owned by another process"
        elif self._index.ids() != ids:
            self._index.rebuild()
            chroma = "rebuilt"
        return Health(len(documents), len(ids), chroma, tuple(d.document for d in lost))

    # -- looking

    def generation(self) -> int:
        """Grows with every change, whichever process made it."""
        return self._catalog.generation()

    def documents(self) -> list[DocumentInfo]:
        """All documents, by name."""
        return self._catalog.documents()

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

    def headings(self, document: str) -> list[str]:
        """The headings in the order of the document."""
        return self._catalog.outline(document)

    # -- finding

    def search(self, query: str, k: int = 8, documents: Collection[str] | None = None) -> list[Hit]:
        """The best passage of each of the k best pages, best first."""
        best: dict[tuple[str, int], Hit] = {}
        for hit in self.passages(query, ranking.CANDIDATES, documents):
            best.setdefault((hit.document, hit.page), hit)
        return list(best.values())[: max(k, 0)]

    def passages(
        self, query: str, k: int = 8, documents: Collection[str] | None = None
    ) -> list[Hit]:
        """The k best passages, best first; several may come from one page."""
        if not query.strip() or not self._catalog.generation():
            return []
        vector = self.embedder().query(query)
        candidates, vectors = self._candidates(query, vector, documents)
        ranked = ranking.rank(candidates, self._catalog.bm25_cards(query))[:k]
        chunks = self._catalog.chunks([r.candidate.id for r in ranked])
        return [
            Hit(chunks[r.candidate.id], r.score, r.candidate.dense, vectors[r.candidate.id])
            for r in ranked
            if r.candidate.id in chunks
        ]

    def embedder(self) -> Embedder:
        """The embedding model of this library. Raises EmbedderMismatch or LibraryError."""
        chosen = self._chosen_embedder()
        made_by, maker = self._made_by(), _maker(chosen)
        if made_by is None:
            self._catalog.set_meta("made_by", maker)
        elif made_by != maker:
            raise EmbedderMismatch(
                f"The library {self.name!r} was made with {made_by}, and now {maker} is chosen. "
                "`pincite rebuild` makes it anew with the chosen one."
            )
        return chosen

    def close(self) -> None:
        """Give Chroma back to other processes, and close the catalogue's file."""
        self._closed.set()
        if self._follower is not None:
            self._follower.join()  # else it could open again what is closed here
        self._index.close()
        self._catalog.close()

    def _candidates(
        self, query: str, vector: Vectors, documents: Collection[str] | None
    ) -> tuple[list[ranking.Candidate], dict[str, Vectors]]:
        dense = self._nearest(vector, documents)
        deep = ranking.CANDIDATES if documents is None else 20 * ranking.CANDIDATES
        bm25 = dict(self._catalog.bm25(query, deep))
        ids = list(dict.fromkeys([id for id, _ in dense] + list(bm25)))
        places = self._catalog.chunk_places(ids)
        # Another process may have removed a chunk since the legs found it.
        kept = [i for i in ids if i in places and (documents is None or places[i][0] in documents)]
        found, matrix = self._catalog.vectors(kept)
        vectors = dict(zip(found, matrix, strict=True))
        return [
            ranking.Candidate(
                id, *places[id], float(np.dot(vectors[id], vector)), bm25.get(id, 0.0)
            )
            for id in kept
            if id in vectors
        ], vectors

    def _nearest(
        self, vector: Vectors, documents: Collection[str] | None
    ) -> list[tuple[str, float]]:
        # Chroma's filters cost 60 times a plain query; the vectors of a few documents do not.
        if documents is None:
            return self._index.nearest(vector, ranking.CANDIDATES)
        return ExactStore(*self._catalog.vectors_of(documents)).nearest(vector, ranking.CANDIDATES)

    def _chosen_embedder(self) -> Embedder:
        """The one that is chosen now, whichever made the library."""
        with self._loading:
            if self._embedder is None:
                self._embedder = self._make_embedder()
            return self._embedder

    def _made_by(self) -> str | None:
        return self._catalog.meta("made_by")


def _maker(embedder: Embedder) -> str:
    return f"{embedder.identity}/{chunking.VERSION}"
