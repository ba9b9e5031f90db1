"""Packages that extend the program. They are found by their entry points, which are names in the
metadata of a package; their code is loaded when it is first needed. docs/extending.md has examples.
"""

import functools
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from ingest.errors import ExtensionFailed, PinciteError

LOADERS = "pincite.loaders"  # the name is a file's suffix without the dot
TOOLS = "pincite.tools"  # the name is a slash command
CHAT_MODELS = "pincite.chat_models"  # the name is chosen as a model of the catalogue is
EMBEDDERS = "pincite.embedders"  # the same
GROUPS = (LOADERS, TOOLS, CHAT_MODELS, EMBEDDERS)


@dataclass(frozen=True)
class Extension:
    """An extension from an installed package."""

    group: str
    name: str
    package: str
    version: str
    summary: str  # the package's own description, one line
    entry_point: EntryPoint

    @property
    def stamp(self) -> str:
        """The record of a reader in a document: `pincite-foo:foo/1.0`."""
        return f"{self.package}:{self.name}/{self.version}"

    def load(self) -> Any:
        """The object that the entry point names. Raises ExtensionFailed."""
        try:
            return self.entry_point.load()
        except (Exception, SystemExit) as error:  # an import can raise anything
            raise self._failed("does not load", error) from error

    def make(self, kind: type, *arguments: Any) -> Any:
        """Call the object to make an instance. Raises ExtensionFailed."""
        function = self.load()
        with self.blamed():
            made = function(*arguments)
            if not isinstance(made, kind):
                raise TypeError(f"it made a {type(made).__name__}, not a {kind.__name__}")
            return made

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Turn errors of the lines inside into ExtensionFailed, unless they are a PinciteError."""
        try:
            yield
        except PinciteError:
            raise
        except Exception as error:
            raise self._failed("failed", error) from error

    def _failed(self, how: str, error: BaseException) -> ExtensionFailed:
        return ExtensionFailed(
            f"The extension {self.name!r} of the package {self.package} {self.version} {how} "
            f"({type(error).__name__}: {error}). Update the package, or remove it: "
            f"pip uninstall {self.package}"
        )


@functools.cache
def installed(group: str) -> Mapping[str, Extension]:
    """The extensions of a group by name; of two with one name, the alphabetically first package."""
    found = {}
    packaged = ((entry, entry.dist) for entry in entry_points(group=group) if entry.dist)
    for entry, package in sorted(packaged, key=lambda pair: pair[1].name, reverse=True):
        summary = str(package.metadata.json.get("summary", ""))
        found[entry.name] = Extension(
            group, entry.name, package.name, package.version, summary, entry
        )
    return found


def find(
    group: str, name: str, built_in: bool = False, first: Collection[str] = ()
) -> Extension | None:
    """The extension of that name. Built-in ones win, unless `first` has the name."""
    return None if built_in and name not in first else installed(group).get(name)


def is_outdated(stamp: str) -> bool:
    """Whether the package that read a document has another version now; False when it is gone."""
    package, _, name = stamp.partition("/")[0].partition(":")
    extension = installed(LOADERS).get(name)
    return extension is not None and extension.package == package and extension.stamp != stamp
