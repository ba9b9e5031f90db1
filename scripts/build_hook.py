"""What hatchling calls before it packs or installs Pincite: compiles the texts of the app, and
takes the links into the repository out of the README, which a package registry shows.

git has the catalogues as their translators write them (`.po`) alone; see docs/languages.md.
"""

import re
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

_INTO_REPOSITORY = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:)([^)]*)\)")


class Readme(MetadataHookInterface):
    def update(self, metadata: dict[str, Any]) -> None:
        """The repository has no known address: a link into it becomes its text, a picture goes."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        told = _INTO_REPOSITORY.sub(lambda link: "" if link[1] else link[2], text)
        metadata["readme"] = {"content-type": "text/markdown", "text": told}


class CompiledCatalogues(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raises where there is no catalogue: a package in English alone is never made."""
        catalogues = sorted(Path(self.root, "assistant", "i18n", "locale").rglob("*.po"))
        if not catalogues:
            raise FileNotFoundError(f"{self.root} has no catalogues of messages.")
        for path in catalogues:
            with path.open("rb") as source, path.with_suffix(".mo").open("wb") as target:
                write_mo(target, read_po(source, locale=path.parents[1].name))
