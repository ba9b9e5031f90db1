"""The catalogue of a library's folder: in an SQLite file, or in PostgreSQL.

A library in PostgreSQL has a mark in its folder, which names its schema. So the folder may be
renamed, deleted and brought back, and no library is ever opened in the wrong place.
"""

import os
import re
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from vectorstore.catalog.catalog import Catalog
from vectorstore.catalog.postgres.database import PostgresDatabase
from vectorstore.errors import HomeNotWritable, LibraryError
from vectorstore.postgres.server import Server

FILE = "catalog.sqlite"
MARK = "catalog.postgresql"
_SCHEMA = re.compile(r"pincite_[0-9a-f]{32}")


def catalog(folder: Path, library: str, server: Server | None = None) -> Catalog:
    """The catalogue, made where there is none. Raises HomeNotWritable or LibraryError: also where
    it is in another place than asked for."""
    file, schema = folder / FILE, schema_of(folder)
    if server is None:
        if schema:
            raise LibraryError(
                f"The catalogue of {library!r} is in PostgreSQL, and no setting says where: set"
                " `catalogue` again. With it, `pincite migrate-home sqlite` moves it back."
            )
        return Catalog(file, library)
    if not schema and file.exists():
        raise LibraryError(
            f"The catalogue of {library!r} is in {file}, and the setting `catalogue` names"
            " PostgreSQL: move it there with `pincite migrate-home postgresql`."
        )
    database = PostgresDatabase(server, schema) if schema else _made(folder, server)
    return Catalog(file, library, database)


def schema_of(folder: Path) -> str:
    """The schema of a library in PostgreSQL; empty for any other. Raises LibraryError for a mark
    that this program has not written: its name goes into statements, also into those that delete.
    """
    try:
        schema = (folder / MARK).read_text("ascii", "replace").strip()
    except OSError:
        return ""
    if not _SCHEMA.fullmatch(schema):
        raise LibraryError(f"{folder / MARK} is damaged: put back a copy of it.")
    return schema


def is_library(folder: Path) -> bool:
    """Whether there is a catalogue."""
    return (folder / FILE).exists() or (folder / MARK).exists()


def file_of(folder: Path) -> Path:
    """The file that tells a library from another one in the same place: catalogue, or mark."""
    return folder / MARK if (folder / MARK).exists() else folder / FILE


def drop(folder: Path, server: Server | None) -> None:
    """Delete what a folder has in PostgreSQL, before it is deleted itself. Raises LibraryError."""
    schema = schema_of(folder)
    if schema and server is None:
        raise LibraryError(f"{folder} has a catalogue in PostgreSQL, and no setting says where.")
    if schema and server:
        PostgresDatabase.drop_schema(server, schema)


def new_schema() -> str:
    """A name that no other library has."""
    return f"pincite_{uuid4().hex}"


def mark(folder: Path, schema: str) -> None:
    """Say in a folder which schema has its catalogue, also after a loss of power. Raises
    FileExistsError."""
    scratch = folder / f".{schema}"
    _write(scratch, schema, "w")
    try:
        os.link(scratch, folder / MARK)  # completely or not at all; the first process wins
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        _write(folder / MARK, schema, "x")
    finally:
        scratch.unlink(missing_ok=True)
    keep_names(folder)


def keep_names(folder: Path) -> None:
    """The names in a folder survive a loss of power from now on, where the system can do that: on
    Windows it does so by itself."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write(path: Path, text: str, mode: str) -> None:
    with path.open(mode, encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _made(folder: Path, server: Server) -> PostgresDatabase:
    made = PostgresDatabase(server, new_schema(), make=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        mark(folder, made.schema)  # not before it is there: others open what is marked
        return made
    except OSError as error:
        made.close()
        PostgresDatabase.drop_schema(server, made.schema)
        if schema := schema_of(folder):  # another process was faster
            return PostgresDatabase(server, schema)
        raise HomeNotWritable(f"{folder} cannot be written: {error.strerror}.") from error
