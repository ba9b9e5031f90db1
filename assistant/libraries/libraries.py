"""Makes, describes and renames libraries. Whether a person may is decided before."""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from assistant.conversation.kept_conversations import CONVERSATIONS
from assistant.errors import AssistantError
from assistant.i18n.translation import N_
from assistant.libraries import waiting
from assistant.libraries.uploads import upload_folder as uploads
from assistant.libraries.waiting import ABOUT, Deleted, check_not_waiting, clear, deleted
from assistant.receipts.record import Receipts
from assistant.settings import Settings, check_library_name
from assistant.sources.store import all_folders, none_fetched
from assistant.storage.files import Kind, Used, clean, used_space
from assistant.team.accounts import accounts_if_any
from assistant.wiring import composition
from assistant.wiring.composition import asked_columns, sheet_cells
from assistant.wiring.stores import answer_files, place_of_part
from vectorstore.errors import LibraryBusy, LibraryError, UnknownLibrary
from vectorstore.indexing.jobs import alone

# -- What a home takes on the disk, and its cleaning, also of what has parts on a server

NAMES: dict[Kind, str] = {
    "models": N_("Models"), "libraries": N_("Libraries"),
    "attached": N_("Files attached to questions"), "made": N_("Pictures and sounds that were made"),
    "orphans": N_("Files that no conversation has"),
    "pictures": N_("Small copies of pictures"), "uploads": N_("Uploads under way"),
    "deleted": N_("Deleted libraries"), "measurements": N_("Measurements"),
    "other": N_("Conversations and the rest"),
}  # fmt: skip
LOST: dict[Kind, str] = {
    "attached": N_("Conversations keep their words and lose these files."),
    "made": N_("Conversations keep their words and lose these pictures and sounds."),
    "orphans": N_("Their conversations were deleted, or the answers were kept in none."),
    "pictures": N_("The next search for pictures makes them again."),
    "deleted": N_("They cannot be brought back afterwards."),
}


def orphaned_files(settings: Settings) -> frozenset[Path]:
    """Files of answers that are not there any more. Raises AssistantError where that cannot be
    known."""
    return answer_files(settings).orphans()


def clean_home(settings: Settings, kind: Kind) -> Used:
    """Delete all files of a kind that can be cleaned; what that has freed. Raises
    AssistantError."""
    left = orphaned_files(settings) if kind == "orphans" else frozenset()
    before = _of(settings.home, kind, left)
    if kind == "deleted":  # a library may have its catalogue or its files on a server
        waiting.clear(settings, everything=True)
    else:
        clean(settings.home, kind, left)
    after = _of(settings.home, kind, left)
    return Used(kind, before.bytes - after.bytes, before.files - after.files)


def _of(home: Path, kind: Kind, orphans: frozenset[Path]) -> Used:
    return next(used for used in used_space(home, orphans) if used.kind == kind)


_LONGEST = 300  # characters of a description


@dataclass(frozen=True)
class Named:
    """A library in a list."""

    library: str
    description: str
    documents: int
    pages: int


def listed(settings: Settings, names: list[str] | None = None) -> list[Named]:
    """The named ones, or all, by name. Raises LibraryError."""
    return [_named(settings, name) for name in names or composition.libraries(settings)]


def _named(settings: Settings, name: str) -> Named:
    with composition.library(settings, name) as library:
        documents, pages = library.size()
        return Named(name, library.description(), documents, pages)


def make(settings: Settings, name: str, description: str = "") -> None:
    """An empty library. Raises SettingsError, LibraryError, AssistantError."""
    check_library_name(name)
    _check_free(settings, name)
    text = _checked(description)
    with composition.library(settings, name, make=True) as library:
        library.describe(text)


def describe(settings: Settings, name: str, description: str) -> None:
    """Say in a line what is in it. Raises UnknownLibrary, LibraryError, AssistantError."""
    check_there(settings, name)
    with composition.library(settings, name) as library:
        library.describe(_checked(description))


def rename(settings: Settings, old: str, new: str) -> None:
    """The library, and all that the home keeps of it, under another name.

    Who may see it stays the same. Tokens that name libraries have to name it anew. The folder comes
    last: after a kill in between, the same call does the rest. Raises UnknownLibrary, LibraryBusy,
    SettingsError, AssistantError.
    """
    check_library_name(new)
    check_there(settings, old)
    if old == new:
        return
    _check_free(settings, new)
    check_unused(settings, old)
    if accounts := accounts_if_any(settings):
        accounts.share_like(old, new)  # before it is there: nobody is to see it in between
    _rename_kept(settings, old, new)
    with composition.library(settings, old) as library:
        library.sources.moved(uploads(settings.home, old), uploads(settings.home, new))
        library.sources.moved(all_folders(settings, old), all_folders(settings, new))
    leave_server(settings, old)
    move(settings.libraries_folder / old, settings.libraries_folder / new)


def _rename_kept(settings: Settings, old: str, new: str) -> None:
    composition.conversations(settings).rename_library(old, new)
    Receipts(place_of_part(settings, CONVERSATIONS)).rename_library(old, new)
    sheet_cells(settings).rename_library(old, new)
    asked_columns(settings).rename_library(old, new)
    for folder in (settings.home / "evaluation" / "own", settings.home / "uploads"):
        if (folder / old).exists() and not (folder / new).exists():
            move(folder / old, folder / new)


def check_there(settings: Settings, name: str) -> None:
    """Raises UnknownLibrary."""
    if name not in (known := composition.libraries(settings)):
        raise UnknownLibrary(name, known)


def _check_free(settings: Settings, name: str) -> None:
    # Where the file system knows no small letters, "Main" is "main".
    if (settings.libraries_folder / name).exists():
        raise LibraryError(f"There is a library {name!r} already. Choose another name.")
    check_not_waiting(settings, name)


def _checked(description: str) -> str:
    text = " ".join(description.split())
    if len(text) > _LONGEST:
        raise AssistantError(f"A description has {_LONGEST} characters at most.")
    return text


def check_unused(settings: Settings, name: str) -> None:
    """Raises LibraryBusy while a process adds to the library, has its index open or fetches one of
    its sources.

    The locks are not kept: on Windows a folder with an open file cannot be moved.
    """
    folder = settings.libraries_folder / name
    with (
        alone(folder / "adding.lock") as adding,
        alone(folder / "chroma.lock") as index,
        none_fetched(settings, name) as still,
    ):
        if not still:
            raise LibraryBusy(
                f"A source of {name} is being fetched. Try again when that has ended."
            )
        if not (adding and index):
            raise LibraryBusy(
                f"{name} is in use: files are being added to it, or another program has it open. "
                "Try again when that has ended."
            )


def leave_server(settings: Settings, name: str) -> None:
    """Delete its vectors on a server, which belong to the folder. One that is away keeps them.
    Raises LibraryError."""
    if settings.vectors or settings.catalogue:
        with composition.library(settings, name) as library:
            library.maintenance.leave()


def move(source: Path, target: Path) -> None:
    """A folder to another place of the home. Raises AssistantError."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)
    except OSError as error:
        raise AssistantError(f"{source} could not be moved: {error.strerror}.") from error


# -- Deletes libraries: they wait a day in the home, and can be brought back until then

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
