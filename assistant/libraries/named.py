"""Makes, describes and renames libraries. Whether a person may is decided before."""

from dataclasses import dataclass
from pathlib import Path

from assistant.accounts.accounts import accounts_if_any
from assistant.build import composition
from assistant.build.sheets import asked, cells
from assistant.build.stores.home_tables import place
from assistant.conversation.tables import PART
from assistant.errors import AssistantError
from assistant.libraries.waiting import check_not_waiting
from assistant.receipts.renaming import RenamedReceipts
from assistant.settings import Settings, check_library_name
from assistant.sources.store import all_folders, none_fetched
from assistant.uploads.upload import folder as uploads
from vectorstore.errors import LibraryBusy, LibraryError, UnknownLibrary
from vectorstore.indexing.jobs import alone

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
    RenamedReceipts(place(settings, PART)).rename_library(old, new)
    cells(settings).rename_library(old, new)
    asked(settings).rename_library(old, new)
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
