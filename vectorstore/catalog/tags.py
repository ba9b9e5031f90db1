"""Tags of documents: words that people give them. A tag is there while a document has it."""

import unicodedata
from collections.abc import Collection, Iterable, Sequence

from vectorstore.catalog.catalog import Catalog
from vectorstore.catalog.engine import Transaction
from vectorstore.catalog.rows import AMONG, listed
from vectorstore.errors import UnknownDocument, WrongTag

LONGEST = 50  # characters
_ON = f"FROM document WHERE name {AMONG}"


class Tags:
    """Of one library; reachable as `Library.tags`."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def counts(self) -> dict[str, int]:
        """The number of documents with each tag, by tag."""
        found = self._catalog.database.all("SELECT name, count(*) FROM tag GROUP BY name")
        return dict(sorted(found, key=lambda row: (key(row[0]), row[0])))

    def change(
        self, documents: Collection[str], add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> int:
        """Give tags to documents, and take others from them; the number of documents that changed.

        A tag that is there in other capital letters stays as it is written. All or nothing. Raises
        WrongTag, UnknownDocument, HomeNotWritable or LibraryError.
        """
        new = {key(tag): tag for tag in reversed([cleaned(tag) for tag in add])}
        old = {key(cleaned(tag)) for tag in remove}
        with self._catalog.database.transaction() as connection:
            self._check(connection, documents)
            written = [row[0] for row in connection.execute("SELECT DISTINCT name FROM tag")]
            known = new | {key(tag): tag for tag in written}
            changed = _put(connection, documents, [known[one] for one in new])
            changed |= _take(connection, documents, [tag for tag in written if key(tag) in old])
            if changed:
                self._catalog.count_tagged(connection)
        return len(changed)

    def _check(self, connection: Transaction, documents: Collection[str]) -> None:
        there = {row[0] for row in connection.execute(f"SELECT name {_ON}", (listed(documents),))}
        for name in documents:
            if name not in there:
                raise UnknownDocument(
                    f"The library {self._catalog.library!r} has no document {name!r}."
                )


def _put(connection: Transaction, documents: Collection[str], tags: Iterable[str]) -> set[int]:
    """Returns the ids of documents that did not have them all."""
    return {
        row[0]
        for tag in tags
        for row in connection.execute(
            f"INSERT INTO tag (document_id, name) SELECT id, CAST(? AS TEXT) {_ON}"
            " ON CONFLICT (document_id, name) DO NOTHING RETURNING document_id",
            (tag, listed(documents)),
        ).fetchall()
    }


def _take(connection: Transaction, documents: Collection[str], tags: Iterable[str]) -> set[int]:
    return {
        row[0]
        for tag in tags
        for row in connection.execute(
            f"DELETE FROM tag WHERE name = ? AND document_id IN (SELECT id {_ON})"
            " RETURNING document_id",
            (tag, listed(documents)),
        ).fetchall()
    }


def of(connection: Transaction, sha256: str) -> list[str]:
    """The tags of a document, by the hash of its file."""
    found = connection.execute(
        "SELECT tag.name FROM tag JOIN document ON document.id = document_id WHERE sha256 = ?",
        (sha256,),
    )
    return [row[0] for row in found]


def carry(connection: Transaction, tags: Iterable[str], sha256: str) -> None:
    """Give tags to the document with this file, which has taken the place of another; inside
    `Catalog.writing()`."""
    for tag in tags:
        connection.execute(
            "INSERT INTO tag (document_id, name) SELECT id, CAST(? AS TEXT) FROM document"
            " WHERE sha256 = ? ON CONFLICT (document_id, name) DO NOTHING",
            (tag, sha256),
        )


def pass_on(connection: Transaction, old: int, new: int) -> None:
    """Give the tags of a document to a newer version of it, by the ids of both."""
    connection.execute(
        "INSERT INTO tag (document_id, name) SELECT CAST(? AS BIGINT), name FROM tag"
        " WHERE document_id = ? ON CONFLICT (document_id, name) DO NOTHING",
        (new, old),
    )


def cleaned(tag: str) -> str:
    """As it is kept: composed letters, single spaces. Raises WrongTag."""
    text = " ".join(unicodedata.normalize("NFC", tag).split())
    if not text or len(text) > LONGEST or not text.isprintable():
        raise WrongTag(
            f"{tag[:LONGEST]!r} cannot be a tag: a tag has 1 to {LONGEST} letters, digits, signs"
            " and spaces."
        )
    return text


def key(tag: str) -> str:
    """The same for tags that differ in capital letters alone."""
    return unicodedata.normalize("NFC", tag.casefold())
