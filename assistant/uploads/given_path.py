"""Folders of this machine that a person names."""

from pathlib import Path

from assistant.settings import Settings
from ingest.document.source import readable
from ingest.errors import NothingFound


def given_path(text: str) -> Path:
    """The file or folder that a person has typed. Raises NothingFound."""
    try:
        text.encode()  # a half of a pair of surrogates is no letter of any name
        path = Path(text).expanduser().absolute()
        if text and path.exists():
            return path
    except (OSError, RuntimeError, ValueError):  # too long, no such person, no right to look
        pass
    raise NothingFound(f"There is no file or folder {readable(text) or '…'}.")


def check_apart(settings: Settings, paths: list[Path]) -> None:
    """A folder around the home cannot be followed: what was dropped into the app has been in the
    home for a while, and would count as deleted. Raises NothingFound."""
    home = settings.home.resolve()
    for path in paths:
        place = path.resolve()
        if home.is_relative_to(place) or place.is_relative_to(home):
            raise NothingFound(
                f"{path} holds Pincite's own files, in {home}. Name a folder beside them."
            )
