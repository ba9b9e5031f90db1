"""Moves a home between SQLite and PostgreSQL, and its files between folders and a bucket, one
library after the other.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant.errors import AssistantError, SettingsError
from assistant.libraries.libraries import all_waiting, clear, leave_server
from assistant.settings import Settings
from assistant.storage.part import HomeFile, TeamTables, keep_mark, mark_of
from assistant.wiring import composition
from assistant.wiring.people import PARTS
from assistant.wiring.places import bucket, catalogue_server, team_tables
from vectorstore.database.schema import Schema, Transaction, fingerprints
from vectorstore.indexing.jobs import alone
from vectorstore.opened import keep_names, schema_of
from vectorstore.team import moving
from vectorstore.team.moving import Moved, MovedFiles
from vectorstore.team.postgres import Inside

# -- Moves a part of a home between its SQLite file and the PostgreSQL of a team
# All rows are copied and compared first. While both the file and the mark are there, the move has
# not ended, and nobody uses the part: the next move compares the two to find which of them has it.

_NEW = ".new.sqlite"


@dataclass(frozen=True)
class MovedRows:
    """How many rows were copied and compared."""

    rows: int
    tables: dict[str, int]  # the rows of each


def tables_to_postgres(file: Path, tables: TeamTables) -> MovedRows | None:
    """Move them; None when they are there already. Raises AssistantError, changing nothing."""
    _unlink(file.with_suffix(_NEW))  # of a move back that was interrupted
    if not file.exists():
        return None
    if tables.marked():
        if _has_all(tables, file):
            _unlink(file)
            return None
        _unlink(tables.mark)
    here = HomeFile(file, tables.schema)
    # Nobody writes to the file until the end.
    with tables.making(), here.transaction() as source, tables.plain_transaction() as target:
        found = _to_fill(tables, target, file)
        tables.fill(target, source)
        moved = _compared(tables.schema, source, target)
        keep_mark(tables.mark, found)
    _unlink(file)
    return moved


def tables_to_sqlite(file: Path, tables: TeamTables) -> MovedRows | None:
    """Move them, for all homes that share them. None when they are there already. Raises
    AssistantError, changing nothing."""
    if not tables.marked():
        return None
    if file.exists() and not _has_all(tables, file):
        _unlink(tables.mark)
        return None
    new = file.with_suffix(_NEW)
    _unlink(new)
    try:
        with tables.making(), _leaving(tables) as source:
            there = HomeFile(new, tables.schema)
            with there.transaction() as target:
                there.fill(target, source)
                moved = _compared(tables.schema, source, target)
            _put(new, file)
    except Exception:
        _unlink(new)
        raise
    _unlink(tables.mark)
    return moved


class _FileBesideMark(HomeFile):
    def _enter(self) -> None:
        """Of a move that did not end: it is only read."""


def _has_all(tables: TeamTables, file: Path) -> bool:
    """Which of the two has all, after a move that was interrupted: the database, or else the file.
    Raises AssistantError where both have something of their own."""
    here = _FileBesideMark(file, tables.schema)
    with tables.plain_transaction() as target, here.read() as source:
        if tables.marked() != tables.identity(target):
            return False
        rows = fingerprints(tables.schema, target)
        if rows == fingerprints(tables.schema, source):
            return True
        if not any(count for count, _ in rows.values()):
            return False
    raise AssistantError(
        f"The {tables.schema.what} of this home are in PostgreSQL, and there is {file}, too: move"
        " that file away."
    )


def _to_fill(tables: TeamTables, target: Inside, file: Path) -> str:
    """The identity of empty tables, which nobody else uses until the end. Raises AssistantError."""
    if tables.identity(target):
        tables.lock(target)
    found = tables.identity(target) or tables.make(target)
    for table in tables.schema.tables:  # also of new ones: somebody may have dropped only some
        if target.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():
            raise AssistantError(
                f"{tables.server.place} has {tables.schema.what} of another home already, and two"
                f" cannot become one. To use those, move {file} away; to keep these, name another"
                " database in the setting `catalogue`."
            )
    return found


@contextmanager
def _leaving(tables: TeamTables) -> Iterator[Inside]:
    """A transaction after which the tables are gone; nobody else reads or writes meanwhile."""
    with tables.plain_transaction() as connection:
        tables.lock(connection)
        tables.check(connection)
        yield connection
        tables.drop(connection)


def _compared(part: Schema, source: Transaction, target: Transaction) -> MovedRows:
    """Raises AssistantError when a row differs."""
    before, after = fingerprints(part, source), fingerprints(part, target)
    for table in part.tables:
        if before[table] != after[table]:
            raise AssistantError(
                f"The copy of the {part.what} differs in {table}, so they stay where they are."
            )
    counts = {table: count for table, (count, _) in before.items()}
    return MovedRows(sum(counts.values()), counts)


def _put(new: Path, file: Path) -> None:
    try:
        new.replace(file)
    except OSError as error:
        raise AssistantError(
            f"{file} could not be put in its place: {error.strerror}. Make its folder writable, and"
            " try again."
        ) from error
    keep_names(file.parent)


def _unlink(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise AssistantError(
            f"{file} could not be deleted: {error.strerror}. End other commands, and try again."
        ) from error
    keep_names(file.parent)


Engine = Literal["postgresql", "sqlite"]
FilesPlace = Literal["s3", "folder"]


def move_files(settings: Settings, to: FilesPlace) -> Iterator[tuple[str, MovedFiles | None]]:
    """As `move_home`, for the copies of files. Raises SettingsError, AssistantError,
    LibraryError."""
    found = bucket(settings)
    if found is None:
        raise SettingsError(
            "The setting 'files' names no bucket: set it, as in PINCITE_FILES=s3://bucket/pincite."
        )
    move = moving.to_bucket if to == "s3" else moving.to_folder
    with _only_move(settings):
        for name, folder in _folders(settings):
            yield name, move(folder, found)


def move_home(settings: Settings, to: Engine) -> Iterator[tuple[str, Moved | MovedRows | None]]:
    """(what, what was moved of it), None for what is there already. One that fails ends
    it: those before it are moved, and the next call continues.

    People and conversations come first, under names that are in parentheses; then libraries; then
    deleted ones that wait for the end of their day, since nothing would clear them away where no
    setting leads. Raises SettingsError, AssistantError, LibraryError."""
    server = catalogue_server(settings)
    if server is None:
        raise SettingsError(
            "The setting 'catalogue' names no PostgreSQL: set it, as in"
            " PINCITE_CATALOGUE=postgresql://pincite@db.example.org:5432/pincite."
        )
    there = to == "postgresql"
    move_part = tables_to_postgres if there else tables_to_sqlite
    move = moving.to_postgres if there else moving.to_sqlite
    with _only_move(settings):
        for part in PARTS:
            file = settings.home / f"{part.name}.sqlite"
            rows = move_part(file, team_tables(settings, part, server))
            if rows or (mark_of(file) if there else file).exists():
                yield f"({part.what})", rows
        for name, folder in _folders(settings):
            if not there and folder.name == name and schema_of(folder):
                leave_server(settings, name)
            yield name, move(folder, server)


def _folders(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Those of all libraries, and of deleted ones that wait."""
    for name in composition.libraries(settings):
        yield name, settings.libraries_folder / name
    clear(settings)
    for gone in all_waiting(settings):
        yield f"{gone.library} (deleted)", gone.folder


def shares(settings: Settings) -> bool:
    """Whether people or conversations are where other homes may have theirs, too. Raises
    AssistantError."""
    server = catalogue_server(settings)
    kept = [team_tables(settings, part, server) for part in PARTS] if server else []
    return any(tables.marked() for tables in kept)


@contextmanager
def _only_move(settings: Settings) -> Iterator[None]:
    """Two at once would take each other's half-made files for leavings."""
    with suppress(OSError):  # a home that is not there is not free
        settings.home.mkdir(parents=True, exist_ok=True)
    with alone(settings.home / "moving.lock") as free:
        if not free:
            raise AssistantError(
                f"{settings.home} is being moved, or cannot be written: wait for the other"
                " `pincite migrate-home`, and try again."
            )
        yield
