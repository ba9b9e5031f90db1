"""Deleted libraries wait a day in a folder of the home, and can be brought back until then."""

import json
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from assistant.errors import AssistantError
from assistant.libraries.named import check_there, check_unused, move
from assistant.settings import Settings
from vectorstore.errors import LibraryError

KEPT = timedelta(days=1)
_ABOUT = "deleted.json"  # in the folder of a deleted one


@dataclass(frozen=True)
class Deleted:
    """A library that can be brought back."""

    library: str
    at: datetime
    folder: Path

    @property
    def until(self) -> datetime:
        return self.at + KEPT


def delete(settings: Settings, name: str) -> Deleted:
    """Its documents, copies of files and index leave the home after a day. Raises UnknownLibrary,
    LibraryBusy, AssistantError."""
    check_there(settings, name)
    clear(settings)
    at = datetime.now(UTC)
    folder = settings.home / "deleted" / f"{at:%Y-%m-%dT%H-%M-%S-%f}"
    source = settings.libraries_folder / name
    check_unused(settings, name)
    about = json.dumps({"library": name, "at": at.isoformat()})
    (source / _ABOUT).write_text(about, encoding="utf-8")
    move(source, folder)
    return Deleted(name, at, folder)


def deleted(settings: Settings) -> list[Deleted]:
    """Those that can be brought back, the latest first."""
    return [one for one in _all(settings) if one.until > datetime.now(UTC)]


def undo(settings: Settings, name: str) -> None:
    """Bring back the library that was deleted last by that name. Raises LibraryError where there
    is none, or another one has the name now; AssistantError."""
    found = next((one for one in deleted(settings) if one.library == name), None)
    if found is None:
        raise LibraryError(f"No library {name!r} was deleted in the last day.")
    target = settings.libraries_folder / name
    if target.exists():
        raise LibraryError(f"There is a library {name!r} now. Rename it, and try again.")
    move(found.folder, target)
    with suppress(OSError):
        (target / _ABOUT).unlink()


def clear(settings: Settings) -> int:
    """Delete those whose day is over; how many. Raises AssistantError."""
    over = [one for one in _all(settings) if one.until <= datetime.now(UTC)]
    for one in over:
        try:
            shutil.rmtree(one.folder)
        except OSError as error:
            raise AssistantError(
                f"{one.folder} could not be deleted: {error.strerror}. Delete it by hand."
            ) from error
    return len(over)


def _all(settings: Settings) -> list[Deleted]:
    found = []
    for about in sorted((settings.home / "deleted").glob(f"*/{_ABOUT}"), reverse=True):
        with suppress(OSError, ValueError, KeyError):  # not ours: left alone
            row = json.loads(about.read_text(encoding="utf-8"))
            found.append(Deleted(row["library"], datetime.fromisoformat(row["at"]), about.parent))
    return found
