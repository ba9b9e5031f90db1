"""Tags of documents: words that people give them. A tag is there while a document has it."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import Any, Literal

from vectorstore.catalog.catalog import TAGGED, Catalog
from vectorstore.catalog.rows import AMONG, DocumentInfo, count_up, listed
from vectorstore.database.schema import Transaction
from vectorstore.errors import UnknownDocument, WrongDate, WrongTag

LONGEST = 50  # characters
_ON = f"FROM document WHERE name {AMONG}"
_PUT = (
    f"INSERT INTO tag (document_id, name) SELECT id, CAST(? AS TEXT) {_ON}"
    " ON CONFLICT (document_id, name) DO NOTHING"
)
_TAKE = f"DELETE FROM tag WHERE name = ? AND document_id IN (SELECT id {_ON})"


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
            gone = [tag for tag in written if key(tag) in old]
            changed = _changed(connection, documents, [known[one] for one in new], _PUT)
            changed |= _changed(connection, documents, gone, _TAKE)
            if changed:
                count_up(connection, TAGGED)
        return len(changed)

    def _check(self, connection: Transaction, documents: Collection[str]) -> None:
        there = {row[0] for row in connection.execute(f"SELECT name {_ON}", (listed(documents),))}
        for name in documents:
            if name not in there:
                raise UnknownDocument(
                    f"The library {self._catalog.library!r} has no document {name!r}."
                )


def _changed(
    connection: Transaction, documents: Collection[str], tags: Iterable[str], statement: str
) -> set[int]:
    """The ids of the documents that a statement has changed for one of the tags."""
    return {
        id
        for tag in tags
        for (id,) in connection.execute(
            f"{statement} RETURNING document_id", (tag, listed(documents))
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


# -- Chooses and sorts documents of a list by what it says of them

State = Literal["", "look", "old"]  # all; not all was read; there is a newer version
Sort = Literal["name", "newest", "oldest", "largest", "kind", "dated"]
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)


@dataclass(frozen=True)
class Filter:
    """Which documents a question is asked of: by their tags, and by their own dates.

    A document has to have all the tags. `after` and `before` are a year, a month or a day, as in
    2024, 2024-06 or 2024-06-30: dated then or later, and earlier than its begin.
    """

    tags: tuple[str, ...] = ()
    after: str = ""
    before: str = ""

    def __post_init__(self) -> None:
        """Raises WrongTag or WrongDate."""
        object.__setattr__(self, "tags", tuple(dict.fromkeys(map(cleaned, self.tags))))
        for text in (self.after, self.before):
            if text:
                _check_date(text)

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.tags or self.after or self.before)

    def keeps(self, document: DocumentInfo) -> bool:
        """A document without a date is in no period."""
        dated = document.dated
        if (self.after or self.before) and not dated:
            return False
        if dated < self.after or (self.before and dated >= self.before):
            return False
        return {key(tag) for tag in self.tags} <= {key(tag) for tag in document.tags}

    def names(
        self, documents: Sequence[DocumentInfo], among: Collection[str] | None = None
    ) -> frozenset[str]:
        """The names of those that it keeps, `among` these where any are named.

        Of a document with several versions that it keeps, the newest one; others by their name.
        """
        kept = {d.document: d for d in documents if self.keeps(d)}
        if among is not None:
            return frozenset(name for name in kept if name in among)
        newer = {d.document: d.superseded_by for d in documents if d.superseded_by}
        return frozenset(n for n in kept if not any(v in kept for v in _versions(n, newer)))


EVERYTHING = Filter()


def _versions(name: str, newer: Mapping[str, str]) -> Iterator[str]:
    """The newer versions of a document."""
    seen = {name}
    while (name := newer.get(name, "")) and name not in seen:
        seen.add(name)
        yield name


def _check_date(text: str) -> None:
    """Raises WrongDate."""
    try:
        if found := _DATE.fullmatch(text):
            date(*map(int, found.groups("01")))
            return
    except ValueError:  # such as a 30th of February
        pass
    raise WrongDate(
        f"{text!r} is no date: give a year, a month or a day, such as 2024, 2024-06 or 2024-06-30."
    )


def kind(document: DocumentInfo) -> str:
    """The ending of its name, such as `pdf`; empty without one."""
    return PurePosixPath(document.document).suffix.lower().lstrip(".")


def kinds(documents: Sequence[DocumentInfo]) -> dict[str, int]:
    """How many there are of each kind, the most first."""
    return dict(Counter(map(kind, documents)).most_common())


def worth_a_look(document: DocumentInfo) -> bool:
    """Whether some of it was not read, or read in another way than it stands there."""
    read = document.coverage
    return bool(read.unread or read.ocr or read.hidden or document.status != "ready")


def chosen(
    documents: Sequence[DocumentInfo], part: str = "", of_kind: str = "", state: State = "",
    sort: Sort = "name", within: Filter = EVERYTHING,
) -> list[DocumentInfo]:  # fmt: skip
    """Those whose name has the part, of the kind and in the state; empty means any."""
    wanted = part.casefold().strip()
    found = [
        document
        for document in documents
        if wanted in document.document.casefold()
        and (not of_kind or kind(document) == of_kind)
        and (state != "look" or worth_a_look(document))
        and (state != "old" or document.superseded_by is not None)
        and within.keeps(document)
    ]
    found.sort(key=lambda document: document.document.casefold())
    if sort != "name":  # ties by name
        found.sort(key=_KEYS[sort], reverse=sort in ("newest", "largest", "dated"))
    return found


_KEYS: dict[Sort, Callable[[DocumentInfo], Any]] = {
    "newest": lambda document: document.added, "oldest": lambda document: document.added,
    "largest": lambda document: document.pages, "dated": lambda document: document.dated,
    "kind": kind,
}  # fmt: skip
