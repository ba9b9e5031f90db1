"""Whether the PostgreSQL that keeps catalogues answers, and what it has of this home."""

from collections.abc import Iterator

from assistant.build.database import catalogue
from assistant.doctor.check import Check
from assistant.settings import Settings
from vectorstore.catalog.opened import FILE, MARK, schema_of
from vectorstore.catalog.postgres.database import PostgresDatabase
from vectorstore.errors import LibraryError
from vectorstore.postgres.server import Server

_MOVE = "pincite migrate-home {}"


def check(settings: Settings) -> Iterator[Check]:
    """Nothing is made anywhere."""
    folders = sorted(settings.libraries_folder.glob("*/"))
    server = catalogue(settings)
    if server is None:
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
    for folder in folders:
        if (folder / MARK).exists():
            yield _library(folder.name, server, schema_of(folder))
        elif (folder / FILE).exists():
            said = "Its catalogue is in SQLite, and the setting `catalogue` names PostgreSQL."
            yield Check(f"library {folder.name}", "error", said, _MOVE.format("postgresql"))


def _library(name: str, server: Server, schema: str) -> Check:
    try:
        database = PostgresDatabase(server, schema)
        ((count,),) = database.all("SELECT count(*) FROM document")
        database.close()
    except LibraryError as error:
        return Check(f"library {name}", "error", str(error), "Restore a backup of PostgreSQL.")
    return Check(f"library {name}", "ok", f"{count} documents, in PostgreSQL")
