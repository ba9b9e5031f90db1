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


def verify(catalog: Catalog, files: Files, index: DenseIndex) -> Health:
    """See Maintenance.verify."""
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
    chroma = _chroma(index, ids)
    return Health(len(documents), len(ids), chroma, tuple(lost), tuple(mended), unbalanced)


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
        index.rebuild()
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
