"""Verifies a library, and rebuilds its documents beside the old ones after a change of embedding
model, chunker or reader.

What is rebuilt waits in a file of its own, one document a transaction, so that a killed run
continues. The old index is used until one transaction puts it in its place.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import numpy as np

from ingest.chunking import UNEXPLAINED
from ingest.document.model import Chunk
from ingest.document.source import Engines
from ingest.document.wire import Loaded, LoadedCodec, packed_as
from ingest.errors import Stopped, UnreadableFile
from ingest.loaders import outdated, reader
from ingest.sandbox.pool import Sandbox
from vectorstore.add_report import READING_AGAIN, REBUILDING, AddProgress, Incomplete
from vectorstore.catalog.catalog import Catalog, CatalogFile, Counts, count_languages
from vectorstore.catalog.rows import DocumentInfo, count_up, insert_words
from vectorstore.copies import Files
from vectorstore.database.schema import Database, Schema, Transaction
from vectorstore.database.sqlite import SqliteDatabase
from vectorstore.dense import DenseIndex
from vectorstore.embedding.embedder import Embedder
from vectorstore.embedding.library_embedder import Embedders, maker
from vectorstore.errors import HomeNotWritable, LibraryBusy, LibraryError
from vectorstore.indexing import jobs
from vectorstore.indexing.store_document import READY, put
from vectorstore.maintenance import backup
from vectorstore.store import Vectors

# -- Moves a catalogue that cannot be read out of the way, so that a backup can take its place


def set_aside(folder: Path) -> Path:
    """Rename the catalogue in a library's folder, and its logs: nothing of it is deleted.

    No process may have it open. Returns its new path. Raises HomeNotWritable.
    """
    catalog = folder / "catalog.sqlite"
    names = (folder / f"damaged-{number}.sqlite" for number in count(1))
    target = next(path for path in names if not path.exists())
    try:
        for log in ("-wal", "-shm", ""):  # a log that stays would be read into the next catalogue
            old = catalog.with_name(catalog.name + log)
            if old.exists():
                old.rename(target.with_name(target.name + log))
    except OSError as error:
        raise HomeNotWritable(f"{catalog} could not be moved: {error.strerror}.") from error
    return target


# -- Makes documents anew, and then puts all of them in place

# Documents that were read again (`read`), and others that keep their passages: these have vectors
# by another model, and perhaps a sentence on why reading them again failed. Each had so many
# `passages` then.
_REBUILT = Schema("rebuilt", "rebuilt documents", """
CREATE TABLE maker (name TEXT NOT NULL);
CREATE TABLE made (
    sha256 TEXT PRIMARY KEY, passages INT NOT NULL, reader TEXT NOT NULL, failed TEXT NOT NULL,
    read BLOB, vectors BLOB NOT NULL
);
""", first=2)  # fmt: skip
_FAILED = "kept as it was read before, since reading it again failed: "  # then why
_NOBODY = ""  # marks a document that the next run reads again

log = logging.getLogger(__name__)


@dataclass
class Migration:
    """From the present catalogue to one made by this model, this chunker and these readers."""

    catalog: Catalog
    files: Files
    staged: Path  # its output, until all is put in place
    embedder: Embedder
    engines: Engines
    progress: Callable[[AddProgress], None]
    cancel: threading.Event

    def __post_init__(self) -> None:
        self._maker = maker(self.embedder)
        (model, _, chunker), (now, _, cut) = (
            made_by.rpartition("/") for made_by in (self.catalog.meta("made_by") or "", self._maker)
        )
        self._embeds = model != now  # otherwise the same text has the same vector
        self._cuts = chunker != cut

    def run(self) -> None:
        """Run until done or cancelled. Raises LibraryBusy while another process does the same."""
        with jobs.alone(self.staged.with_suffix(".lock")) as alone:
            if not alone:
                raise LibraryBusy(
                    f"The library {self.catalog.library!r} is being rebuilt by another process. "
                    "It can be searched meanwhile; try again when that is done."
                )
            self._begin()
            while not self._finished():
                if self.cancel.is_set():
                    return
            discard(self.staged)

    def _begin(self) -> None:
        """Take over what an earlier run left, if it is for this model and these readers."""
        staged, made_by = open_staged(self.staged), f"{self._maker} {packed_as()}"
        if staged.value("SELECT name FROM maker") not in (None, made_by):
            staged.close()
            discard(self.staged)
            staged = open_staged(self.staged)
        staged.write("DELETE FROM maker")
        staged.write("INSERT INTO maker VALUES (?)", made_by)
        for read_by in staged.column("SELECT DISTINCT reader FROM made"):
            if outdated(read_by):
                staged.write("DELETE FROM made WHERE reader = ?", read_by)
        staged.close()

    def _finished(self) -> bool:
        staged = open_staged(self.staged)
        try:
            with Sandbox(engines=self.engines) as sandbox:
                self._make(staged, sandbox)
            return self._swap(staged)
        except Stopped:
            return False
        finally:
            staged.close()

    def _make(self, staged: Database, sandbox: Sandbox) -> None:
        """Rebuild all documents that are left. Raises Stopped when it is cancelled meanwhile."""
        rows = self.catalog.database.all("SELECT sha256, reader FROM document")
        readers = {sha256: read_by for sha256, read_by in rows if self._concerns(read_by)}
        documents = [info for info in self.catalog.documents() if info.sha256 in readers]
        made = _made(staged)
        for done, info in enumerate(documents):
            if self.cancel.is_set():
                raise Stopped(f"{info.document} is rebuilt by the next run.")
            step = AddProgress(info.document, done, len(documents), REBUILDING)
            self.progress(step)
            if made.get(info.sha256) == info.chunks:
                continue
            if self._cuts or outdated(readers[info.sha256]):
                self._read(staged, sandbox, info, step)
            else:
                self._keep(staged, info, readers[info.sha256])

    def _concerns(self, read_by: str) -> bool:
        return self._embeds or self._cuts or outdated(read_by)

    def _read(
        self, staged: Database, sandbox: Sandbox, info: DocumentInfo, step: AddProgress
    ) -> None:
        try:
            loaded = self._copy(sandbox, info, step)
        except UnreadableFile as error:
            log.warning("%s keeps its old passages: %s", info.document, error)
            return self._failed(staged, info, str(error))
        document, chunks = loaded
        vectors = self._vectors(info, chunks).tobytes()
        _put(staged, info, document.reader, "", LoadedCodec().encode(loaded), vectors)

    def _failed(self, staged: Database, info: DocumentInfo, why: str) -> None:
        """The next run tries once more, because the machine may have been busy. After that only a
        new version of its reader leads to another attempt: a file can hang a reader for minutes."""
        copied = self.files.name(info.sha256)
        again = _FAILED not in info.status and copied
        why = why.replace(copied, info.document) if copied else why
        before = info.status.partition(_FAILED)[0] if info.status != READY else ""
        status = f"{before.rstrip('; ')}; {_FAILED}{why}" if before else f"{_FAILED}{why}"
        self._keep(
            staged, info, _NOBODY if again else reader(Path(info.document), self.engines), status
        )

    def _copy(self, sandbox: Sandbox, info: DocumentInfo, step: AddProgress) -> Loaded:
        """The library's own copy, under the document's name instead of the copy's."""
        if not mend(self.catalog, self.files, info.sha256):
            raise UnreadableFile("The library's copy is lost or damaged. Add the file again.")
        load = sandbox.start(self.files.path(info.sha256), lambda *at: self._report_page(step, *at))
        document, chunks = load()
        title = document.metadata.get("title") or Path(info.document).stem
        return replace(document, name=info.document, title=title), chunks

    def _report_page(self, step: AddProgress, page: int, pages: int) -> None:
        if self.cancel.is_set():
            raise Stopped(f"{step.file} is rebuilt by the next run.")
        self.progress(replace(step, stage=READING_AGAIN, page=page, pages=pages))

    def _vectors(self, info: DocumentInfo, chunks: Sequence[Chunk]) -> Vectors:
        """The vectors of passages; those with unchanged text keep theirs."""
        known = {} if self._embeds else self.catalog.passages.vectors_by_text(info.sha256)
        new = [text for text in dict.fromkeys(c.text for c in chunks) if text not in known]
        if new:
            known |= zip(new, self.embedder.passages(new), strict=True)
        return np.array([known[chunk.text] for chunk in chunks], np.float32)

    def _keep(self, staged: Database, info: DocumentInfo, read_by: str, failed: str = "") -> None:
        """Keep the passages, embedded again when the model differs."""
        texts = self.catalog.database.column(
            "SELECT text FROM chunk JOIN document ON document.id = document_id"
            " WHERE sha256 = ? ORDER BY chunk.rowid",
            info.sha256,
        )
        vectors = b""
        if self._embeds and texts:
            found = self.embedder.passages(texts)
            vectors = np.asarray(found, "<f4").tobytes()
        _put(staged, info, read_by, failed, None, vectors)

    def _swap(self, staged: Database) -> bool:
        """Put all in place at once; False when a document was added that is not rebuilt yet."""
        made = _made(staged)
        with self.catalog.writing() as connection:
            rows = connection.execute("SELECT sha256, name, reader, chunks FROM document")
            documents = rows.fetchall()
            for sha256, _, read_by, count in documents:
                if self._concerns(read_by) and made.get(sha256) != count:
                    return False
            for sha256, name, read_by, _ in documents:
                if self.cancel.is_set():
                    raise Stopped(f"{name} is put in place by the next run.")
                row = staged.one("SELECT * FROM made WHERE sha256 = ?", sha256)
                if row and self._concerns(read_by):
                    self._replace(connection, name, *row)
            connection.execute("UPDATE meta SET value = ? WHERE key = 'made_by'", (self._maker,))
            count_up(connection, "anew")
        return True

    def _replace(
        self, connection: Transaction, name: str, sha256: str, passages: int, read_by: str,
        failed: str, read: bytes | None, vectors: bytes,
    ) -> None:  # fmt: skip
        """The rows that belong to one document; its place, its tags and its versions stay."""
        if read is not None:
            document, chunks = LoadedCodec().decode(read)
            put(self.catalog, connection, document, name, chunks, _rows(vectors, len(chunks)))
            return
        if vectors:
            ids = connection.execute(
                "SELECT chunk.id FROM chunk JOIN document ON document.id = document_id"
                " WHERE sha256 = ? ORDER BY chunk.rowid",
                (sha256,),
            ).fetchall()
            connection.executemany(
                "UPDATE chunk SET vector = ? WHERE id = ?",
                [
                    (vector.tobytes(), id)
                    for vector, (id,) in zip(_rows(vectors, passages), ids, strict=True)
                ],
            )
        connection.execute("UPDATE document SET reader = ? WHERE sha256 = ?", (read_by, sha256))
        if failed:
            connection.execute("UPDATE document SET status = ? WHERE sha256 = ?", (failed, sha256))


def open_staged(path: Path) -> SqliteDatabase:
    """What a rebuild has made so far. Raises HomeNotWritable or LibraryError."""
    return CatalogFile(path, _REBUILT)


def _made(staged: Database) -> dict[str, int]:
    """Documents by sha256, with the number of passages that they had."""
    return dict(staged.all("SELECT sha256, passages FROM made"))


def _put(staged: Database, info: DocumentInfo, *values: object) -> None:
    staged.write(
        "INSERT OR REPLACE INTO made VALUES (?, ?, ?, ?, ?, ?)", info.sha256, info.chunks, *values
    )


def _rows(vectors: bytes, count: int) -> Vectors:
    return np.frombuffer(vectors, "<f4").reshape(count, -1) if count else np.zeros((0, 0), "<f4")


def failed_rebuilds(documents: Iterable[DocumentInfo]) -> list[Incomplete]:
    """The documents that could not be read again the last time."""
    return [Incomplete(d.document, d.status) for d in documents if _FAILED in d.status]


def discard(staged: Path) -> None:
    """Delete a catalogue that a rebuild has begun, with its logs, if there is one."""
    for suffix in ("", "-wal", "-shm"):
        staged.with_name(staged.name + suffix).unlink(missing_ok=True)


# -- Compares files, catalogue, ledger and Chroma, and repairs what can be rebuilt


@dataclass(frozen=True)
class Health:
    """The findings of `verify`: empty lists when all is well."""

    documents: int
    chunks: int
    chroma: str  # "complete", "rebuilt", or why it could not be looked at
    lost_files: tuple[str, ...]  # documents whose copy is gone or damaged
    mended: tuple[str, ...] = ()  # what was wrong and is repaired, in sentences
    unbalanced: tuple[str, ...] = ()  # pages whose characters do not add up: "Report.pdf, page 3"


def _mend_words(catalog: Catalog) -> int:
    """Make the word index hold exactly the passages; the number of its rows that were wrong."""
    missing = "chunk.rowid NOT IN (SELECT rowid FROM chunk_words)"
    stray = "rowid NOT IN (SELECT rowid FROM chunk)"
    if not catalog.database.one(
        f"SELECT 1 FROM chunk WHERE {missing} UNION ALL"
        f" SELECT 1 FROM chunk_words WHERE {stray} LIMIT 1"
    ):
        return 0
    with catalog.writing() as connection:
        wrong = connection.execute(f"DELETE FROM chunk_words WHERE {stray}").rowcount
        return int(wrong) + insert_words(connection, f"WHERE {missing}")


def _unbalanced(catalog: Catalog) -> tuple[str, ...]:
    """Pages whose ledger does not add up: some characters are unaccounted for."""
    found = catalog.database.all(
        "SELECT name, number FROM page JOIN document ON document.id = document_id"
        " WHERE source != page.indexed"
        " + (SELECT coalesce(sum(CAST(value AS INTEGER)), 0) FROM json_each(page.dropped))"
        f" OR CAST(json_extract(page.dropped, '$.{UNEXPLAINED}') AS INTEGER) > 0"
        " ORDER BY name, number"
    )
    return tuple(f"{name}, page {number}" for name, number in found)


def _chroma(index: DenseIndex, ids: set[str]) -> str:
    if not index.sync():
        return index.why
    if index.ids() != ids:
        index.clear()
        index.sync()
        return "rebuilt"
    return "complete"


def mend(catalog: Catalog, files: Files, sha256: str) -> bool:
    """Whether the library's copy is intact. A damaged one is replaced by its original file."""
    if files.intact(sha256):
        return True
    for place in catalog.places.of(sha256):
        with suppress(UnreadableFile, OSError):
            files.keep(Path(place), sha256)
            return True
    return False


# -- Maintenance of a library: comparing, rebuilding, backup and updates


class Maintenance:
    """Keeps a library whole: checks, rebuilds, backups. Reachable as `Library.maintenance`."""

    def __init__(
        self, catalog: Catalog, files: Files, index: DenseIndex,
        embedders: Embedders, engines: Callable[[], Engines], staged: Path,
    ) -> None:  # fmt: skip
        """A rebuild collects its output in `staged`."""
        self._catalog = catalog
        self._files = files
        self._index = index
        self._embedders = embedders
        self._engines = engines
        self._staged = staged

    def verify(self) -> Health:
        """Compare files, catalogue, ledger and Chroma, and repair what can be rebuilt.

        A damaged copy is made again from its file, or deleted, so that adding the file makes a good
        one. A file that cannot be read is only named.
        """
        catalog, files = self._catalog, self._files
        documents, mended, lost = catalog.documents(), list[str](), list[str]()
        if faults := catalog.database.faults():
            raise LibraryError(
                f"The catalogue is damaged ({'; '.join(faults)}). Restore a backup with"
                " `pincite restore`."
            )
        for one in documents:
            if files.intact(one.sha256):
                continue
            if mend(catalog, files, one.sha256):
                mended.append(f"The copy of {one.document} was lost or damaged; it was made again.")
            else:
                lost.append(one.document)
        if wrong := _mend_words(catalog):
            mended.append(f"{wrong} rows of the word index were wrong.")
        # Asked anew: comparing all copies may take hours, in which others add documents.
        if count := files.sweep({d.sha256 for d in catalog.documents()}):
            mended.append(f"{count} files that belong to no document were deleted.")
        catalog.wipe()
        unbalanced, ids = _unbalanced(catalog), catalog.passages.ids()
        chroma = _chroma(self._index, ids)
        return Health(len(documents), len(ids), chroma, tuple(lost), tuple(mended), unbalanced)

    def rebuild(
        self, progress: Callable[[AddProgress], None] = lambda _: None,
        cancel: threading.Event | None = None,
    ) -> int:  # fmt: skip
        """Build the index again from the catalogue, and count its chunks.

        When the model has changed, passages are embedded again; when the chunker or their reader
        has, documents are read again. The old index is used until all is done. The next run
        continues one that was killed, or stopped with `cancel`.
        """
        self._choose_by_languages()
        if self._embedders.differ():
            self._migrate(progress, cancel)
        else:
            discard(self._staged)
            if not self._index.clear():
                raise LibraryError(
                    f"The index of {self._catalog.library!r} is {self._index.why}."
                    f" {self._index.remedy}"
                )
        self._index.sync(
            lambda done, total: progress(AddProgress("index", done, total, "indexing"))
        )
        return self._catalog.passages.count()

    def catch_up(
        self, progress: Callable[[AddProgress], None], cancel: threading.Event | None
    ) -> list[Incomplete]:
        """Rebuild what another model, chunker or reader has made, before something is added.

        The documents that could not be read again.
        """
        return self._migrate(progress, cancel) if self._embedders.outdated() else []

    def follow_languages(
        self, before: bool, progress: Callable[[AddProgress], None],
        cancel: threading.Event | None,
    ) -> str:  # fmt: skip
        """Embed the library again when another model suits the languages of its documents, as a
        rebuild does. A sentence for people about a change, or about why there is none; `before`:
        whether several languages were read until now."""
        counts = self._choose_by_languages()
        if self._embedders.reads_many() != before and self._embedders.differ():
            self._migrate(progress, cancel)
        return self._embedders.about_languages(counts, before)

    def _choose_by_languages(self) -> Counts:
        counts = count_languages(self._catalog)
        self._embedders.follow_languages(counts)
        return counts

    def back_up(self, target: Path) -> backup.Contents:
        """Write the library into one file. Raises LibraryError or HomeNotWritable."""
        return backup.back_up(self._catalog, self._files, target)

    def restore(self, source: Path) -> backup.Contents:
        """Replace everything by a backup, at once. Raises LibraryError; nothing is changed then."""
        contents = backup.restore(source, self._catalog, self._files)
        self._index.sync()
        return contents

    def _migrate(
        self, progress: Callable[[AddProgress], None], cancel: threading.Event | None
    ) -> list[Incomplete]:
        Migration(
            self._catalog, self._files, self._staged, self._embedders.chosen(), self._engines(),
            progress, cancel or threading.Event(),
        ).run()  # fmt: skip
        return failed_rebuilds(self._catalog.documents())
