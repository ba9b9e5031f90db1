"""Moves the catalogues of a home between SQLite and PostgreSQL, and its files between folders and a
bucket, one library after the other."""

from collections.abc import Iterator
from typing import Literal

from assistant.build import composition
from assistant.build.bucket import bucket
from assistant.build.database import catalogue
from assistant.errors import SettingsError
from assistant.libraries.named import leave_server
from assistant.libraries.waiting import all_waiting, clear
from assistant.settings import Settings
from vectorstore.catalog.opened import schema_of
from vectorstore.maintenance.engines import Moved, to_postgres, to_sqlite
from vectorstore.maintenance.file_places import MovedFiles, to_bucket, to_folder

Engine = Literal["postgresql", "sqlite"]
FilesPlace = Literal["s3", "folder"]


def move_files(settings: Settings, to: FilesPlace) -> Iterator[tuple[str, MovedFiles | None]]:
    """As `move_home`, for the copies of files. Raises SettingsError, LibraryError."""
    found = bucket(settings)
    if found is None:
        raise SettingsError(
            "The setting 'files' names no bucket: set it, as in PINCITE_FILES=s3://bucket/pincite."
        )
    move = to_bucket if to == "s3" else to_folder
    for name in composition.libraries(settings):
        yield name, move(settings.libraries_folder / name, found)
    clear(settings)
    for gone in all_waiting(settings):
        yield f"{gone.library} (deleted)", move(gone.folder, found)


def move_home(settings: Settings, to: Engine) -> Iterator[tuple[str, Moved | None]]:
    """(library, what was moved), None where it is there already. One that fails ends it: those
    before it are moved, and the next call goes on. Deleted libraries that wait for the end of their
    day come last: nothing would clear them away where no setting leads. Raises SettingsError,
    LibraryError."""
    server = catalogue(settings)
    if server is None:
        raise SettingsError(
            "The setting 'catalogue' names no PostgreSQL: set it, as in"
            " PINCITE_CATALOGUE=postgresql://pincite@db.example.org:5432/pincite."
        )
    for name in composition.libraries(settings):
        folder = settings.libraries_folder / name
        if to == "postgresql":
            yield name, to_postgres(folder, server)
        else:
            if schema_of(folder):
                leave_server(settings, name)
            yield name, to_sqlite(folder, server)
    clear(settings)
    move = to_postgres if to == "postgresql" else to_sqlite
    for gone in all_waiting(settings):
        yield f"{gone.library} (deleted)", move(gone.folder, server)
