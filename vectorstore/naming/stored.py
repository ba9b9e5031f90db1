"""Names of documents in the catalogue: found once, when a document is added.

Documents of older libraries have none yet. Theirs are found when they are first needed, in the
passages that the catalogue holds; no file is read again.
"""

import json
from collections.abc import Iterator
from contextlib import suppress

from vectorstore.catalog.catalog import Catalog
from vectorstore.catalog.engine import Transaction
from vectorstore.errors import LibraryError
from vectorstore.naming.document_names import DocumentNames, Name, Passage, document_names
from vectorstore.naming.mentions import Named, NameIndex

_WANTED = "SELECT id, name, title FROM document WHERE names = ''"
_SHOWN = (
    "SELECT page, text, headings FROM chunk WHERE document_id = ? AND NOT hidden ORDER BY rowid"
)
_STORE = "UPDATE document SET names = ? WHERE id = ?"


def put_names(connection: Transaction, document: str) -> None:
    """Find and store the names of a document; inside `Catalog.writing()`."""
    for id, name, title in connection.execute(f"{_WANTED} AND name = ?", (document,)).fetchall():
        shown = connection.execute(_SHOWN, (id,)).fetchall()
        connection.execute(_STORE, (_json(_found(name, title, shown)), id))


def name_index(catalog: Catalog) -> NameIndex:
    """All names of a library."""
    return NameIndex(stored_names(catalog), catalog.passages.stating)


def stored_names(catalog: Catalog) -> list[Named]:
    """The names of each document. Those of older libraries are stored, if that is possible."""
    missing = dict(_missing(catalog))
    rows = catalog.database.all(
        "SELECT old.id, old.name, old.names, coalesce(new.name, '') FROM document AS old"
        " LEFT JOIN document AS new ON new.id = old.superseded_by"
    )
    return [_named(name, names or missing.get(id, "{}"), new) for id, name, names, new in rows]


def _missing(catalog: Catalog) -> Iterator[tuple[int, str]]:
    for id, name, title in catalog.database.all(_WANTED):
        made = _json(_found(name, title, catalog.database.all(_SHOWN, id)))
        with suppress(LibraryError):  # the folder may be closed for writing
            catalog.database.note(_STORE, made, id)
        yield id, made


def _found(name: str, title: str, rows: list[tuple[int, str, str]]) -> DocumentNames:
    passages = [Passage(page, text, " ".join(json.loads(above))) for page, text, above in rows]
    return document_names(name, title, passages)


def _json(names: DocumentNames) -> str:
    return json.dumps({"names": names.names, "periods": names.periods}, ensure_ascii=False)


def _named(document: str, stored: str, newer: str) -> Named:
    made = json.loads(stored)
    names = {words: Name(*how) for words, how in made.get("names", {}).items()}
    return Named(document, names, frozenset(made.get("periods", ())), newer)
