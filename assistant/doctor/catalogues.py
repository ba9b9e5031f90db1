"""Whether the PostgreSQL of a team answers, and what it has of this home."""

from collections.abc import Iterator

from assistant.accounts import database as accounts
from assistant.build.stores.database import catalogue
from assistant.build.stores.home_tables import team_tables
from assistant.conversation import tables as conversations
from assistant.doctor.check import Check
from assistant.errors import AssistantError
from assistant.settings import Settings
from assistant.storage.mark import BACK, file_of, mark_of
from assistant.storage.team_tables import TeamTables
from vectorstore.catalog.opened import FILE, MARK, schema_of
from vectorstore.catalog.postgres.database import PostgresDatabase
from vectorstore.errors import LibraryError
from vectorstore.postgres.server import Server

_PARTS = accounts.PART, conversations.PART  # of a home, beside its libraries
_MOVE = "pincite migrate-home {}"


def check(settings: Settings) -> Iterator[Check]:
    """Nothing is made anywhere."""
    folders = sorted(settings.libraries_folder.glob("*/"))
    server = catalogue(settings)
    if server is None:
        yield from _parts_without_server(settings)
        for folder in folders:
            if schema_of(folder):
                yield Check(
                    f"library {folder.name}", "error", "Its catalogue is in PostgreSQL, and the"
                    " setting `catalogue` does not say where.", "Set PINCITE_CATALOGUE again.",
                )  # fmt: skip
        yield Check("catalogue", "ok", "SQLite, in the folder of each library")
        return
    try:
        yield Check("catalogue", "ok", f"PostgreSQL {server.version()} at {server.place}")
    except LibraryError as error:
        yield Check("catalogue", "error", str(error), "Start PostgreSQL, or check its address.")
        return
    for part in _PARTS:
        yield from _part(team_tables(settings, part, server))
    for folder in folders:
        if (folder / MARK).exists():
            yield _library(folder.name, server, schema_of(folder))
        elif (folder / FILE).exists():
            said = "Its catalogue is in SQLite, and the setting `catalogue` names PostgreSQL."
            yield Check(f"library {folder.name}", "error", said, _MOVE.format("postgresql"))


def _parts_without_server(settings: Settings) -> Iterator[Check]:
    for part in _PARTS:
        if mark_of(settings.home / f"{part.name}.sqlite").exists():
            said = "In PostgreSQL, and the setting `catalogue` does not say where."
            yield Check(part.name, "error", said, "Set PINCITE_CATALOGUE again.")


def _part(tables: TeamTables) -> Iterator[Check]:
    """Nothing where the home has neither a file nor a mark."""
    name, file = tables.part.name, file_of(tables.mark)
    try:
        mark = tables.marked()
        if file.exists():
            to = "sqlite" if mark and mark.move == BACK else "postgresql"
            where = f"In {file}, and the setting `catalogue` names PostgreSQL."
            said = f"A move between {file} and PostgreSQL did not end." if mark else where
            yield Check(name, "error", said, _MOVE.format(to))
        elif mark and tables.is_there():
            yield Check(name, "ok", "in PostgreSQL")
    except AssistantError as error:
        remedy = "Name the right database in PINCITE_CATALOGUE, or restore its backup."
        yield Check(name, "error", str(error), remedy)


def _library(name: str, server: Server, schema: str) -> Check:
    try:
        database = PostgresDatabase(server, schema)
        ((count,),) = database.all("SELECT count(*) FROM document")
        database.close()
    except LibraryError as error:
        return Check(f"library {name}", "error", str(error), "Restore a backup of PostgreSQL.")
    return Check(f"library {name}", "ok", f"{count} documents, in PostgreSQL")
