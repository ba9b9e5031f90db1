"""The catalogue of a library: documents, pages, chunks with vectors, words. The truth."""

import json
import logging
import os
import re
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ingest.chunking import PageLedger, ledger
from ingest.containers import Omitted
from ingest.document.model import Chunk, Document, Page
from ingest.language.words import ENGLISH, UNKNOWN, language_of_passages
from vectorstore import errors
from vectorstore.catalog import rows as catalog_rows
from vectorstore.catalog.passages import Fts5, Passages, Words
from vectorstore.catalog.rows import Coverage, DocumentInfo, count_up
from vectorstore.database.schema import Database, Schema, Transaction
from vectorstore.database.sqlite import OtherVersion, SqliteDatabase, Trouble
from vectorstore.errors import DamagedCatalog, HomeNotWritable, LibraryBusy, LibraryError
from vectorstore.store import Vectors

# -- The catalogue of a library in an SQLite file: its schema, and what its errors mean

MOVED = 1_000_000  # in the place of a version: the catalogue is in PostgreSQL now
_WAIT = 60.0  # seconds to wait for the transaction of another process


def _script(name: str) -> str:
    return Path(__file__).with_name(f"{name}.sql").read_text("utf-8")


CATALOG = Schema(
    "catalog", "catalogue", _script("schema"), _script("sqlite"), _script("postgres"), first=11,
    words=("chunk_words", "card_words"), postgres_tables=("posting",),
)  # fmt: skip


class CatalogFile(SqliteDatabase):
    """The catalogue in an SQLite file. Raises HomeNotWritable or LibraryError."""

    def __init__(self, path: Path, schema: Schema = CATALOG) -> None:
        super().__init__(path, schema, _WAIT, stays_open=True)

    def _explain(self, kind: Trouble, error: Exception, path: Path) -> Exception | None:
        if isinstance(error, OtherVersion):
            if error.version == MOVED:
                return LibraryError(f"{path} was moved to PostgreSQL meanwhile: start again.")
            return other_version(path, error.version)
        if kind == "let go":
            return LibraryError(f"The library in {path.parent} was closed meanwhile.")
        if kind == "damaged":
            why = "signs of no alphabet" if isinstance(error, UnicodeDecodeError) else error
            return DamagedCatalog(
                f"{path} is damaged ({why}). `pincite restore FILE` puts a backup in its place;"
                " without one, move its folder away and add the documents again: its files/ holds"
                " copies of them."
            )
        if kind == "refused":
            return None  # an error of the program
        if said := _SENTENCES.get(kind):
            kind_of_error = LibraryBusy if kind == "busy" else HomeNotWritable
            return kind_of_error(f"{said} {path.parent}")
        return LibraryError(f"{path} could not be used: {error}.")


def other_version(place: object, version: int) -> LibraryError:
    """The error for a catalogue that this version does not read."""
    return LibraryError(
        f"{place} was made by another version of Pincite (schema {version}, this one reads"
        f" {CATALOG.first} to {CATALOG.version}), and nothing in it was changed. Use that version,"
        " or move its folder away and add the documents again: files/ in it holds copies of them."
    )


_SENTENCES: dict[Trouble, str] = {
    "full": "The disk is full: the library is as it was before this step. Free some space near",
    "failing": "The disk is full or failing. Free some space, or check the disk, near",
    "closed": "This folder cannot be written; choose another --home than",
    "unopened": "This folder cannot be opened for writing:",
    "busy": "Another process has been writing for a minute; try again later:",
}


# -- Files inside files in the catalogue: which archives were read completely

_AT_WORK = ""  # in place of the hash, until all parts are in the library
_IN_PART = "!"  # in front of the hash, when a part failed: read again when it is added again


class Containers:
    """Rows of the table `container`; a file without files inside has none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def finished(self, place: str, sha256: str) -> bool:
        """Whether nothing inside is left to read."""
        found = self._database.value("SELECT sha256 FROM container WHERE path = ?", place)
        return found in (None, sha256)

    def left_out(self, place: str) -> list[Omitted]:
        """Files inside that are not read, with the reason; the same in every run."""
        found = self._database.value("SELECT left_out FROM container WHERE path = ?", place)
        return [Omitted(*omitted) for omitted in json.loads(found or "[]")]

    def finish(self, place: str, sha256: str, omitted: Sequence[Omitted], failed: bool) -> None:
        self._database.write(
            "UPDATE container SET sha256 = ?, left_out = ? WHERE path = ?",
            (_IN_PART if failed else "") + sha256,
            json.dumps([(left.name, left.reason) for left in omitted]),
            place,
        )


def begin_container(connection: Transaction, place: str, inside: bool) -> None:
    """Mark the beginning, in the file's own transaction. `inside`: it has files inside."""
    if inside:
        connection.execute(
            "INSERT INTO container VALUES (?, ?, '[]') ON CONFLICT (path) DO UPDATE"
            " SET sha256 = excluded.sha256",
            (place, _AT_WORK),
        )
    else:
        connection.execute("DELETE FROM container WHERE path = ?", (place,))


# -- Overwrites what was deleted from a catalogue, so that none of its bytes is left in the file
# SQLite leaves deleted rows in its file, and full-text search keeps the words of deleted rows until
# it merges its parts. `secure_delete` overwrites rows, but not what SQLite left beside them when it
# moved rows from page to page: therefore the file is written anew.

_DELETED = "deleted"  # in `meta`: how often something was deleted since the file was last wiped

log = logging.getLogger(__name__)


def mark_deletion(connection: Transaction) -> None:
    """Something is deleted, in this transaction: a killed process leaves the wiping to others."""
    count_up(connection, _DELETED)


_FORGOTTEN = "forgotten"
TAGGED = "tagged"  # in `meta`: how often tags were changed
_IDENTITY = "identity"


class Catalog:
    """All that a library knows of its documents."""

    def __init__(
        self, path: Path, library: str, database: Database | None = None, words: Words | None = None
    ) -> None:
        """In an SQLite file, unless a database is given, with its search for words. Raises
        HomeNotWritable or LibraryError."""
        self.library = library
        self.path = path
        self.database = database or CatalogFile(path)
        self._words = words or Fts5(self.database)
        self.passages = Passages(self.database, self._words)

    @property
    def places(self) -> "Places":
        return Places(self)  # not kept: a catalogue that nobody has any more is let go at once

    def close(self) -> None:
        """Close the file in all threads; the next use opens it again."""
        self.database.close()

    # -- reading

    def generation(self) -> int:
        """Grows with every change by any process."""
        return int(self.meta("generation") or 0)

    def meta(self, key: str) -> str | None:
        found: str | None = self.database.value("SELECT value FROM meta WHERE key = ?", key)
        return found

    def made(self) -> str:
        """The maker, and the number of rebuilds: vectors of others cannot be compared."""
        both = "SELECT value FROM meta WHERE key IN ('made_by', 'anew') ORDER BY key DESC"
        return " ".join(self.database.column(both))

    def identity(self) -> str:
        """Random: tells this library from others, and stays when it is renamed, rebuilt or filled
        from a backup."""
        return str(self.meta(_IDENTITY))

    def tagged(self) -> int:
        """How often tags were changed by any process: no change of what is searched."""
        return int(self.meta(TAGGED) or 0)

    def forgotten(self) -> int:
        """How often documents were forgotten, see `DenseIndex.forget`."""
        return int(self.meta(_FORGOTTEN) or 0)

    def forget(self) -> None:
        """Count up `forgotten`: from then on Chroma in other processes may hold what is deleted."""
        self.set_meta(_FORGOTTEN, str(self.forgotten() + 1))

    def readers(self) -> dict[str, int]:
        """The number of documents by reader, see `ingest.loaders`."""
        return dict(self.database.all("SELECT reader, count(*) FROM document GROUP BY reader"))

    def size(self) -> tuple[int, int]:
        """The number of documents, and of their pages."""
        ((documents, pages),) = self.database.all(
            "SELECT count(*), coalesce(sum(pages), 0) FROM document"
        )
        return int(documents), int(pages)

    def documents(self) -> list[DocumentInfo]:
        found = self.database.all(
            "SELECT name, (SELECT min(path) FROM place WHERE document_id = document.id), pages,"
            " chunks, status, sha256, extracted, ocr, empty, dropped, indexed, hidden, unread,"
            " (SELECT name FROM document AS n WHERE n.id = document.superseded_by) AS newer,"
            " added, dated, seconds FROM document ORDER BY name"
        )
        tags = self._tags()
        return [
            DocumentInfo(
                r[0], r[1] or "", self.library, r[2], r[3], r[4], Coverage(*r[6:13]), r[5], r[13],
                r[14], r[15], tags.get(r[0], ()), r[16],
            )
            for r in found
        ]  # fmt: skip

    def superseded(self) -> list[str]:
        """The sha256 of documents with a newer version."""
        return self.database.column("SELECT sha256 FROM document WHERE superseded_by IS NOT NULL")

    def _tags(self) -> dict[str, tuple[str, ...]]:
        """The tags of each document that has any."""
        found: dict[str, list[str]] = {}
        for document, tag in self.database.all(
            "SELECT document.name, tag.name FROM tag JOIN document ON document.id = document_id"
        ):
            found.setdefault(document, []).append(tag)
        return {name: tuple(sorted(tags, key=str.casefold)) for name, tags in found.items()}

    def sha256(self, name: str) -> str:
        """The hash of a document's file, in hexadecimal. Raises UnknownDocument."""
        found = self.database.value("SELECT sha256 FROM document WHERE name = ?", name)
        if found is None:
            raise errors.UnknownDocument(f"The library {self.library!r} has no document {name!r}.")
        return str(found)

    def holds(self, sha256: str) -> bool:
        return self.database.one("SELECT 1 FROM document WHERE sha256 = ?", sha256) is not None

    def named(self, sha256: str) -> str:
        """The name of the document with these bytes; empty where there is none."""
        return self.database.value("SELECT name FROM document WHERE sha256 = ?", sha256) or ""

    def pages(self, name: str) -> Iterator[Page]:
        """All of a document, in order."""
        return self._pages("name = ? ORDER BY number", name)

    def page(self, name: str, number: int) -> Page | None:
        """One page of a document; None where it has no such page."""
        return next(self._pages("name = ? AND number = ?", name, number), None)

    def _pages(self, where: str, *values: object) -> Iterator[Page]:
        found = self.database.all(
            f"SELECT {catalog_rows.PAGE} FROM page JOIN document ON document.id = document_id"
            f" WHERE {where}",
            *values,
        )
        return map(catalog_rows.page, found)

    def table_pages(self, name: str) -> list[int]:
        """The numbers of the pages of a document that have tables, in order."""
        return self.database.column(
            "SELECT number FROM page JOIN document ON document.id = document_id"
            " WHERE name = ? AND tables != '[]' ORDER BY number",
            name,
        )

    def ledger(self, name: str) -> list[PageLedger]:
        """The coverage ledger of each page of a document."""
        found = self.database.all(
            f"SELECT {catalog_rows.LEDGER} FROM page"
            " JOIN document ON document.id = document_id WHERE name = ? ORDER BY number",
            name,
        )
        return [catalog_rows.ledger(row) for row in found]

    # -- writing

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """One transaction, all or nothing. Raises HomeNotWritable or LibraryError."""
        with self.database.transaction() as connection:
            yield connection
            count_up(connection, "generation")

    def set_meta(self, key: str, value: str) -> None:
        """Does not count as a change of the library."""
        self.database.write(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            key,
            value,
        )

    def replace_by(self, path: Path) -> None:
        """Take over the contents of another catalogue, as one change of this one.

        The other file changes, too: its generation becomes higher than this one's.
        """
        other = Catalog(path, self.library)
        other.set_meta("generation", str(max(self.generation(), other.generation()) + 1))
        other.set_meta(_IDENTITY, self.identity())
        other.set_meta(_FORGOTTEN, str(self.forgotten()))
        other.set_meta("chroma_made_by", "")  # its ids may be there, with other vectors
        with other.database.transaction() as connection:
            mark_deletion(connection)  # what it takes the place of
        other.close()
        self.database.replace_by(path)
        self.wipe()

    def put(
        self,
        connection: Transaction,
        document: Document,
        name: str,
        status: str,
        chunks: Sequence[Chunk],
        vectors: Vectors,
    ) -> None:
        """Write a document with everything that belongs to it; inside `writing()`. One of the same
        file keeps its name, its places, tags and versions."""
        pages = ledger(document, chunks)
        language = language_of_passages([chunk.text for chunk in chunks if not chunk.hidden])
        id = catalog_rows.insert_document(
            connection, document, name, status, len(chunks), pages, language
        )
        for table in ("page", "chunk"):
            connection.execute(f"DELETE FROM {table} WHERE document_id = ?", (id,))
        connection.execute("DELETE FROM card_words WHERE rowid = ?", (id,))
        catalog_rows.insert_pages(connection, id, document, pages)
        for ordinal, (chunk, vector) in enumerate(zip(chunks, vectors, strict=True)):
            at = f"{document.sha256[:16]}:{ordinal}"
            catalog_rows.insert_chunk(connection, id, at, chunk, vector, language)
        catalog_rows.put_card(connection, id, name, document.title, document.pages[:2], language)

    def delete(self, connection: Transaction, name: str) -> None:
        """Delete a document and everything that belongs to it; inside `writing()`."""
        connection.execute("DELETE FROM document WHERE name = ?", (name,))
        mark_deletion(connection)

    def wipe(self) -> None:
        """Leave no byte of what was deleted; it takes a second for 60 MB. What fails is done by the
        next one."""
        try:
            why = "" if self._overwrite_deleted() else "another process reads an older state"
        except LibraryError as error:  # such as a full disk: the documents are gone all the same
            why = str(error)
        if why:
            log.warning("Deleted rows of %s are overwritten later: %s", self.library, why)

    def _overwrite_deleted(self) -> bool:
        """False when another process still reads an older state."""
        if (deleted := self.meta(_DELETED)) is None:
            return True
        self._words.merge()
        if not self.database.write_anew():
            return False
        self.database.write("DELETE FROM meta WHERE key = ? AND value = ?", _DELETED, deleted)
        return True


# -- Where documents were found: moves, losses, and the resulting names
# A place is a path, or for a file inside an archive `<path of the archive>!/<path inside>`.

INSIDE = "!/"
_OWN = re.compile(r"(?<=[\\/]uploaded)((?:-\d+)?)-[0-9a-f]{32}(?=[\\/])")


def own_folder(below: Path, number: int = 1) -> Path:
    """A new folder for a file that was sent: there it never meets another one of its name. For the
    library its files are all in one, `uploaded`, or one with a number above 1; see `place_of`."""
    return below / f"uploaded{f'-{number}' if number > 1 else ''}-{uuid.uuid4().hex}"


def place_of(path: str) -> str:
    """The place of a file to read, or of one inside it: the same for each that was sent by a name,
    so that a newer one replaces the older."""
    return _OWN.sub(r"\1", path)


def exists(place: str) -> bool:
    """Whether there is a file at a place, or the archive around it."""
    try:
        return Path(place).exists() or (INSIDE in place and Path(place.split(INSIDE)[0]).exists())
    except OSError:  # a folder without permission: its files are not gone
        return True


class Places:
    """The places of a library's documents; reachable as `Catalog.places`."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._database = catalog.database

    def of(self, sha256: str) -> list[str]:
        return self._database.column(
            "SELECT path FROM place JOIN document ON document.id = document_id WHERE sha256 = ?"
            " ORDER BY path",
            sha256,
        )

    def found_at(self, path: str) -> str | None:
        """The sha256 of the document that was last found at a path."""
        found: str | None = self._database.value(
            "SELECT sha256 FROM place JOIN document ON document.id = document_id WHERE path = ?",
            path,
        )
        return found

    def put(self, connection: Transaction, path: str, sha256: str) -> None:
        """Record that a document was found at a path; inside `Catalog.writing()`."""
        connection.execute(
            "INSERT INTO place SELECT ?, id FROM document WHERE sha256 = ?"
            " ON CONFLICT (path) DO UPDATE SET document_id = excluded.document_id",
            (path, sha256),
        )

    def drop_placeless(self, connection: Transaction, sha256: str) -> bool:
        """Delete a document without any path; inside `Catalog.writing()`."""
        gone = connection.execute(
            "DELETE FROM document WHERE sha256 = ?"
            " AND NOT EXISTS (SELECT 1 FROM place WHERE document_id = document.id)",
            (sha256,),
        )
        if gone.rowcount:
            mark_deletion(connection)
        return bool(gone.rowcount)

    def below(self, root: str) -> list[tuple[str, str]]:
        """(place, document) of a folder or archive, and of the path itself."""
        found: dict[str, str] = {}
        for start in (root.rstrip("/") + "/", root + INSIDE):
            end = start[:-1] + "0"  # what follows a slash: so the table's own order is used
            found |= self._database.all(
                "SELECT path, name FROM place JOIN document ON document.id = document_id"
                " WHERE path = ? OR (path >= ? AND path < ?) ORDER BY path",
                root, start, end,
            )  # fmt: skip
        return sorted(found.items())

    def inside(self, place: str) -> int:
        """The number of files inside a file that have a document."""
        return sum(1 for found, _ in self.below(place) if found != place)

    def lost(self, roots: Sequence[Path]) -> list[tuple[str, str]]:
        """(place, document) below some folders where no file is left."""
        places = dict(place for root in roots for place in self.below(str(root.absolute())))
        return [(place, document) for place, document in places.items() if not exists(place)]

    def forget(self, places: Collection[str]) -> list[tuple[str, str]]:
        """Delete places. Returns (name, sha256) of documents deleted with their last place."""
        if not places:
            return []
        gone = []
        with self._catalog.writing() as connection:
            for place in places:
                sha256 = self.found_at(place)
                for table in ("place", "container", "job"):
                    connection.execute(f"DELETE FROM {table} WHERE path = ?", (place,))
                name = self._catalog.named(sha256) if sha256 else ""
                if sha256 and self.drop_placeless(connection, sha256):
                    gone.append((name, sha256))
        return gone

    def move(self, old: str, new: str) -> None:
        """What is below a folder is below another one."""
        start, begins = old + os.sep, len(old) + 1
        with self._catalog.writing() as connection:
            for table in ("place", "container", "job"):
                below = f"SELECT ? || substr(path, ?) FROM {table} WHERE substr(path, 1, ?) = ?"
                values = (new, begins, len(start), start)
                connection.execute(f"DELETE FROM {table} WHERE path IN ({below})", values)
                connection.execute(
                    f"UPDATE {table} SET path = ? || substr(path, ?) WHERE substr(path, 1, ?) = ?",
                    values,
                )

    def take(self, connection: Transaction, place: str, name: str, sha256: str) -> str | None:
        """Record where known bytes were found. Returns the old name of a moved document.

        Inside `Catalog.writing()`. It has moved when none of its places has a file any more.
        """
        old = [path for path in self.of(sha256) if path != place]
        dead = [path for path in old if not exists(path)]
        connection.executemany("DELETE FROM place WHERE path = ?", [(path,) for path in dead])
        self.put(connection, place, sha256)
        if not old or len(dead) < len(old):
            return None
        return self._rename(connection, sha256, name)

    def free_name(self, name: str, place: str, sha256: str) -> str:
        """A free name: with folders before it, or a mark after it, if another document has it."""
        path = Path(place.replace(INSIDE, "/"))
        parents = path.parent.parts
        candidates = [name] + [
            "/".join((*parents[-depth:], path.name)) for depth in range(1, len(parents))
        ]
        has = "SELECT sha256 FROM document WHERE name = ?"
        free = (one for one in candidates if self._database.value(has, one) in (None, sha256))
        return next(free, f"{name} ({sha256[:8]})")

    def _rename(self, connection: Transaction, sha256: str, name: str) -> str | None:
        place = self.of(sha256)[0]
        new, old = self.free_name(name, place, sha256), self._catalog.named(sha256)
        if new == old:
            return old
        (id,) = connection.execute(
            "UPDATE document SET name = ?, names = '' WHERE sha256 = ? RETURNING id", (new, sha256)
        ).fetchone()
        catalog_rows.put_card_again(connection, id)
        return old


# -- The languages of a library: how many passages each has

Counts = dict[str, int]  # passages by language


def count_languages(catalog: Catalog) -> Counts:
    """Passages by the language of their document, most first; UNKNOWN for tables and the like."""
    rows = catalog.database.all(
        "SELECT language, sum(chunks) FROM document GROUP BY language ORDER BY 2 DESC"
    )
    return {language: count for language, count in rows if count}


def share_of_english(counts: Mapping[str, int]) -> float:
    """Of the passages whose language is known, 0 to 1; 1 where none is."""
    told = sum(count for language, count in counts.items() if language != UNKNOWN)
    return counts.get(ENGLISH, 0) / told if told else 1.0
