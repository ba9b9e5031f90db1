"""Rebuilds documents beside the old ones after a change of embedding model, chunker or reader.

They wait in a catalogue of their own, one document a transaction, so that a killed run continues.
The old index is used until one transaction puts them in its place.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ingest.document.model import Chunk
from ingest.document.source import Engines
from ingest.errors import Stopped, UnreadableFile
from ingest.loaders import reader
from ingest.loaders.versions import outdated
from ingest.sandbox.pool import Sandbox
from ingest.serialization.reading import Loaded
from vectorstore.add_report import READING_AGAIN, REBUILDING, AddProgress, Incomplete
from vectorstore.catalog.catalog import Catalog, DocumentInfo
from vectorstore.embedding.embedder import Embedder
from vectorstore.errors import LibraryBusy
from vectorstore.files.files import Files
from vectorstore.indexing import jobs
from vectorstore.indexing.store_document import READY, put
from vectorstore.maintenance.swap import MADE, swap
from vectorstore.maintenance.verify import mend
from vectorstore.store import Vectors

# Vectors by another model, and documents that keep their passages, with what they now record.
_TABLES = (
    "CREATE TABLE IF NOT EXISTS vector (id TEXT PRIMARY KEY, vector BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS kept (sha256 TEXT PRIMARY KEY, reader TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS failed (sha256 TEXT PRIMARY KEY, status TEXT NOT NULL)",
)
_FAILED = "kept as it was read before, since reading it again failed: "  # then why
_NOBODY = ""  # marks a document that the next run reads again

log = logging.getLogger(__name__)


class Migration:
    """From the present catalogue to one made by this model, this chunker and these readers."""

    def __init__(
        self,
        catalog: Catalog,
        files: Files,
        staged: Path,
        embedder: Embedder,
        maker: str,
        engines: Engines,
        progress: Callable[[AddProgress], None],
        cancel: threading.Event | None = None,
    ) -> None:
        """`maker` names the model and the chunker, separated by the last slash."""
        self._catalog = catalog
        self._files = files
        self._path = staged
        self._embedder = embedder
        self._maker = maker
        self._engines = engines
        self._progress = progress
        self._cancel = cancel or threading.Event()
        (model, _, chunker), (now, _, cut) = (
            made_by.rpartition("/") for made_by in (catalog.meta("made_by") or "", maker)
        )
        self._embeds = model != now  # otherwise the same text has the same vector
        self._cuts = chunker != cut

    def run(self) -> None:
        """Run until done or cancelled. Raises LibraryBusy while another process does the same."""
        with jobs.alone(self._path.with_suffix(".lock")) as alone:
            if not alone:
                raise LibraryBusy(
                    f"The library {self._catalog.library!r} is being rebuilt by another process. "
                    "It can be searched meanwhile; try again when that is done."
                )
            self._begin()
            while not self._finished():
                if self._cancel.is_set():
                    return
            discard(self._path)

    def _begin(self) -> None:
        """Open the leftovers of an earlier run, if they are for this model and these readers."""
        staged = Catalog(self._path, self._catalog.library)
        if staged.meta("made_by") not in (None, self._maker):
            staged.close()
            discard(self._path)
            staged = Catalog(self._path, self._catalog.library)
        staged.set_meta("made_by", self._maker)
        for table in _TABLES:
            staged.database.write(table)
        for table in ("document", "kept"):
            for (read_by,) in staged.database.all(f"SELECT DISTINCT reader FROM {table}"):
                if outdated(read_by):
                    staged.database.write(f"DELETE FROM {table} WHERE reader = ?", read_by)
        staged.database.write(f"DELETE FROM failed WHERE sha256 NOT IN ({MADE.format('')})")
        staged.close()

    def _finished(self) -> bool:
        staged = Catalog(self._path, self._catalog.library)
        try:
            with Sandbox(engines=self._engines) as sandbox:
                self._make(staged, sandbox)
        except Stopped:
            return False
        finally:
            staged.close()
        return self._swap()

    def _make(self, staged: Catalog, sandbox: Sandbox) -> None:
        """Rebuild all documents that are left. Raises Stopped when it is cancelled meanwhile."""
        database = self._catalog.database
        rows = database.all("SELECT sha256, reader FROM document")
        readers = {sha256: read_by for sha256, read_by in rows if self._concerns(read_by)}
        documents = [info for info in self._catalog.documents() if info.sha256 in readers]
        made = {row[0] for row in staged.database.all(MADE.format(""))}
        for done, info in enumerate(documents):
            if self._cancel.is_set():
                raise Stopped(f"{info.document} is rebuilt by the next run.")
            step = AddProgress(info.document, done, len(documents), REBUILDING)
            self._progress(step)
            if info.sha256 in made:
                continue
            if self._cuts or outdated(readers[info.sha256]):
                self._read(staged, sandbox, info, step)
            else:
                self._keep(staged, info, readers[info.sha256])

    def _concerns(self, read_by: str) -> bool:
        return self._embeds or self._cuts or outdated(read_by)

    def _read(
        self, staged: Catalog, sandbox: Sandbox, info: DocumentInfo, step: AddProgress
    ) -> None:
        try:
            document, chunks = self._copy(sandbox, info, step)
        except UnreadableFile as error:
            log.warning("%s keeps its old passages: %s", info.document, error)
            return self._failed(staged, info, str(error))
        vectors = self._vectors(info, chunks)
        with staged.writing() as connection:
            put(staged, connection, document, info.document, chunks, vectors)

    def _failed(self, staged: Catalog, info: DocumentInfo, why: str) -> None:
        """The next run tries once more, because the machine may have been busy. After that only a
        new version of its reader leads to another attempt: a file can hang a reader for minutes."""
        again = _FAILED not in info.status and self._files.holds(info.sha256)
        if copied := self._files.name(info.sha256):
            why = why.replace(copied, info.document)
        before = info.status.partition(_FAILED)[0] if info.status != READY else ""
        status = f"{before.rstrip('; ')}; {_FAILED}{why}" if before else f"{_FAILED}{why}"
        self._keep(
            staged, info, _NOBODY if again else reader(Path(info.document), self._engines), status
        )

    def _copy(self, sandbox: Sandbox, info: DocumentInfo, step: AddProgress) -> Loaded:
        """The library's own copy, under the document's name instead of the copy's."""
        if not mend(self._catalog, self._files, info.sha256):
            raise UnreadableFile("The library's copy is lost or damaged. Add the file again.")
        load = sandbox.start(
            self._files.path(info.sha256), lambda *at: self._report_page(step, *at)
        )
        document, chunks = load()
        title = document.metadata.get("title") or Path(info.document).stem
        return replace(document, name=info.document, title=title), chunks

    def _report_page(self, step: AddProgress, page: int, pages: int) -> None:
        if self._cancel.is_set():
            raise Stopped(f"{step.file} is rebuilt by the next run.")
        self._progress(replace(step, stage=READING_AGAIN, page=page, pages=pages))

    def _vectors(self, info: DocumentInfo, chunks: Sequence[Chunk]) -> Vectors:
        """The vectors of passages; those with unchanged text keep theirs."""
        known = {} if self._embeds else self._catalog.passages.vectors_by_text(info.sha256)
        new = [text for text in dict.fromkeys(c.text for c in chunks) if text not in known]
        if new:
            known |= zip(new, self._embedder.passages(new), strict=True)
        return np.array([known[chunk.text] for chunk in chunks], np.float32)

    def _keep(self, staged: Catalog, info: DocumentInfo, read_by: str, failed: str = "") -> None:
        """Keep the passages, embedded again when the model differs."""
        rows = self._embedded(info) if self._embeds else []
        with staged.writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO vector VALUES (?, ?)", rows)
            connection.execute("INSERT INTO kept VALUES (?, ?)", (info.sha256, read_by))
            if failed:
                connection.execute("INSERT INTO failed VALUES (?, ?)", (info.sha256, failed))

    def _embedded(self, info: DocumentInfo) -> list[tuple[str, bytes]]:
        """The ids of the old passages, and their new vectors."""
        found = self._catalog.database.all(
            "SELECT chunk.id, text FROM chunk JOIN document ON document.id = document_id"
            " WHERE sha256 = ?",
            info.sha256,
        )
        vectors = self._embedder.passages([text for _, text in found]) if found else ()
        return [
            (id, np.asarray(vector, "<f4").tobytes())
            for (id, _), vector in zip(found, vectors, strict=True)
        ]

    def _swap(self) -> bool:
        """Put all in place at once; False when a document was added that is not rebuilt yet."""
        with (
            self._catalog.database.beside(self._path) as next,
            self._catalog.writing() as connection,
        ):
            left = connection.execute(
                f"SELECT DISTINCT reader FROM document WHERE sha256 NOT IN ({MADE.format(next)})"
            )
            if any(self._concerns(read_by) for (read_by,) in left):
                return False
            swap(self._catalog.database, connection, next, self._maker)
            return True


def failed_rebuilds(documents: Iterable[DocumentInfo]) -> list[Incomplete]:
    """The documents that could not be read again the last time."""
    return [Incomplete(d.document, d.status) for d in documents if _FAILED in d.status]


def discard(staged: Path) -> None:
    """Delete the rebuilt catalogue."""
    for suffix in ("", "-wal", "-shm"):
        staged.with_name(staged.name + suffix).unlink(missing_ok=True)
