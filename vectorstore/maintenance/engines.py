"""Moves the catalogue of a library between SQLite and PostgreSQL.

Everything is copied and compared before one file is renamed, which is the move. Until then the
library is where it was, whatever happens; what is left behind is removed by the next attempt.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vectorstore.catalog.engine import Transaction
from vectorstore.catalog.opened import FILE, MARK, keep_names, mark, new_schema, schema_of
from vectorstore.catalog.postgres.copying import copy_all, fingerprints
from vectorstore.catalog.postgres.database import PostgresDatabase
from vectorstore.catalog.sqlite.database import MOVED, Database
from vectorstore.errors import HomeNotWritable, LibraryBusy, LibraryError
from vectorstore.indexing.jobs import alone
from vectorstore.maintenance.migration import discard
from vectorstore.postgres.server import Server

_ARRIVING = "catalog.arriving"  # names a schema that is being filled
_LEAVING = "catalog.leaving"  # names a schema that has to be dropped
_NEW = "catalog.new.sqlite"


@dataclass(frozen=True)
class Moved:
    """What was copied and compared."""

    documents: int
    passages: int
    rows: int


def to_postgres(folder: Path, server: Server) -> Moved | None:
    """None where it is there already. Raises LibraryBusy or LibraryError, with nothing changed."""
    with alone_in(folder):
        _tidy(folder, server)
        if schema_of(folder) or not (folder / FILE).exists():
            return None
        schema = new_schema()
        (folder / _ARRIVING).write_text(schema, "ascii")
        source = Database(folder / FILE)
        try:
            # Nobody else writes until the end, and who has it open still hears of the move.
            with source.transaction() as reading:
                moved = _into_postgres(reading, server, schema)
                mark(folder, schema)
                reading.execute(f"PRAGMA user_version = {MOVED}")
        finally:
            source.close()
            _tidy(folder, server)
        shutil.rmtree(folder / "chroma", ignore_errors=True)  # it has vectors of the old place
        discard(folder / "catalog.next.sqlite")
        return moved


def to_sqlite(folder: Path, server: Server) -> Moved | None:
    """None where it is there already. Raises LibraryBusy or LibraryError, with nothing changed."""
    with alone_in(folder):
        _tidy(folder, server)
        if not (schema := schema_of(folder)):
            return None
        source = PostgresDatabase(server, schema)
        try:
            # Who waits to write has its turn when this is committed, and then hears of the move.
            with source.transaction() as reading:
                moved = _into_sqlite(reading, folder / _NEW)
                source.say_moved(reading)
                (folder / _NEW).replace(folder / FILE)
                (folder / MARK).replace(folder / _LEAVING)
                keep_names(folder)
        finally:
            source.close()
            _tidy(folder, server)
        return moved


def _into_postgres(reading: Transaction, server: Server, schema: str) -> Moved:
    target = PostgresDatabase(server, schema, make=True)
    try:
        with target.transaction() as connection:
            copy_all(reading, connection)
            target.number_on(connection)
        with target.snapshot() as connection:
            return _compared(reading, connection)
    finally:
        target.close()


def _into_sqlite(reading: Transaction, path: Path) -> Moved:
    discard(path)
    target = Database(path)
    try:
        with target.transaction() as connection:
            copy_all(reading, connection)
        with target.snapshot() as connection:
            return _compared(reading, connection)
    finally:
        target.close()


def _compared(source: Transaction, target: Transaction) -> Moved:
    """Raises LibraryError when a row differs."""
    before, after = fingerprints(source), fingerprints(target)
    if wrong := [table for table in before if before[table] != after[table]]:
        raise LibraryError(
            f"The copy of the catalogue differs in {', '.join(wrong)}, so it stays where it is. "
            "Somebody may have changed it meanwhile: end the app and other commands, and try again."
        )
    rows = sum(count for count, _ in before.values())
    return Moved(before["document"][0], before["chunk"][0], rows)


def _tidy(folder: Path, server: Server) -> None:
    """Remove what is not the catalogue: of an attempt that did not end, or of one that did."""
    for name in (_ARRIVING, _LEAVING):
        note = folder / name
        if note.exists():
            schema = note.read_text("ascii").strip()
            if schema and schema != schema_of(folder):
                PostgresDatabase.drop_schema(server, schema)
            note.unlink()
    discard(folder / _NEW)
    if (folder / MARK).exists():
        discard(folder / FILE)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """No other process adds to a library's folder or has its index open. Raises LibraryBusy, and
    HomeNotWritable for an error of the disk."""
    with alone(folder / "adding.lock") as adding, alone(folder / "chroma.lock") as index:
        if not (adding and index):
            raise LibraryBusy(
                f"{folder.name} is in use: files are being added to it, or another program has it "
                "open. End that, and try again."
            )
        try:
            yield
        except OSError as error:
            raise HomeNotWritable(f"{folder} cannot be written: {error.strerror}.") from error
