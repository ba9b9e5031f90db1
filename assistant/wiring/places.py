"""Where a home keeps people, conversations and the like: in its own files, or where its catalogues
are, in the PostgreSQL of a team.
"""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from assistant.conversation.history import Conversations
from assistant.errors import AssistantError, SettingsError
from assistant.models.server_address import kept
from assistant.receipts.record import Receipts
from assistant.security.network_guard import QUIET, permit
from assistant.settings import Settings
from assistant.sources.source_list import LOCK, noted
from assistant.storage.conversation_tables import CONVERSATIONS
from assistant.storage.files import AnswerFiles
from assistant.storage.part import Place, TeamTables, mark_of
from vectorstore import workers
from vectorstore.database.schema import Schema
from vectorstore.indexing.jobs import alone
from vectorstore.team.postgres import Server
from vectorstore.team.ray_workers import RayCluster
from vectorstore.team.s3 import Bucket
from vectorstore.worker_address import parsed
from vectorstore.workers import Hire

# -- The bucket that settings name, with its key


def bucket(settings: Settings) -> Bucket | None:
    """Where the files of libraries are, which the network guard lets through from now on; None
    where they are in the home. Raises SettingsError without an address of its server, or a key."""
    if not settings.files:
        return None
    if not settings.files_endpoint:
        raise SettingsError(
            f"The setting 'files' names {settings.files}, and none says at which server: set"
            " PINCITE_FILES_ENDPOINT, as in https://s3.eu-central-1.amazonaws.com."
        )
    found = Bucket(
        settings.files, settings.files_endpoint, settings.files_region,
        settings.files_key.get_secret_value(), settings.files_secret.get_secret_value(),
        settings.files_cache_mb,
    )  # fmt: skip
    if not found.secret:
        found = replace(found, secret=kept(f"{found.host}:{found.port}"))
    if not (found.key and found.secret):
        raise SettingsError(
            f"There is no key for {found.place}: set PINCITE_FILES_KEY and PINCITE_FILES_SECRET, or"
            f" keep the secret in the keyring of the system (`keyring set pincite"
            f" {found.host}:{found.port}`)."
        )
    permit(found.host, found.port, "files")
    return found


# -- The PostgreSQL servers that settings name, each with its password


def opened(address: str, settings: Settings, reason: str) -> Server:
    """The server, which the network guard lets through from now on. Its password is of the
    settings, else of the keyring; without one the driver may know another way."""
    password = settings.database_password.get_secret_value()
    server = Server(address, password or kept(Server(address).place))
    permit(server.host, server.port, reason)
    return server


def catalogue_server(settings: Settings) -> Server | None:
    """The one that has the catalogues; None where they are in the home."""
    return opened(settings.catalogue, settings, "catalogue") if settings.catalogue else None


def vectors_server(settings: Settings) -> Server | None:
    """The one that has the vectors alone; None where no setting names one."""
    return opened(settings.vectors, settings, "vectors") if settings.vectors else None


def place_of_part(settings: Settings, part: Schema) -> Place:
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


def team_tables(settings: Settings, part: Schema, server: Server) -> TeamTables:
    """The part in PostgreSQL, wherever it is now."""
    return TeamTables(server, part, mark_of(settings.home / f"{part.name}.sqlite"))


def _elsewhere(part: Schema, file: Path, mark: Path) -> str:
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
    return catalogue_server(settings)  # which may ask the keyring


# -- The files of answers of a home, with all that mentions them: conversations and receipts


def answer_files(settings: Settings) -> AnswerFiles:
    """The files of answers; each use raises AssistantError where tables cannot be used."""
    return AnswerFiles(settings.home, lambda: _in_use(settings), lambda: _empty(settings))


def _in_use(settings: Settings) -> set[str]:
    at = place_of_part(settings, CONVERSATIONS)
    return Conversations(at).files() | Receipts(at).files()


def _empty(settings: Settings) -> bool:
    at = place_of_part(settings, CONVERSATIONS)
    return Conversations(at).is_empty() and Receipts(at).is_empty()


# -- Who reads the files of an `add`: processes of this machine, or a Ray cluster of the settings


def hire(settings: Settings) -> Hire:
    """What starts the workers of an `add`. The network guard admits the cluster from now on."""
    found = cluster(settings)
    return found.hire if found else workers.here


def cluster(settings: Settings) -> RayCluster | None:
    """The Ray cluster that reads files; None where this machine does."""
    address = parsed(settings.workers)
    if address is None:
        return None
    permit(address.host, address.port, "workers")
    return RayCluster(address, located, tuple(QUIET.items()))


def located(path: Path) -> Path | None:
    """On a worker: a model that the sender has at `path`. At the same path, else in the home."""
    there = Settings.load().models_folder / path.name
    return next((one for one in (path, there) if one.exists()), None)


# -- What the sources of a library have fetched: mails, and files of WebDAV folders


@contextmanager
def none_fetched(settings: Settings, library: str) -> Iterator[bool]:
    """Whether no source of a library is being fetched; none begins to be until the block ends."""
    with ExitStack() as stack:
        locks = (one / LOCK for one in settings.sources_folder(library).glob("*/"))
        yield all([stack.enter_context(alone(lock)) for lock in locks])


def delete_fetched(settings: Settings, library: str, sha256: Collection[str]) -> None:
    """Delete fetched files by their content. They stay noted, so that they do not come again,
    unless they change at the server."""
    for folder in settings.sources_folder(library).glob("*/"):
        for row in noted(folder):
            if row.sha256 in sha256:
                (folder / row.path).unlink(missing_ok=True)
