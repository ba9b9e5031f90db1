"""The catalogue beside what is on this disk, as rows for programs and a table for people."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import ModelUnusable
from assistant.models.catalogue import HubFile, LocalPath, Model, RegistryWheels, catalogue
from assistant.models.isolated_environment import IsolatedEnvironment
from assistant.models.machine import best_chat_model, fit, this_machine
from assistant.models.programs import ENHANCE, REAL_ESRGAN
from assistant.models.roles import ROLES
from assistant.models.store import Installed, Models

if TYPE_CHECKING:
    from rich.table import Table

Row = dict[str, Any]
_KINDS = {HubFile: "hub", RegistryWheels: "registry", LocalPath: "path"}


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


def _known(model: Model, here: Installed | None, chosen: list[Path]) -> Row:
    return {
        "name": model.name,
        "role": model.role,
        "licence": model.licence,
        "bytes": model.bytes,
        "memory": model.memory,
        "installed": here is not None,
        "chosen": here is not None and here.path in chosen,
        "fit": fit(model, this_machine()),
        "sources": [_KINDS[type(source)] for source in model.sources],
        "sha256": model.sha256 or None,
        "speed": model.speed,
        "note": model.note,
    }


def _program(models: Models, program: IsolatedEnvironment) -> Row:
    here = program.python(models.cache) is not None
    unknown = {"memory": None, "fit": None, "speed": None, "sha256": None, "note": ""}
    return {
        "name": program.name, "role": ENHANCE, "licence": program.licence,
        "bytes": program.downloaded, "installed": here, "chosen": here, "sources": ["registry"],
        **unknown,
    }  # fmt: skip


def _other(item: Installed, chosen: list[Path]) -> Row:
    size = item.path.stat().st_size if item.path.is_file() else None
    unknown = {"licence": None, "memory": None, "fit": None, "speed": None, "sha256": None}
    row: Row = {"name": item.name, "role": item.role, "bytes": size, "installed": True, **unknown}
    return {**row, "chosen": item.path in chosen, "sources": ["path"], "note": str(item.path)}


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
