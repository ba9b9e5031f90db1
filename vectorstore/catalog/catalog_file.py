"""The catalogue of a library in an SQLite file: its schema, and what its errors mean."""

from pathlib import Path

from vectorstore.database.schema import Row, Schema
from vectorstore.database.sqlite import OtherVersion, SqliteDatabase, Trouble
from vectorstore.errors import DamagedCatalog, HomeNotWritable, LibraryBusy, LibraryError

MOVED = 1_000_000  # in the place of a version: the catalogue is in PostgreSQL now
_WAIT = 60.0  # seconds to wait for the transaction of another process
_OF_HOME = ("chroma", "deleted")  # beginnings of keys in `meta` that tell of one engine alone


def _script(name: str) -> str:
    return Path(__file__).with_name(f"{name}.sql").read_text("utf-8")


def _copied(table: str, row: Row) -> Row | None:
    """PostgreSQL has no untyped columns."""
    if table == "meta" and row[0].startswith(_OF_HOME):
        return None
    if table == "cell" and row[6] is not None:
        return (*row[:6], _value(row[4], row[6]), row[7])
    return row


def _value(kind: str, value: object) -> object:
    text = str(value)
    try:
        if kind == "number":
            return float(text)
        return int(float(text)) if kind == "truth" else text
    except ValueError:
        return text


CATALOG = Schema(
    "catalog", "catalogue", _script("schema"), _script("sqlite"), _script("postgres"), first=10,
    rowids=("chunk",), words=("chunk_words", "card_words"), postgres_tables=("posting",),
    copied=_copied,
)  # fmt: skip


class CatalogFile(SqliteDatabase):
    """The catalogue in an SQLite file. Raises HomeNotWritable or LibraryError."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, CATALOG, _WAIT, stays_open=True)

    def _explain(self, kind: Trouble, error: Exception, path: Path) -> Exception | None:
        if isinstance(error, OtherVersion):
            return self._other_version(error.version)
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
            return said[0](f"{said[1]} {path.parent}")
        return LibraryError(f"{path} could not be used: {error}.")

    def _other_version(self, version: int) -> LibraryError:
        if version == MOVED:
            return LibraryError(f"{self.path} was moved to PostgreSQL meanwhile: start again.")
        if version < CATALOG.first:
            return LibraryError(unreleased(self.path, version))
        return LibraryError(
            f"{self.path} was made by a newer version of Pincite (schema {version}, this one reads"
            f" up to {CATALOG.version}). Use that version, or start a new library."
        )


def unreleased(place: object, version: int) -> str:
    """What to do with a catalogue of a schema below the first one that was released."""
    return (
        f"{place} was made by a version of Pincite that was never released (schema {version}, this "
        f"one reads from {CATALOG.first}), and nothing in it was changed. Move its folder away and"
        " add the documents again: files/ in that folder holds copies of them."
    )


_SENTENCES: dict[Trouble, tuple[type[LibraryError], str]] = {
    "full": (
        HomeNotWritable,
        "The disk is full: the library is as it was before this step. Free some space near",
    ),
    "failing": (
        HomeNotWritable,
        "The disk is full or failing. Free some space, or check the disk, near",
    ),
    "closed": (HomeNotWritable, "This folder cannot be written; choose another --home than"),
    "unopened": (HomeNotWritable, "This folder cannot be opened for writing:"),
    "busy": (LibraryBusy, "Another process has been writing for a minute; try again later:"),
}
