"""What a person decides about models: which one a role has, and whether the gate is fitted to it.

The commands, the app and other programs call the same functions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from assistant.build import classifiers
from assistant.build.gate import fitted, identity, named
from assistant.build.models import server_embedder, server_model
from assistant.build.stores.home_tables import place
from assistant.conversation.tables import PART
from assistant.conversation.waits import Waits
from assistant.errors import AssistantError
from assistant.models.expected import Expected, expected
from assistant.models.roles import BY_CHOICE, Role, missing_extra
from assistant.models.server.address import Served, ServerAddress
from assistant.models.store import AUTO, OFF, Models
from assistant.settings import PREFIX, Settings

SERVED: tuple[str, ...] = get_args(Served)  # the roles that a server can have


@dataclass(frozen=True)
class InUse:
    """The model of a role."""

    name: str = ""  # of the catalogue, a file, an address, a package; empty: none
    is_server: bool = False
    setting: str = ""  # the variable that names it, before any choice; empty: none does
    trouble: str = ""  # why it cannot be used


@dataclass(frozen=True)
class Choice:
    """What is remembered for a role."""

    name: str  # of a server with the name of its model
    path: Path | None  # None where it is elsewhere, or none


def in_use(settings: Settings, role: Role) -> InUse:
    """Which model the role has now."""
    models = Models(settings.models_folder, settings)
    setting = f"{PREFIX}{settings.field_of(role).upper()}" if settings.model(role) else ""
    try:
        if address := models.server(role):
            return InUse(str(address), is_server=True, setting=setting)
        if extension := models.extension(role):
            return InUse(extension.name, setting=setting)
        return InUse(_name(models, models.chosen(role)), setting=setting)
    except AssistantError as error:
        return InUse(setting=setting, trouble=str(error))


def use(settings: Settings, role: Role, name: str) -> Choice:
    """Choose a model by name, path or address; AUTO and OFF as `Models.use` takes them.

    A server is asked which models it has, and a classifier is loaded: what cannot be used is not
    chosen. Raises AssistantError or LibraryError.
    """
    address = ServerAddress.parse(name) if role in SERVED else None
    if address:
        name = str(_asked(address, settings, role))
    if role in BY_CHOICE and name not in (AUTO, OFF):
        classifiers.prepare(settings, role, name)
    return Choice(name, Models(settings.models_folder, settings).use(role, name))


def _asked(address: ServerAddress, settings: Settings, role: Role) -> ServerAddress:
    if role == "chat":
        return server_model(address, settings)
    found: ServerAddress = server_embedder(address, settings).address
    return found


def lacks_gate(settings: Settings) -> bool:
    """Whether a chat model is chosen to which no gate was fitted. Raises AssistantError."""
    if missing_extra("chat"):
        return False
    models = Models(settings.models_folder, settings)
    if address := models.server("chat"):
        return fitted(settings, named(str(address))) is None
    path = None if models.extension("chat") else models.chosen("chat")
    return path is not None and fitted(settings, identity(settings, path)) is None


def first_words(settings: Settings) -> Mapping[str, Expected]:
    """How long each local chat model lets people wait for its first word on this machine, by name:
    as it was measured, or as the wait for another one tells. Raises AssistantError."""
    models = Models(settings.models_folder, settings)
    files = {model.name: Path(model.file).stem for model in models.models if model.role == "chat"}
    files |= {m.name: m.path.stem for m in models.installed() if m.role == "chat"}
    sizes = {model.name: model.weights for model in models.models if model.weights}
    measured = Waits(place(settings, PART)).by_model()
    return expected(sizes, {name: measured.get(file, []) for name, file in files.items()})


def _name(models: Models, path: Path | None) -> str:
    if path is None:
        return ""
    return next((m.name for m in models.installed() if m.path == path), str(path))
