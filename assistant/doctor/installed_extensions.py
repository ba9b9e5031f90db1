"""The packages that extend the program: which there are, and whether they load."""

import subprocess
import sys
from collections.abc import Iterator

from assistant.doctor.check import Check, importing, outcome
from assistant.models.catalogue import catalogue
from assistant.routing.slash_commands import NAME, NAMES
from assistant.settings import Settings
from ingest import extensions
from ingest.extensions import Extension
from ingest.loaders import LOADERS

_LOADS = "from ingest import extensions as e; e.installed({!r})[{!r}].load()"
_KINDS = {
    extensions.LOADERS: "reads .{0} files",
    extensions.TOOLS: "the command /{0}",
    extensions.CHAT_MODELS: "a chat model: pincite models use chat {0}",
    extensions.EMBEDDERS: "an embedding model: pincite models use embedding {0}",
}


def check(settings: Settings) -> Iterator[Check]:
    """One for each. They are loaded in child processes at the same time."""
    found = [one for group in extensions.GROUPS for one in extensions.installed(group).values()]
    children = [importing(_LOADS.format(one.group, one.name)) for one in found]
    for extension, child in zip(found, children, strict=True):
        yield _check(extension, child, settings)


def _check(extension: Extension, child: subprocess.Popen[str], settings: Settings) -> Check:
    name = f"extension {extension.name}"
    about = _KINDS[extension.group].format(extension.name)
    message = f"{about} ({extension.package} {extension.version})"
    status, said = outcome(child)
    if status:
        remedy = f"{sys.executable} -m pip uninstall {extension.package}"
        return Check(name, "warning", f"{message} does not load: {said}", remedy)
    if extension.group == extensions.TOOLS and not NAME.fullmatch(extension.name):
        rule = "a command has 2 to 20 letters from a to z"
        remedy = f"Give the entry point another name in the package {extension.package}."
        return Check(name, "warning", f"{message} cannot be typed: {rule}.", remedy)
    if (
        extension.name in _built_in(extension.group)
        and extension.name not in settings.extensions_first
    ):
        remedy = f"To use it instead of ours: PINCITE_EXTENSIONS_FIRST={extension.name}"
        return Check(name, "warning", f"{message} is not used: we have one of this name.", remedy)
    return Check(name, "ok", message)


def _built_in(group: str) -> set[str]:
    """The names that the program itself has."""
    if group == extensions.LOADERS:
        return {suffix[1:] for suffix in LOADERS}
    if group == extensions.TOOLS:
        return set(NAMES)
    return {model.name for model in catalogue()}
