"""The deleted libraries of a home that wait for the end of their day."""

import json
import logging
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from assistant.errors import SettingsError
from assistant.settings import Settings
from assistant.wiring.stores import bucket, catalogue_server
from vectorstore.errors import LibraryError
from vectorstore.opened import drop_catalog, drop_files

KEPT = timedelta(days=1)
ABOUT = "deleted.json"  # in the folder of a deleted one

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Deleted:
    """A library that can be brought back."""

    library: str
    at: datetime
    folder: Path

    @property
    def until(self) -> datetime:
        return self.at + KEPT


def deleted(settings: Settings) -> list[Deleted]:
    """Those that can be brought back, the latest first."""
    return [one for one in all_waiting(settings) if one.until > datetime.now(UTC)]


def check_not_waiting(settings: Settings, name: str) -> None:
    """Raises LibraryError for the name of a library that can be brought back: it could not any
    more, once another one has its name."""
    for one in deleted(settings):
        if one.library.casefold() == name.casefold():
            raise LibraryError(
                f"The deleted library {one.library!r} can be brought back until "
                f"{one.until.astimezone():%Y-%m-%d %H:%M}, and keeps its name as long. "
                "Undo its deletion, choose another name, or wait until then."
            )


def clear(settings: Settings, everything: bool = False) -> int:
    """Delete those whose day is over, or all; how many. What cannot be deleted is tried again next
    time, and the log names it."""
    now = datetime.now(UTC)
    over = [one for one in all_waiting(settings) if everything or one.until <= now]
    return sum(_cleared(settings, one.folder) for one in over)


def _cleared(settings: Settings, folder: Path) -> bool:
    try:
        drop_catalog(folder, catalogue_server(settings))
        drop_files(folder, bucket(settings))
        # What says that it was deleted goes last: what is left after a crash is found by it.
        for part in (part for part in folder.iterdir() if part.name != ABOUT):
            shutil.rmtree(part) if part.is_dir() and not part.is_symlink() else part.unlink()
        shutil.rmtree(folder)
    except (LibraryError, SettingsError) as error:
        log.warning("%s is deleted later: %s", folder, error)
        return False
    except OSError as error:
        log.warning("%s could not be deleted: %s. Delete it by hand.", folder, error.strerror)
        return False
    return True


def all_waiting(settings: Settings) -> list[Deleted]:
    """Those that are still in the home, also when their day is over; the latest first."""
    found = []
    for about in sorted((settings.home / "deleted").glob(f"*/{ABOUT}"), reverse=True):
        with suppress(OSError, ValueError, KeyError):  # not ours: left alone
            row = json.loads(about.read_text(encoding="utf-8"))
            found.append(Deleted(row["library"], datetime.fromisoformat(row["at"]), about.parent))
    return found
