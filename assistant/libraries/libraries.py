"""Makes, describes, renames and deletes libraries, and cleans the home. Whether a person may is
decided before."""

import json
import logging
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from assistant import attachments
from assistant.errors import AssistantError, SettingsError
from assistant.i18n.translation import N_
from assistant.libraries.uploads import upload_folder as uploads
from assistant.receipts.record import Receipts
from assistant.settings import Settings, check_library_name
from assistant.storage.conversation_tables import CONVERSATIONS
from assistant.storage.files import Kind, Used, clean, used_space
from assistant.wiring import composition
from assistant.wiring.composition import sheet_store
from assistant.wiring.people import accounts_if_any
from assistant.wiring.places import (
    answer_files,
    bucket,
    catalogue_server,
    none_fetched,
    place_of_part,
)
from vectorstore.add_report import AddSummary
from vectorstore.catalog.rows import DocumentInfo
from vectorstore.errors import LibraryBusy, LibraryError, UnknownLibrary
from vectorstore.federation import AnyLibrary, Federated, apart
from vectorstore.indexing.jobs import alone
from vectorstore.opened import drop_catalog, drop_files
from vectorstore.retrieval.fusion import Hit

log = logging.getLogger(__name__)

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
    """Files whose answers no longer exist. Raises AssistantError where that is unknown."""
    return answer_files(settings).orphans()


def clean_home(settings: Settings, kind: Kind) -> Used:
    """Delete all files of a kind that can be cleaned; what that has freed. Raises
    AssistantError."""
    left = orphaned_files(settings) if kind == "orphans" else frozenset()
    before = _of(settings.home, kind, left)
    if kind == "deleted":  # a library may have its catalogue or its files on a server
        clear(settings, everything=True)
    else:
        clean(settings.home, kind, left)
    after = _of(settings.home, kind, left)
    return Used(kind, before.bytes - after.bytes, before.files - after.files)


def _of(home: Path, kind: Kind, orphans: frozenset[Path]) -> Used:
    return next(used for used in used_space(home, orphans) if used.kind == kind)


_LONGEST = 300  # characters of a description


@dataclass(frozen=True)
class Named:
    """A library in the list of libraries: its description and its size."""

    library: str
    description: str
    documents: int
    pages: int


def listed(settings: Settings, names: list[str] | None = None) -> list[Named]:
    """The named ones, or all, by name. Raises LibraryError."""
    found = []
    for name in names or composition.libraries(settings):
        with composition.library(settings, name) as library:
            found.append(Named(name, library.description(), *library.size()))
    return found


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
        library.sources.moved(settings.sources_folder(old), settings.sources_folder(new))
    leave_server(settings, old)
    move(settings.libraries_folder / old, settings.libraries_folder / new)


def _rename_kept(settings: Settings, old: str, new: str) -> None:
    composition.conversations(settings).rename_library(old, new)
    Receipts(place_of_part(settings, CONVERSATIONS)).rename_library(old, new)
    sheet_store(settings).rename_library(old, new)
    for folder in (settings.home / "evaluation" / "own", settings.home / "uploads"):
        if (folder / old).exists() and not (folder / new).exists():
            move(folder / old, folder / new)


def check_there(settings: Settings, name: str) -> None:
    """Raises UnknownLibrary when there is no library of exactly that name: "main/" is none."""
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

    The locks are released at once: on Windows a folder with an open file cannot be moved.
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
            library.index.leave()


def move(source: Path, target: Path) -> None:
    """A folder to another place of the home. Raises AssistantError."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)
    except OSError as error:
        raise AssistantError(f"{source} could not be moved: {error.strerror}.") from error


# -- The deleted libraries of a home that wait for the end of their day

KEPT = timedelta(days=1)
ABOUT = "deleted.json"  # in the folder of a deleted one


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
    """The deleted libraries that can be restored, the latest first."""
    return [one for one in all_waiting(settings) if one.until > datetime.now(UTC)]


def check_not_waiting(settings: Settings, name: str) -> None:
    """Raises LibraryError for the name of a library that can be restored: it could not be
    once another one had its name."""
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
    """All deleted libraries still in the home, even expired ones, the latest first."""
    found = []
    for about in sorted((settings.home / "deleted").glob(f"*/{ABOUT}"), reverse=True):
        with suppress(OSError, ValueError, KeyError):  # not ours: left alone
            row = json.loads(about.read_text(encoding="utf-8"))
            found.append(Deleted(row["library"], datetime.fromisoformat(row["at"]), about.parent))
    return found


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
    """Restore a deleted library. Raises LibraryError where its day is over, or another one has its
    name now; AssistantError."""
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


# -- Rows of JSON for other programs; a hit is that of `pincite search --json`

Row = dict[str, Any]


def document_row(info: DocumentInfo) -> Row:
    """A document as JSON, as lists of documents show it."""
    row = {
        "document": info.document, "pages": info.pages, "passages": info.chunks,
        "status": info.status, "sha256": info.sha256, "superseded_by": info.superseded_by,
        "dated": info.dated[:10], "tags": list(info.tags),
    }  # fmt: skip
    return row if info.seconds is None else row | {"seconds": info.seconds}


def hit_row(library: AnyLibrary, hit: Hit) -> Row:
    """A found passage: with the second where it begins in a recording, and whether it is hidden
    from readers."""
    row = {
        "document": hit.document, "page": hit.page, "score": round(hit.score, 4), "text": hit.text,
    }  # fmt: skip
    if isinstance(library, Federated):
        of, document = apart(hit.document)
        row |= {"library": of, "document": document}
    more = {
        "hidden": hit.chunk.hidden or None,
        "seconds": attachments.passage_seconds(library, hit),
    }
    return row | {name: value for name, value in more.items() if value is not None}


def summary_row(summary: AddSummary) -> Row:
    """What an `add` did. Of files that failed only the name: a client need not know our folders."""
    failed = [{"document": Path(f.path).name, "error": f.error} for f in summary.failed]
    return {
        "added": summary.added, "updated": summary.updated, "unchanged": summary.unchanged,
        "pages": summary.pages, "passages": summary.chunks, "failed": failed,
    }  # fmt: skip
