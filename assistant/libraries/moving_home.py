"""Moves a home between SQLite and PostgreSQL, and its files between folders and a bucket, one
library after the other."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from assistant.accounts import database as accounts
from assistant.build import composition
from assistant.build.stores.bucket import bucket
from assistant.build.stores.database import catalogue
from assistant.build.stores.home_tables import team_tables
from assistant.conversation import tables as conversations
from assistant.conversation.history import Conversations
from assistant.errors import AssistantError, SettingsError
from assistant.libraries.named import leave_server
from assistant.libraries.waiting import all_waiting, clear
from assistant.receipts.record import Receipts
from assistant.settings import Settings
from assistant.storage import moving
from assistant.storage.mark import mark_of
from assistant.storage.moving import MovedRows, Opened
from assistant.storage.part import Part
from vectorstore.catalog.opened import schema_of
from vectorstore.indexing.jobs import alone
from vectorstore.maintenance.engines import Moved, to_postgres, to_sqlite
from vectorstore.maintenance.file_places import MovedFiles, to_bucket, to_folder
from vectorstore.postgres.server import Server

Engine = Literal["postgresql", "sqlite"]
FilesPlace = Literal["s3", "folder"]

_PARTS: list[tuple[Part, Opened]] = [  # of a home, beside its libraries
    (accounts.PART, lambda file: [accounts.Database(file)]),
    (conversations.PART, lambda file: [Conversations(file), Receipts(file)]),
]


def move_files(settings: Settings, to: FilesPlace) -> Iterator[tuple[str, MovedFiles | None]]:
    """As `move_home`, for the copies of files. Raises SettingsError, AssistantError,
    LibraryError."""
    found = bucket(settings)
    if found is None:
        raise SettingsError(
            "The setting 'files' names no bucket: set it, as in PINCITE_FILES=s3://bucket/pincite."
        )
    move = to_bucket if to == "s3" else to_folder
    with _only_move(settings):
        for name in composition.libraries(settings):
            yield name, move(settings.libraries_folder / name, found)
        clear(settings)
        for gone in all_waiting(settings):
            yield f"{gone.library} (deleted)", move(gone.folder, found)


def move_home(settings: Settings, to: Engine) -> Iterator[tuple[str, Moved | MovedRows | None]]:
    """(what, what was moved of it), None for what is there already. One that fails ends
    it: those before it are moved, and the next call goes on.

    People and conversations come first, under names that are in parentheses; then libraries; then
    deleted ones that wait for the end of their day, since nothing would clear them away where no
    setting leads. Raises SettingsError, AssistantError, LibraryError."""
    server = catalogue(settings)
    if server is None:
        raise SettingsError(
            "The setting 'catalogue' names no PostgreSQL: set it, as in"
            " PINCITE_CATALOGUE=postgresql://pincite@db.example.org:5432/pincite."
        )
    with _only_move(settings):
        yield from _move_parts(settings, to, server)
        for name in composition.libraries(settings):
            yield name, _move_library(settings, name, to, server)
        clear(settings)
        move = to_postgres if to == "postgresql" else to_sqlite
        for gone in all_waiting(settings):
            yield f"{gone.library} (deleted)", move(gone.folder, server)


def shares(settings: Settings) -> bool:
    """Whether people or conversations are where other homes may have theirs, too. Raises
    AssistantError."""
    server = catalogue(settings)
    kept = [team_tables(settings, part, server) for part, _ in _PARTS] if server else []
    return any(tables.marked() and not tables.have_left() for tables in kept)


@contextmanager
def _only_move(settings: Settings) -> Iterator[None]:
    """Two at once would take each other's half-made files for leavings."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AssistantError(f"{settings.home} cannot be made: {error.strerror}.") from error
    with alone(settings.home / "moving.lock") as free:
        if not free:
            raise AssistantError(
                f"{settings.home} is being moved, or cannot be written: wait for the other"
                " `pincite migrate-home`, and try again."
            )
        yield


def _move_library(settings: Settings, name: str, to: Engine, server: Server) -> Moved | None:
    folder = settings.libraries_folder / name
    if to == "postgresql":
        return to_postgres(folder, server)
    if schema_of(folder):
        leave_server(settings, name)
    return to_sqlite(folder, server)


def _move_parts(
    settings: Settings, to: Engine, server: Server
) -> Iterator[tuple[str, MovedRows | None]]:
    move = moving.to_postgres if to == "postgresql" else moving.to_sqlite
    for part, opened in _PARTS:
        file = settings.home / f"{part.name}.sqlite"
        moved = move(file, team_tables(settings, part, server), opened)
        if moved or (mark_of(file) if to == "postgresql" else file).exists():
            yield f"({part.what})", moved
