"""Whether the catalogues of libraries in SQLite can be read, and whether large ones are searched
as fast as they could be."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from assistant.doctor.check import Check, install
from vectorstore.words import tantivy_index
from vectorstore.words.word_index import LARGE


def check(folder: Path) -> Iterator[Check]:
    """A check for each library in a folder. Nothing is made anywhere."""
    for catalog in sorted(folder.glob("*/catalog.sqlite")):
        yield _look(catalog)


def _look(catalog: Path) -> Check:
    name = f"library {catalog.parent.name}"
    try:
        documents, passages = _counts(catalog)
    except sqlite3.DatabaseError as error:
        remedy = f"pincite verify --library {catalog.parent.name}"
        return Check(name, "error", f"{catalog} cannot be read: {error}.", remedy)
    if passages < LARGE or tantivy_index.installed():
        return Check(name, "ok", f"{documents} documents")
    said = f"{documents} documents, {passages:,} passages: another index of words is faster"
    return Check(name, "warning", said, install("large", "tantivy", "tantivy"))


def _counts(catalog: Path) -> tuple[int, int]:
    address = f"{catalog.absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
        row = connection.execute("SELECT count(*), coalesce(sum(chunks), 0) FROM document")
        documents, passages = row.fetchone()
        return int(documents), int(passages)
