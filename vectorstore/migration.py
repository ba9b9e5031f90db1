"""Another embedding model or chunker: all documents are made anew beside the old ones.

They wait in a catalogue of their own, a document a transaction, so that a killed run continues;
the old index serves until one transaction puts them in its place.
"""

import logging
import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import numpy as np

from ingest.errors import UnreadableFile
from ingest.sandbox import Loaded, Sandbox
from ingest.source import Engines
from vectorstore import jobs
from vectorstore.catalog import Catalog, DocumentInfo
from vectorstore.database import Transaction
from vectorstore.embedder import Embedder
from vectorstore.errors import LibraryBusy
from vectorstore.files import Files
from vectorstore.storing import put
from vectorstore.summary import Progress
from vectorstore.verifying import mend

_SAME = ("id", "sha256", "name", "added", "superseded_by", "sketch", "dated")  # stay as they are

log = logging.getLogger(__name__)


class Migration:
    """From the catalogue as it is to one made by another model or chunker."""

    def __init__(
        self,
        catalog: Catalog,
        files: Files,
        staged: Path,
        embedder: Embedder,
        maker: str,
        engines: Engines,
        progress: Callable[[Progress], None],
        cancel: threading.Event | None = None,
    ) -> None:
        """`maker` names the model and the chunker, parted by the last slash."""
        self._catalog = catalog
        self._files = files
        self._path = staged
        self._embedder = embedder
        self._maker = maker
        self._engines = engines
        self._progress = progress
        self._cancel = cancel or threading.Event()
        before = catalog.meta("made_by") or ""
        self._reads = before.rpartition("/")[2] != maker.rpartition("/")[2]

    def run(self) -> None:
        """Until it is done or cancelled. Raises LibraryBusy while another process does the same."""
        with jobs.alone(self._path.with_suffix(".lock")) as alone:
            if not alone:
                raise LibraryBusy(
                    f"The library {self._catalog.library!r} is being made anew by another process. "
                    "It can be searched meanwhile; try again when that is done."
                )
            self._begin()
            while not self._finished():
                if self._cancel.is_set():
                    return
            discard(self._path)

    def _begin(self) -> None:
        """Open what an earlier run has left, unless it was for another model."""
        staged = Catalog(self._path, self._catalog.library)
        if staged.meta("made_by") not in (None, self._maker):
            staged.close()
            discard(self._path)
            staged = Catalog(self._path, self._catalog.library)
        staged.set_meta("made_by", self._maker)
        staged.database.write(
            "CREATE TABLE IF NOT EXISTS vector (id TEXT PRIMARY KEY, vector BLOB NOT NULL)"
        )
        staged.close()

    def _finished(self) -> bool:
        staged = Catalog(self._path, self._catalog.library)
        try:
            with Sandbox(engines=self._engines) as sandbox:
                documents = self._catalog.documents()
                for done, info in enumerate(documents):
                    if self._cancel.is_set():
                        return False
                    self._progress(Progress(info.document, done, len(documents), "making anew"))
                    if self._reads:
                        self._read(staged, sandbox, info)
                    else:
                        self._embed(staged, info)
        finally:
            staged.close()
        return self._swap()

    def _read(self, staged: Catalog, sandbox: Sandbox, info: DocumentInfo) -> None:
        if staged.holds(info.sha256):
            return
        try:
            document, chunks = self._copy(sandbox, info)
        except UnreadableFile as error:
            log.warning("%s keeps its old passages: %s", info.document, error)
            return self._embed(staged, info)
        vectors = self._embedder.passages([chunk.text for chunk in chunks])
        with staged.writing() as connection:
            put(staged, connection, document, info.document, chunks, vectors)

    def _copy(self, sandbox: Sandbox, info: DocumentInfo) -> Loaded:
        """The library's own copy, under the document's name instead of the copy's."""
        if not mend(self._catalog, self._files, info.sha256):
            raise UnreadableFile("The library's copy is lost or damaged. Add the file again.")
        document, chunks = sandbox.start(self._files.path(info.sha256))()
        title = document.metadata.get("title") or Path(info.document).stem
        return replace(document, name=info.document, title=title), chunks

    def _embed(self, staged: Catalog, info: DocumentInfo) -> None:
        """The passages stay; nothing has to be read."""
        found = self._catalog.database.all(
            "SELECT chunk.id, text FROM chunk JOIN document ON document.id = document_id"
            " WHERE sha256 = ?",
            info.sha256,
        )
        one = info.sha256[:16]  # what ids of its passages begin with
        have = {
            row[0]
            for row in staged.database.all(
                "SELECT id FROM vector WHERE id > ? AND id < ?", f"{one}:", f"{one};"
            )
        }
        missing = [row for row in found if row[0] not in have]
        if not missing:
            return
        vectors = self._embedder.passages([text for _, text in missing])
        with staged.writing() as connection:
            connection.executemany(
                "INSERT INTO vector VALUES (?, ?)",
                [
                    (id, np.asarray(vector, "<f4").tobytes())
                    for (id, _), vector in zip(missing, vectors, strict=True)
                ],
            )

    def _swap(self) -> bool:
        """Put all in place at once; False when a document was added that is not made anew yet."""
        database = self._catalog.database
        database.write("ATTACH DATABASE ? AS next", str(self._path))
        try:
            with self._catalog.writing() as connection:
                new = "chunk.id IN (SELECT id FROM next.vector)"
                if self._reads:
                    known = "SELECT sha256 FROM next.document"
                    new += f" OR document_id IN (SELECT id FROM document WHERE sha256 IN ({known}))"
                if connection.execute(f"SELECT 1 FROM chunk WHERE NOT ({new}) LIMIT 1").fetchone():
                    return False
                if self._reads:
                    _swap_documents(connection)
                _swap_vectors(connection)
                connection.execute(
                    "UPDATE meta SET value = ? WHERE key = 'made_by'", (self._maker,)
                )
                return True
        finally:
            database.write("DETACH DATABASE next")


def discard(staged: Path) -> None:
    """Delete what was made anew."""
    for suffix in ("", "-wal", "-shm"):
        staged.with_name(staged.name + suffix).unlink(missing_ok=True)


def _swap_vectors(connection: Transaction) -> None:
    connection.execute(
        "UPDATE chunk SET vector = new.vector FROM next.vector AS new WHERE new.id = chunk.id"
    )


def _swap_documents(connection: Transaction) -> None:
    """The rows that belong to a document come from the new catalogue; the document stays."""
    connection.execute(
        "CREATE TEMP TABLE pair AS SELECT new.id AS new, document.id AS old"
        " FROM next.document AS new JOIN document ON document.sha256 = new.sha256"
    )
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM sheet").fetchone()
    for table in ("page", "chunk", "sheet"):
        connection.execute(f"DELETE FROM {table} WHERE document_id IN (SELECT old FROM pair)")
        _copy_rows(connection, table, {"document_id": "pair.old", "id": f"new.id + {last}"})
    columns = ", ".join(_columns(connection, "cell", {"sheet_id"}))
    connection.execute(
        f"INSERT INTO cell (sheet_id, {columns}) SELECT new.sheet_id + {last}, {columns}"
        " FROM next.cell AS new JOIN next.sheet AS sheet ON sheet.id = new.sheet_id"
        " JOIN pair ON pair.new = sheet.document_id"
    )
    connection.execute(
        "INSERT INTO chunk_words (rowid, text) SELECT chunk.rowid, words.text FROM chunk"
        " JOIN next.chunk AS new ON new.id = chunk.id"
        " JOIN next.chunk_words AS words ON words.rowid = new.rowid"
    )
    connection.execute("DELETE FROM card_words WHERE rowid IN (SELECT old FROM pair)")
    connection.execute(
        "INSERT INTO card_words (rowid, text) SELECT pair.old, words.text"
        " FROM next.card_words AS words JOIN pair ON pair.new = words.rowid"
    )
    _copy_facts(connection)
    connection.execute("DROP TABLE pair")


def _copy_rows(connection: Transaction, table: str, changed: dict[str, str]) -> None:
    if table == "chunk":
        changed = {"document_id": changed["document_id"]}  # its id is made of the file's bytes
    columns = _columns(connection, table)
    values = ", ".join(changed.get(column, f"new.{column}") for column in columns)
    connection.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM next.{table} AS new"
        " JOIN pair ON pair.new = new.document_id"
    )


def _copy_facts(connection: Transaction) -> None:
    columns = ", ".join(_columns(connection, "document", _SAME))
    connection.execute(
        f"UPDATE document SET ({columns}) = (SELECT {columns} FROM next.document AS new"
        " WHERE new.sha256 = document.sha256) WHERE id IN (SELECT old FROM pair)"
    )


def _columns(connection: Transaction, table: str, without: Collection[str] = ()) -> list[str]:
    rows = connection.execute(f"SELECT name FROM pragma_table_info('{table}', 'main')").fetchall()
    return [row[0] for row in rows if row[0] not in without]
