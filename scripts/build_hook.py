"""What hatchling calls before it packs or installs Pincite: compiles the texts of the app.

git has the catalogues as their translators write them (`.po`) alone; see docs/languages.md.
"""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledCatalogues(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raises where there is no catalogue: a package in English alone is never made."""
        catalogues = sorted(Path(self.root, "assistant", "i18n", "locale").rglob("*.po"))
        if not catalogues:
            raise FileNotFoundError(f"{self.root} has no catalogues of messages.")
        for path in catalogues:
            with path.open("rb") as source, path.with_suffix(".mo").open("wb") as target:
                write_mo(target, read_po(source, locale=path.parents[1].name))
