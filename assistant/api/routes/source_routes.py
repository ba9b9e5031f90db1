"""Routes of the servers and folders that a library follows: what the Library page does, for who
owns this machine's Pincite and sits at it."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, SecretStr

from assistant.api.shelf import Seen, Shelf, changing
from assistant.sources import store
from assistant.sources.address import parsed
from assistant.sources.reach import add_checked
from assistant.sources.store import EVERY, Source
from assistant.uploads import watched_folders
from assistant.uploads.given_path import given_path
from assistant.uploads.upload import turn_of

Row = dict[str, Any]


class NewSource(BaseModel, extra="forbid"):
    """A mailbox, or a folder of a WebDAV server."""

    address: str = Field(
        min_length=1, max_length=2000,
        description="imaps://user@mail.example.org/INBOX, webdavs://user@files.example.org/papers",
    )  # fmt: skip
    password: SecretStr = Field(
        SecretStr(""), description="goes into the keyring; empty: it is there, or in a variable"
    )
    name: str = Field("", description="empty: made of the address")
    mirror: bool = Field(False, description="documents go when they are gone at the server")
    every: int = Field(EVERY, ge=1, description="minutes between two fetchings by the app")


class Pace(BaseModel, extra="forbid"):
    """How the app fetches a source by itself; what is not given stays."""

    every: int | None = Field(None, ge=1, description="minutes")
    paused: bool | None = None


class Folder(BaseModel, extra="forbid"):
    """A folder of this machine."""

    folder: str = Field(min_length=1, max_length=4000)


routes = APIRouter(
    prefix="/api/libraries/{library}", tags=["Sources"], dependencies=[Depends(changing)]
)


@routes.get("/sources")
def sources(library: str, seen: Seen) -> list[Row]:
    """The mailboxes and WebDAV folders of a library, and what came of fetching them."""
    seen.followed(library, "listed sources")
    return [_row(seen, source) for source in store.listed(seen.settings, library)]


@routes.post("/sources")
def add(library: str, asked: NewSource, seen: Seen) -> Row:
    """Sign in to one, and add it."""
    host = parsed(asked.address).host  # a password in an address must not get into the log
    seen.followed(library, "added source", f"{asked.name} {host}".strip())
    made = add_checked(
        seen.settings, library, asked.address, asked.password.get_secret_value(),
        asked.mirror, asked.every, asked.name,
    )  # fmt: skip
    return _row(seen, made)


@routes.patch("/sources/{source}")
def change(library: str, source: str, asked: Pace, seen: Seen) -> Row:
    """Pause one, resume it, or say how often it is fetched."""
    seen.followed(library, "changed source", source)
    found = store.find(seen.settings, source, library)
    store.change(seen.settings, found, asked.every, asked.paused)
    return _row(seen, store.find(seen.settings, source, library))


@routes.post("/sources/{source}/fetch")
def fetch(library: str, source: str, seen: Seen) -> Row:
    """Begin to fetch one now; the list says when that has ended."""
    opened = seen.followed(library, "fetches", source)
    found = store.find(seen.settings, source, library)
    turn = turn_of(seen.settings.home, library)
    seen.fetchings.start(seen.settings, opened, found, turn)
    return _row(seen, found)


@routes.delete("/sources/{source}")
def remove(library: str, source: str, seen: Seen) -> Row:
    """Fetch one no longer; its documents stay."""
    seen.followed(library, "removed source", source)
    store.remove(seen.settings, store.find(seen.settings, source, library))
    return {"removed": source}


@routes.get("/watched")
def watched(library: str, seen: Seen) -> list[Row]:
    """The folders of this machine that the app follows for a library."""
    seen.followed(library, "listed folders")
    return [{"folder": str(path)} for path in watched_folders.folders(seen.settings, library)]


@routes.post("/watched")
def watch(library: str, asked: Folder, seen: Seen) -> Row:
    """Have the app follow a folder."""
    seen.followed(library, "watches", asked.folder)
    kept = watched_folders.keep(seen.settings, library, given_path(asked.folder))
    return {"folder": str(kept)}


@routes.delete("/watched")
def unwatch(
    library: str, seen: Seen, folder: Annotated[str, Query(description="as it is listed")]
) -> Row:
    """Have it followed no longer; its documents stay."""
    seen.followed(library, "watches no longer", folder)
    watched_folders.leave(seen.settings, library, Path(folder))
    return {"removed": folder}


def _row(seen: Shelf, source: Source) -> Row:
    """With why the last fetching could not begin, which is noted nowhere else, as its `error`."""
    now = seen.fetchings.of(source)
    busy = now is not None and now.is_running()
    error = source.error or (now.error if now and not busy else "")
    return {**asdict(source), "error": error, "fetching": busy}
