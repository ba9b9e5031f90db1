"""The models on this disk, and the chosen ones."""

import json
import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from assistant.errors import AssistantError, ModelUnusable
from assistant.models.catalogue import (
    BY_CHOICE,
    KINDS,
    ROLES,
    LocalPath,
    Model,
    Role,
    best_chat_model,
    catalogue,
    find,
    fit,
    found_below,
    role_if_readable,
    role_of,
    this_machine,
    usable,
)
from assistant.models.fetch import (
    SourceKind,
    cached,
    fetch,
    is_good,
    is_whole,
    user_cache,
    weights_of,
)
from assistant.models.hub import Progress, silent
from assistant.models.programs import ENHANCE, PIPER, PROGRAMS, REAL_ESRGAN, IsolatedEnvironment
from assistant.models.server_address import Served, ServerAddress
from assistant.settings import Settings
from ingest import extensions
from ingest.extensions import Extension

if TYPE_CHECKING:
    from rich.table import Table


_GROUPS: dict[Role, str] = {"chat": extensions.CHAT_MODELS, "embedding": extensions.EMBEDDERS}

AUTO = "auto"  # the default, and for a library in several languages another one
OFF = "off"  # no model, for a role that needs none
State = Literal["ok", "damaged", "missing"]


@dataclass(frozen=True)
class Installed:
    """A model on this disk; one outside the catalogue is named by its file."""

    name: str
    role: Role
    path: Path


class Models:
    """The models of a home: fetches, chooses, checks and removes them."""

    def __init__(
        self,
        settings: Settings,
        models: Sequence[Model] | None = None,
        cache: Path | None = None,
    ) -> None:
        self.folder = settings.models_folder
        self.models: Sequence[Model] = catalogue() if models is None else models
        self._named: dict[Role, str] = {role: settings.model(role) for role in ROLES}
        self._extensions_first = settings.extensions_first
        self._choices = settings.home / "models.toml"
        self.cache = cache or user_cache()

    def installed(self) -> list[Installed]:
        """The catalogue's models in its order, then the others by name."""
        known = [
            Installed(model.name, model.role, self._target(model))
            for model in self.models
            if is_whole(model, weights_of(model, self.folder))
        ]
        taken = {model.path for model in known}
        return known + [other for other in self._others() if other.path not in taken]

    def path(self, name_or_path: str) -> Path:
        """The path of a model, given by name or by path.

        Raises ModelUnusable when it is not here or not a model.
        """
        for model in self.installed():
            if model.name == name_or_path:
                return usable(model.path)
        given = Path(name_or_path).expanduser()
        if given.exists():
            return usable(given.resolve())
        if len(given.parts) > 1 or given.suffix in (".gguf", ".safetensors"):
            raise ModelUnusable(f"There is no model at {given}.")
        name = find(name_or_path, self.models).name
        raise ModelUnusable(f"{name} is not on this disk. Fetch it: pincite models pull {name}")

    def pull(
        self,
        name: str,
        progress: Progress = silent,
        only: SourceKind | None = None,
        from_path: Path | None = None,
    ) -> Path:
        """Fetch a model of the catalogue, or take it from a file or folder. Its path.

        With a voice comes the program that speaks with it. A program's name installs that.
        """
        if name in PROGRAMS and not from_path:
            PROGRAMS[name].make(self.cache, progress)
            return PROGRAMS[name].folder(self.cache)
        model = find(name, self.models)
        if from_path:
            model, only = replace(model, sources=(LocalPath(from_path),)), None
        path = usable(fetch(model, self.folder, progress, only, self.cache))
        if model.role == "voice":
            PIPER.make(self.cache, progress)
        return path

    def use(self, role: Role, name_or_path: str) -> Path | None:
        """Remember which model is used for the role, in this home; its path. AUTO forgets it.

        OFF, where a role has models by choice alone, does the same. None for one that an installed
        package or a server brings, and for none. Raises AssistantError.
        """
        if address := ServerAddress.parse(name_or_path):
            if role not in get_args(Served):
                roles = " and ".join(get_args(Served))
                raise ModelUnusable(f"A server cannot be used for {role}, only for {roles}.")
            self._remember({**self._remembered(), role: str(address)})
            return None
        if name_or_path == AUTO or (name_or_path == OFF and role in BY_CHOICE):
            self._remember({r: name for r, name in self._remembered().items() if r != role})
            return self.chosen(role)
        if self._extension(role, name_or_path):
            self._remember({**self._remembered(), role: name_or_path})
            return None
        path = self.path(name_or_path)
        if role_of(path) != role:
            raise ModelUnusable(
                f"{name_or_path} cannot be used for {role}: it takes {KINDS[role]}."
            )
        known = {model.name for model in self.installed()}
        choice = name_or_path if name_or_path in known else str(path)
        self._remember({**self._remembered(), role: choice})
        return path

    def server(self, role: Role) -> ServerAddress | None:
        """The chosen model, when a server brings it. Raises ModelUnusable."""
        return ServerAddress.parse(self._name(role))

    def extension(self, role: Role) -> Extension | None:
        """The chosen model, when an installed package brings it and no model here has its name."""
        return self._extension(role, self._name(role))

    def _extension(self, role: Role, name: str) -> Extension | None:
        if not name or role not in _GROUPS:
            return None
        here = name in {model.name for model in self.models} or Path(name).exists()
        return extensions.find(_GROUPS[role], name, here, self._extensions_first)

    def named(self, role: Role) -> bool:
        """Whether a person has chosen the model."""
        return bool(self._name(role))

    def _name(self, role: Role) -> str:
        """By the settings, else as remembered; empty when nobody has chosen."""
        name = self._named[role] or self._remembered().get(role, "")
        return "" if name == OFF and role in BY_CHOICE else name

    def chosen(self, role: Role) -> Path | None:
        """The settings' model, else the remembered one, else the default, else any that is here.

        None when there is none, or a package or a server brings it: `extension`, `server`; or when
        nobody has chosen one for a role that has models by choice alone.

        Raises ModelUnusable when the named one is gone or damaged: another one in its place
        would answer, or search, differently without a word.
        """
        if self.server(role) or self.extension(role):
            return None
        if name := self._name(role):
            return self.path(name)
        if role in BY_CHOICE:
            return None
        here = {model.name: model.path for model in self.installed() if model.role == role}
        defaults = [m.name for m in self.models if m.role == role and m.default]
        return next((here[name] for name in (*defaults, *here) if name in here), None)

    def remove(self, name: str) -> None:
        """Delete a model here, and in the cache unless another home has the same file; or delete a
        program. Raises AssistantError.
        """
        if name in PROGRAMS:
            return self._remove_program(PROGRAMS[name])
        for model in self.models:
            if model.name == name and self._target(model).exists():
                _delete(self._target(model))
                kept = cached(model, self.cache)
                if kept.exists() and kept.stat().st_nlink == 1:
                    _delete(kept.parent)
                return self._forget(name)
        for other in self._others():
            if other.name == name:
                _delete(other.path)
                return self._forget(name, str(other.path))
        raise ModelUnusable(f"{name} is not in {self.folder}, so there is nothing to remove.")

    def _remove_program(self, program: IsolatedEnvironment) -> None:
        folder = program.folder(self.cache)
        if not folder.exists():
            raise ModelUnusable(f"{program.name} is not installed, so there is nothing to remove.")
        _delete(folder)

    def verify(self, progress: Progress = silent) -> dict[str, State]:
        """Read every model from the disk again; a chosen one that is not here is missing."""
        states: dict[str, State] = {}
        for role in ROLES:
            name = self._name(role)
            elsewhere = self.server(role) or self.extension(role)
            if name and not Path(name).is_absolute() and not elsewhere:
                states[name] = "missing"
        for model in self.models:
            if self._target(model).exists():
                states[model.name] = self._state(model, progress)
        for other in self._others():
            states[other.name] = "ok" if role_if_readable(other.path) else "damaged"
        return states

    def _state(self, model: Model, progress: Progress) -> State:
        weights = weights_of(model, self.folder)
        try:
            return "ok" if is_good(model, weights, progress) else "damaged"
        except OSError:
            return "damaged"

    def _target(self, model: Model) -> Path:
        weights = weights_of(model, self.folder)
        return weights.parent if model.is_folder else weights

    def _others(self) -> list[Installed]:
        known = {self._target(model) for model in self.models}
        found = [Installed(path.name, role, path) for role, path in found_below(self.folder)]
        return sorted(
            (model for model in found if model.path not in known),
            key=lambda model: model.name,
        )

    def _remembered(self) -> dict[str, str]:
        try:
            return tomllib.loads(self._choices.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ModelUnusable(f"{self._choices} is damaged: {error}. Delete it.") from error

    def _remember(self, choices: dict[str, str]) -> None:
        # A JSON string is a TOML string too.
        lines = [
            f"{role} = {json.dumps(name, ensure_ascii=False)}\n" for role, name in choices.items()
        ]
        part = self._choices.with_suffix(".part")
        try:
            self._choices.parent.mkdir(parents=True, exist_ok=True)
            part.write_text("".join(lines), encoding="utf-8")
            part.replace(self._choices)
        except OSError as error:
            raise AssistantError(
                f"The choice could not be saved in {self._choices}: {error.strerror}. "
                "Choose a home that can be written to, with --home."
            ) from error

    def _forget(self, *names: str) -> None:
        kept = {role: name for role, name in self._remembered().items() if name not in names}
        if kept != self._remembered():
            self._remember(kept)


def _delete(path: Path) -> None:
    try:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    except OSError as error:
        raise AssistantError(f"{path} could not be removed: {error.strerror}.") from error


# -- The catalogue beside what is on this disk, as rows for programs and a table for people

Row = dict[str, Any]


def rows(models: Models) -> list[Row]:
    """One row for each model of the catalogue, then one for each other model on the disk."""
    installed = {model.name: model for model in models.installed()}
    chosen = _chosen(models)
    listed = [_known(model, installed.get(model.name), chosen) for model in models.models]
    names = {row["name"] for row in listed}
    others = [_other(item, chosen) for item in installed.values() if item.name not in names]
    return [*listed, *others, _program(models, REAL_ESRGAN)]  # Piper comes with a voice


def _chosen(models: Models) -> list[Path]:
    chosen = []
    for role in ROLES:
        try:
            path = models.chosen(role)
        except ModelUnusable:  # the list is where the person looks for another one
            continue
        chosen += [path] if path else []
    return chosen


_UNKNOWN: Row = {
    "licence": None, "memory": None, "fit": None, "speed": None, "sha256": None, "note": "",
}  # fmt: skip


def _known(model: Model, here: Installed | None, chosen: list[Path]) -> Row:
    return {
        "name": model.name, "role": model.role, "licence": model.licence, "bytes": model.bytes,
        "memory": model.memory, "installed": here is not None,
        "chosen": here is not None and here.path in chosen, "fit": fit(model, this_machine()),
        "sources": [source.kind for source in model.sources], "sha256": model.sha256 or None,
        "speed": model.speed, "note": model.note,
    }  # fmt: skip


def _program(models: Models, program: IsolatedEnvironment) -> Row:
    here = program.python(models.cache) is not None
    return {
        **_UNKNOWN, "name": program.name, "role": ENHANCE, "licence": program.licence,
        "bytes": program.downloaded, "installed": here, "chosen": here, "sources": ["registry"],
    }  # fmt: skip


def _other(item: Installed, chosen: list[Path]) -> Row:
    size = item.path.stat().st_size if item.path.is_file() else None
    return {
        **_UNKNOWN, "name": item.name, "role": item.role, "bytes": size, "installed": True,
        "chosen": item.path in chosen, "sources": ["path"], "note": str(item.path),
    }  # fmt: skip


def table(listed: list[Row]) -> None:
    """The listed models as a table for people, by role, on standard output."""
    from rich.console import Console

    console = Console()
    for role in (*ROLES, ENHANCE):
        console.print(_table(role, [row for row in listed if row["role"] == role]))
    machine = this_machine()
    registry = ", ".join(row["name"] for row in listed if "registry" in row["sources"])
    best = best_chat_model(catalogue(), machine).name
    memory = _gigabytes(machine.memory)
    console.print(f"\nThis machine: {machine.cores} cores, {memory} of memory. Best fit: {best}.")
    console.print(f"Without a model hub, from the package registry: {registry}.", highlight=False)


def _table(role: str, listed: list[Row]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, padding=(0, 2, 0, 0))
    for heading in (f"[bold]{role}", "size", "memory", "speed", "fit", "", "licence"):
        shown.add_column(heading, no_wrap=heading != "licence", header_style="dim")
    for row in listed:
        mark = "[green]in use" if row["chosen"] else "here" if row["installed"] else ""
        sizes = (_gigabytes(row["bytes"]), _gigabytes(row["memory"]))
        told = (row["speed"] or "", row["fit"] or "", mark, row["licence"] or "unknown")
        shown.add_row(Text(row["name"]), *sizes, *told)
    return shown


def _gigabytes(count: int | None) -> str:
    return "unknown" if count is None else f"{count / 1e9:.2f} GB"
