"""Fetched files of documents that are forgotten."""

from collections.abc import Collection

from assistant.settings import Settings
from assistant.sources.landing import noted
from assistant.sources.store import all_folders


def delete_copies(settings: Settings, library: str, sha256: Collection[str]) -> None:
    """They stay noted, so that they do not come again, unless they change at the server."""
    for folder in all_folders(settings, library).glob("*/"):
        for row in noted(folder):
            if row.sha256 in sha256:
                (folder / row.path).unlink(missing_ok=True)
