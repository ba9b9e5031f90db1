"""Deletes libraries: they wait a day in the home, and can be brought back until then."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from assistant.libraries.named import check_there, check_unused, leave_server, move
from assistant.libraries.waiting import ABOUT, Deleted, clear, deleted
from assistant.settings import Settings
from assistant.uploads.upload import folder as uploads
from vectorstore.errors import LibraryError

_UPLOADS = "waiting-uploads"  # in the folder of a deleted one: its files that failed or wait


def delete(settings: Settings, name: str) -> Deleted:
    """Its documents, copies of files and index leave the home after a day. Raises UnknownLibrary,
    LibraryBusy, AssistantError."""
    check_there(settings, name)
    clear(settings)
    at = datetime.now(UTC)
    folder = settings.home / "deleted" / f"{at:%Y-%m-%dT%H-%M-%S-%f}"
    source = settings.libraries_folder / name
    check_unused(settings, name)
    leave_server(settings, name)
    about = json.dumps({"library": name, "at": at.isoformat()})
    (source / ABOUT).write_text(about, encoding="utf-8")
    move(source, folder)
    _move_if_any(uploads(settings.home, name), folder / _UPLOADS)
    return Deleted(name, at, folder)


def latest(settings: Settings, name: str) -> Deleted:
    """The one that was deleted last by a name. Raises LibraryError where there is none."""
    found = next((one for one in deleted(settings) if one.library == name), None)
    if found is None:
        raise LibraryError(f"No library {name!r} was deleted in the last day.")
    return found


def undo(settings: Settings, gone: Deleted) -> None:
    """Bring a library back. Raises LibraryError where its day is over, or another one has its name
    now; AssistantError."""
    name = gone.library
    if gone not in deleted(settings):
        raise LibraryError(f"This library {name!r} cannot be brought back any more.")
    target = settings.libraries_folder / name
    if target.exists():
        raise LibraryError(f"There is a library {name!r} now. Rename it, and try again.")
    move(gone.folder, target)
    _move_if_any(target / _UPLOADS, uploads(settings.home, name))
    with suppress(OSError):
        (target / ABOUT).unlink()


def _move_if_any(source: Path, target: Path) -> None:
    if source.exists() and not target.exists():
        move(source, target)
