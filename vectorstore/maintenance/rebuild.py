"""Rebuilds documents beside the old ones after a change of embedding model, chunker or reader.

They wait in a catalogue of their own, one document a transaction, so that a killed run continues.
The old index is used until one transaction puts them in its place.
"""

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np

from ingest.document.model import Chunk
from ingest.document.source import Engines
from ingest.document.wire import Loaded
from ingest.errors import Stopped, UnreadableFile
from ingest.loaders import outdated, reader
from ingest.sandbox.pool import Sandbox
from vectorstore.add_report import READING_AGAIN, REBUILDING, AddProgress, Incomplete
from vectorstore.catalog.catalog import CATALOG, Catalog, Counts, count_languages, find_languages
from vectorstore.catalog.rows import DocumentInfo, count_up
from vectorstore.copies import Files
from vectorstore.database.schema import Schema, Transaction, statements
from vectorstore.dense import DenseIndex, Follower
from vectorstore.embedding.embedder import Embedder
from vectorstore.embedding.library_embedder import Embedders, maker
from vectorstore.errors import HomeNotWritable, LibraryBusy, LibraryError
from vectorstore.indexing import jobs
from vectorstore.indexing.store_document import READY, put
from vectorstore.maintenance import backup
from vectorstore.maintenance.verify import Health, Verifying, mend
from vectorstore.store import Vectors
from vectorstore.word_index import WordIndex

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


# -- Replaces the rows of a catalogue by rebuilt ones, inside one transaction
# The tables of the new catalogue are there under a prefix, see `Database.beside`: it holds
# documents that were read anew, documents that were `kept` with their passages, and for these a
# `vector` of each passage, if the model is another; some are kept because reading them again has
# `failed`.

MADE = "SELECT sha256 FROM {0}document UNION SELECT sha256 FROM {0}kept"  # of which catalogue
_SAME = ("id", "sha256", "name", "added", "superseded_by", "sketch", "dated")  # they stay unchanged


def swap(connection: Transaction, next: str, maker: str) -> None:
    """Put all in place; `maker` is who made it."""
    _swap_documents(connection, next)
    _swap_kept(connection, next)
    connection.execute("UPDATE meta SET value = ? WHERE key = 'made_by'", (maker,))
    count_up(connection, "anew")


def _swap_kept(connection: Transaction, next: str) -> None:
    connection.execute(
        f"UPDATE chunk SET vector = new.vector FROM {next}vector AS new WHERE new.id = chunk.id"
        # Documents kept before their reader changed have left vectors of the old passages.
        f" AND document_id IN (SELECT document.id FROM document JOIN {next}kept USING (sha256))"
    )
    connection.execute(
        f"UPDATE document SET reader = kept.reader FROM {next}kept"
        " WHERE kept.sha256 = document.sha256"
    )
    connection.execute(
        f"UPDATE document SET status = failed.status FROM {next}failed"
        " WHERE failed.sha256 = document.sha256"
    )


def _swap_documents(connection: Transaction, next: str) -> None:
    """The rows that belong to a document come from the new catalogue; the document stays."""
    connection.execute(
        "CREATE TEMP TABLE pair AS SELECT new.id AS new, document.id AS old"
        f" FROM {next}document AS new JOIN document ON document.sha256 = new.sha256"
    )
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM sheet").fetchone()
    for table in ("page", "chunk", "sheet"):
        connection.execute(f"DELETE FROM {table} WHERE document_id IN (SELECT old FROM pair)")
        changed = {"document_id": "pair.old", "id": f"new.id + {last}"}
        if table == "chunk":
            del changed["id"]  # it is derived from the file's bytes
        _copy_rows(connection, next, table, changed)
    columns = _listed("cell", {"sheet_id"})
    connection.execute(
        f"INSERT INTO cell (sheet_id, {columns}) SELECT new.sheet_id + {last}, {columns}"
        f" FROM {next}cell AS new JOIN {next}sheet AS sheet ON sheet.id = new.sheet_id"
        " JOIN pair ON pair.new = sheet.document_id"
    )
    _swap_words(connection, next)
    _copy_facts(connection, next)
    connection.execute("DROP TABLE pair")


def _swap_words(connection: Transaction, next: str) -> None:
    connection.execute(
        "INSERT INTO chunk_words (rowid, text) SELECT chunk.rowid, words.text FROM chunk"
        f" JOIN {next}chunk AS new ON new.id = chunk.id"
        f" JOIN {next}chunk_words AS words ON words.rowid = new.rowid"
    )
    connection.execute("DELETE FROM card_words WHERE rowid IN (SELECT old FROM pair)")
    connection.execute(
        "INSERT INTO card_words (rowid, text) SELECT pair.old, words.text"
        f" FROM {next}card_words AS words JOIN pair ON pair.new = words.rowid"
    )


def _copy_rows(connection: Transaction, next: str, table: str, changed: Mapping[str, str]) -> None:
    # A row of `chunk` gets a number of its own here, on any database.
    columns = [column for column in CATALOG.tables[table].all if column != "rowid"]
    values = ", ".join(changed.get(column, f'new."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    connection.execute(
        f"INSERT INTO {table} ({names}) SELECT {values} FROM {next}{table} AS new"
        " JOIN pair ON pair.new = new.document_id"
    )


def _copy_facts(connection: Transaction, next: str) -> None:
    columns = _listed("document", _SAME)
    connection.execute(
        f"UPDATE document SET ({columns}) = (SELECT {columns} FROM {next}document AS new"
        " WHERE new.sha256 = document.sha256) WHERE id IN (SELECT old FROM pair)"
    )


def _listed(table: str, without: Collection[str]) -> str:
    columns = (column for column in CATALOG.tables[table].all if column not in without)
    return ", ".join(f'"{column}"' for column in columns)


# Vectors by another model, and documents that keep their passages, with what they now record.
REBUILT = Schema("rebuilt", "rebuilt documents", """
CREATE TABLE IF NOT EXISTS vector (id TEXT PRIMARY KEY, vector BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS kept (sha256 TEXT PRIMARY KEY, reader TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS failed (sha256 TEXT PRIMARY KEY, status TEXT NOT NULL);
""")  # fmt: skip
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
        for statement in statements(REBUILT.in_sqlite()):
            staged.database.write(statement)
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
            self._catalog.database.beside(self._path, REBUILT) as next,
            self._catalog.writing() as connection,
        ):
            left = connection.execute(
                f"SELECT DISTINCT reader FROM document WHERE sha256 NOT IN ({MADE.format(next)})"
            )
            if any(self._concerns(read_by) for (read_by,) in left):
                return False
            swap(connection, next, self._maker)
            return True


def failed_rebuilds(documents: Iterable[DocumentInfo]) -> list[Incomplete]:
    """The documents that could not be read again the last time."""
    return [Incomplete(d.document, d.status) for d in documents if _FAILED in d.status]


def discard(staged: Path) -> None:
    """Delete a catalogue that a rebuild has begun, with its logs, if there is one."""
    for suffix in ("", "-wal", "-shm"):
        staged.with_name(staged.name + suffix).unlink(missing_ok=True)


# -- Maintenance of a library: comparing, rebuilding, backup and updates


class Maintenance:
    """Keeps a library whole: checks, rebuilds, backups. Reachable as `Library.maintenance`."""

    def __init__(
        self, catalog: Catalog, files: Files, index: DenseIndex, words: WordIndex,
        embedders: Embedders, engines: Callable[[], Engines], staged: Path,
    ) -> None:  # fmt: skip
        """A rebuild collects its output in `staged`."""
        self._catalog = catalog
        self._files = files
        self._index = index
        self._words = words
        self._embedders = embedders
        self._engines = engines
        self._staged = staged
        self._follower: Follower | None = None

    def verify(self) -> Health:
        """Compare files, catalogue, ledger and Chroma, and repair what can be rebuilt.

        A damaged copy is made again from its file, or deleted, so that adding the file makes a good
        one. A file that cannot be read is only named.
        """
        return Verifying(self._catalog, self._files, self._index).run()

    def leave(self) -> None:
        """Delete the vectors that lie outside of the library's folder, in a server: before it is
        moved. The next use fills them in again."""
        self._index.leave()

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
            self._clear()
        self._index.sync(
            lambda done, total: progress(AddProgress("index", done, total, "indexing"))
        )
        self._words.sync()
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
        find_languages(self._catalog)
        counts = count_languages(self._catalog)
        self._embedders.follow_languages(counts)
        return counts

    def rebuild_reason(self) -> str:
        """A sentence for people on why the library should be rebuilt, or nothing.

        Raises LibraryError.
        """
        return self._embedders.why()

    def rebuild_notice(self) -> str:
        """The same sentence, with the commands. Raises LibraryError."""
        return self._embedders.notice()

    def back_up(self, target: Path) -> backup.Contents:
        """Write the library into one file. Raises LibraryError or HomeNotWritable."""
        return backup.back_up(self._catalog, self._files, target)

    def restore(self, source: Path) -> backup.Contents:
        """Replace everything by a backup, at once. Raises LibraryError; nothing is changed then."""
        contents = backup.restore(source, self._catalog, self._files)
        self.sync()
        return contents

    def sync(self) -> bool:
        """Update the indexes with what was written; False when another process owns Chroma."""
        self._words.sync()
        return self._index.sync()

    def follow(self, seconds: float = 3.0) -> None:
        """Check every few seconds what other processes wrote, in the background, until `close`.

        Searches find it at once in any case, and afterwards through Chroma.
        """
        self._follower = Follower(self._index, self._words, seconds)

    def close(self) -> None:
        """End the thread that `follow` has started, if it has."""
        if self._follower is not None:
            self._follower.end()

    def _migrate(
        self, progress: Callable[[AddProgress], None], cancel: threading.Event | None
    ) -> list[Incomplete]:
        chosen = self._embedders.chosen()
        Migration(
            self._catalog, self._files, self._staged, chosen, maker(chosen), self._engines(),
            progress, cancel,
        ).run()  # fmt: skip
        return failed_rebuilds(self._catalog.documents())

    def _clear(self) -> None:
        if not self._index.clear():
            raise LibraryError(
                f"The index of {self._catalog.library!r} is {self._index.why}. {self._index.remedy}"
            )
