"""Compares files, catalogue, ledger and Chroma, and repairs what can be rebuilt."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ingest.chunking import UNEXPLAINED
from ingest.errors import UnreadableFile
from vectorstore.catalog.catalog import Catalog
from vectorstore.catalog.places import Places
from vectorstore.catalog.rows import insert_words
from vectorstore.copies import Files
from vectorstore.dense import DenseIndex
from vectorstore.errors import LibraryError


@dataclass(frozen=True)
class Health:
    """The findings of `verify`: empty lists when all is well."""

    documents: int
    chunks: int
    chroma: str  # "complete", "rebuilt", or why it could not be looked at
    lost_files: tuple[str, ...]  # documents whose copy is gone or damaged
    mended: tuple[str, ...] = ()  # what was wrong and is repaired, in sentences
    unbalanced: tuple[str, ...] = ()  # pages whose characters do not add up: "Report.pdf, page 3"


class Verifying:
    """One comparison of a library's files, catalogue, ledger and index. An object is used once."""

    def __init__(self, catalog: Catalog, files: Files, index: DenseIndex) -> None:
        self._catalog = catalog
        self._files = files
        self._index = index
        self._mended: list[str] = []

    def run(self) -> Health:
        """See Maintenance.verify."""
        documents = self._catalog.documents()
        self._sound()
        lost = [d.document for d in documents if not self._whole(d.document, d.sha256)]
        self._words()
        # Asked anew: comparing all copies may take hours, in which others add documents.
        if count := self._files.sweep({d.sha256 for d in self._catalog.documents()}):
            self._mended.append(f"{count} files that belong to no document were deleted.")
        self._catalog.wipe()
        unbalanced = self._unbalanced()
        ids = self._catalog.passages.ids()
        chroma = self._chroma(ids)
        return Health(
            len(documents), len(ids), chroma, tuple(lost), tuple(self._mended), unbalanced
        )

    def _sound(self) -> None:
        """Raises LibraryError when the database finds itself damaged."""
        if found := self._catalog.database.faults():
            told = "; ".join(found)
            raise LibraryError(
                f"The catalogue is damaged ({told}). Restore a backup with `pincite restore`."
            )

    def _whole(self, name: str, sha256: str) -> bool:
        if self._files.intact(sha256):
            return True
        if mended := mend(self._catalog, self._files, sha256):
            self._mended.append(f"The copy of {name} was lost or damaged; it was made again.")
        return mended

    def _words(self) -> None:
        """Makes the word index hold exactly the passages."""
        missing = "chunk.rowid NOT IN (SELECT rowid FROM chunk_words)"
        stray = "rowid NOT IN (SELECT rowid FROM chunk)"
        if not self._catalog.database.one(
            f"SELECT 1 FROM chunk WHERE {missing} UNION ALL"
            f" SELECT 1 FROM chunk_words WHERE {stray} LIMIT 1"
        ):
            return
        with self._catalog.writing() as connection:
            wrong = connection.execute(f"DELETE FROM chunk_words WHERE {stray}").rowcount
            wrong += insert_words(connection, f"WHERE {missing}")
        self._mended.append(f"{wrong} rows of the word index were wrong.")

    def _unbalanced(self) -> tuple[str, ...]:
        """Pages whose ledger does not add up: some characters are unaccounted for."""
        found = self._catalog.database.all(
            "SELECT name, number FROM page JOIN document ON document.id = document_id"
            " WHERE source != page.indexed"
            " + (SELECT coalesce(sum(CAST(value AS INTEGER)), 0) FROM json_each(page.dropped))"
            f" OR CAST(json_extract(page.dropped, '$.{UNEXPLAINED}') AS INTEGER) > 0"
            " ORDER BY name, number"
        )
        return tuple(f"{name}, page {number}" for name, number in found)

    def _chroma(self, ids: set[str]) -> str:
        if not self._index.sync():
            return self._index.why
        if self._index.ids() != ids:
            self._index.rebuild()
            return "rebuilt"
        return "complete"


def mend(catalog: Catalog, files: Files, sha256: str) -> bool:
    """Whether the library's copy is intact. A damaged one is replaced by its original file."""
    if files.intact(sha256):
        return True
    for place in Places(catalog).of(sha256):
        with suppress(UnreadableFile, OSError):
            files.keep(Path(place), sha256)
            return True
    return False
