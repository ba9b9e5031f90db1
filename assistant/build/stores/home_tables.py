"""Where a home keeps people, conversations and the like: in its own files, or where its catalogues
are, in the PostgreSQL of a team."""

from functools import lru_cache
from pathlib import Path

from assistant.build.stores.database import catalogue
from assistant.errors import AssistantError
from assistant.settings import Settings
from assistant.storage.mark import mark_of
from assistant.storage.part import Part
from assistant.storage.sqlite_file import Place
from assistant.storage.team_tables import TeamTables
from vectorstore.postgres.server import Server


def place(settings: Settings, part: Part) -> Place:
    """Raises AssistantError where the part is in another place than the settings say: nothing of a
    home is ever taken for not being there."""
    file = settings.home / f"{part.name}.sqlite"
    mark, server = mark_of(file), _team(settings)
    if server is None:
        if mark.exists():
            raise AssistantError(
                f"The {part.what} of this home are in PostgreSQL, and no setting says where: set"
                " `catalogue` again. With it, `pincite migrate-home sqlite` moves them back."
            )
        return file
    if file.exists():
        raise AssistantError(_elsewhere(part, file, mark))
    return TeamTables(server, part, mark)


def team_tables(settings: Settings, part: Part, server: Server) -> TeamTables:
    """The part in PostgreSQL, wherever it is now."""
    return TeamTables(server, part, mark_of(settings.home / f"{part.name}.sqlite"))


def _elsewhere(part: Part, file: Path, mark: Path) -> str:
    if mark.exists():
        return (
            f"A move of the {part.what} between {file} and PostgreSQL did not end: call the same"
            " `pincite migrate-home` again."
        )
    return (
        f"The {part.what} of this home are in {file}, and the setting `catalogue` names PostgreSQL:"
        " move them there with `pincite migrate-home postgresql`."
    )


@lru_cache
def _team(settings: Settings) -> Server | None:
    return catalogue(settings)  # which may ask the keyring
