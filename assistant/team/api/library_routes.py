"""Routes of libraries and their documents: what there is, tags, adding and removing."""

import asyncio
import json
import math
from collections.abc import AsyncIterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path, PurePath
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Query, Request, UploadFile
from fastapi import Path as PathParameter
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field, SecretStr
from starlette.concurrency import run_in_threadpool

from assistant.contract.evidence import check_name
from assistant.conversation.suggestions import offered
from assistant.errors import AssistantError
from assistant.libraries import uploads
from assistant.libraries.libraries import document_row, summary_row
from assistant.libraries.uploads import Upload, describe_step, given_path, turn_of
from assistant.receipts.evidence_pack import Marked
from assistant.sources import source_list
from assistant.sources.address import parsed
from assistant.sources.fetching import add_checked
from assistant.sources.source_list import EVERY, Source
from assistant.team.api.shelf import (
    Drawing,
    Offset,
    Searching,
    Seen,
    Shelf,
    Within,
    changing,
    only_files,
)
from ingest.sandbox.page_drawings import drawings

Row = dict[str, Any]

_TELLS = 0.5  # seconds between two events of an upload
_LOOKS = 0.1  # seconds between two looks whether an upload is done
_LONGEST_NAME = 240  # bytes: most file systems take 255


class Tagging(BaseModel, extra="forbid"):
    """Tags that documents get, and tags that they lose."""

    documents: list[str] = Field(min_length=1)
    add: list[str] = []
    remove: list[str] = []


routes = APIRouter(prefix="/api/libraries", tags=["Libraries"])


@routes.get("")
def names(seen: Seen) -> list[Row]:
    """The libraries."""
    return [{"library": name} for name in seen.names()]


@routes.get("/{library}")
def about(library: str, seen: Seen) -> Row:
    """What a library is about, in its owner's words, and how large it is."""
    opened = seen.library(library, "listed")
    documents, pages = opened.size()
    return {
        "library": library, "description": opened.description(), "documents": documents,
        "pages": pages,
    }  # fmt: skip


@routes.get("/{library}/documents")
def documents(
    library: str, seen: Seen, within: Within, offset: Offset = 0,
    limit: Annotated[int | None, Query(ge=1, lt=1 << 31, description="all without it")] = None,
) -> list[Row]:  # fmt: skip
    """The documents of a library, or of several: "hr,sales"."""
    found = filter(within.keeps, seen.reading(library, "listed").documents())
    end = None if limit is None else offset + limit
    return [document_row(info) for info in islice(found, offset, end)]


@routes.get("/{library}/tags")
def tags(library: str, seen: Seen) -> list[Row]:
    """The tags of a library, with the number of their documents."""
    counts = seen.library(library, "listed").tags.counts()
    return [{"tag": tag, "documents": many} for tag, many in counts.items()]


@routes.post("/{library}/tags", dependencies=[Depends(changing)])
def tag(library: str, asked: Tagging, seen: Seen) -> Row:
    """Give tags to documents, and take others from them."""
    opened = seen.changed(library, "tagged", ", ".join(asked.documents))
    return {"changed": opened.tags.change(asked.documents, asked.add, asked.remove)}


@routes.get("/{library}/suggestions")
async def suggestions(
    library: str, seen: Seen, place: Searching, limit: Annotated[int, Query(ge=1, le=20)] = 4
) -> list[str]:
    """Questions to begin with, which the documents answer; none where none were written yet."""
    return await place.do(lambda: seen.suggesting(library).suggestions(limit))


@routes.post(
    "/{library}/documents",
    dependencies=[Depends(changing), Depends(only_files)],
    response_model=None,
)
async def add_files(
    library: str, files: Annotated[list[UploadFile], File()], request: Request, seen: Seen
) -> Row | StreamingResponse:
    """Add files; the library is made if it is not there. A client that accepts
    `text/event-stream` is told how far it is."""
    given = [(_name(file.filename or ""), file.file) for file in files]
    upload = await run_in_threadpool(seen.upload, library, given)
    if "text/event-stream" in request.headers.get("accept", ""):
        return StreamingResponse(_steps(upload), media_type="text/event-stream")
    while not upload.ended:  # a thread that waits for hours would be missed by other requests
        await asyncio.sleep(_LOOKS)
    return _done(upload)


@routes.delete("/{library}/documents/{document:path}", dependencies=[Depends(changing)])
def remove_document(library: str, document: str, seen: Seen) -> Row:
    """Remove a document."""
    shelf = seen.changed(library, "removed", document)
    removed = shelf.remove([document])
    offered(shelf)  # without the questions that were written from it
    return {"removed": removed}


def _name(given: str) -> str:
    """The name of a file without its folders. Raises AssistantError for what cannot be one."""
    name = PurePath(given).name
    check_name(name, "files: the name of a file")
    if name in ("", "..") or len(name.encode(errors="replace")) > _LONGEST_NAME:
        raise AssistantError(
            f"files: {name[:40]!r} cannot be the name of a file. Give one of at most "
            f"{_LONGEST_NAME} bytes. Nothing was added."
        )
    return name


def _done(upload: Upload) -> Row:
    """What an upload did. Raises AssistantError when nothing could be added."""
    if upload.summary is None:
        raise AssistantError(upload.error or "Nothing was added.")
    return summary_row(upload.summary)


async def _steps(upload: Upload) -> AsyncIterator[str]:
    """Server-sent events: how far it is, and last what it did."""
    while not upload.ended:
        step = upload.progress
        told = {"file": step.file, "done": step.done, "total": step.total,
                "stage": describe_step(step)}  # fmt: skip
        yield f"event: progress\ndata: {json.dumps(told)}\n\n"
        await asyncio.sleep(_TELLS)
    try:
        yield f"event: done\ndata: {json.dumps(_done(upload))}\n\n"
    except AssistantError as error:
        yield f"event: error\ndata: {json.dumps({'error': str(error)})}\n\n"


# -- Routes of the pages of a document: their pictures, their lines, and what became of each

_SCALE = 2.0  # pixels a point of a page's picture
_LONGEST = 14_400  # points of a side, as in a PDF

Number = Annotated[int, PathParameter(ge=1, lt=1 << 31)]  # of a page

page_routes = APIRouter(prefix="/api/libraries", tags=["Libraries"])


@page_routes.get("/{library}/documents/{document:path}/pages/{number}.png")
async def picture(
    library: str, document: str, number: Number, seen: Seen, place: Drawing,
    box: Annotated[list[str], Query(description="x0,y0,x1,y1 in points; marked")] = [],  # noqa: B006
) -> Response:  # fmt: skip
    """The picture of a page, with boxes marked as with a pen."""
    boxes = tuple(_box(text) for text in box)

    def drawn() -> bytes:
        opened = seen.library(library, "saw", f"{document}, page {number}")
        marked = Marked(opened.page(document, number).width, boxes)
        return drawings.draw(opened.file(document), number, _SCALE, marked, document)

    return Response(await place.do(drawn), media_type="image/png")


@page_routes.get("/{library}/documents/{document:path}/pages/{number}")
def page(library: str, document: str, number: Number, seen: Seen) -> Row:
    """The lines of a page with their boxes."""
    opened = seen.library(library, "saw", f"{document}, page {number}")
    read = opened.page(document, number)
    lines = [{"text": line.text, "box": [round(v, 2) for v in line.box]} for line in read.lines]
    return {"document": document, "page": number, "width": read.width, "height": read.height,
            "lines": lines}  # fmt: skip


@page_routes.get("/{library}/documents/{document:path}/ledger")
def ledger(library: str, document: str, seen: Seen) -> list[Row]:
    """Where the characters of each page went: what was read from the file or recognised is indexed
    or was dropped for a reason; `unread` is an estimate of what could not be read."""
    opened = seen.library(library, "saw", f"the ledger of {document}")
    return [asdict(page) for page in opened.ledger(document)]


def _box(text: str) -> tuple[float, ...]:
    try:
        x0, y0, x1, y1 = map(float, text.split(","))
    except ValueError:
        x0 = y0 = x1 = y1 = math.nan
    if not (0 <= x0 <= x1 <= _LONGEST and 0 <= y0 <= y1 <= _LONGEST):
        raise AssistantError(f"box: {text!r} is not x0,y0,x1,y1 in points of a page.")
    return x0, y0, x1, y1


# -- Routes of the servers and folders that a library follows: what the Library page does, for who
# owns this machine's Pincite and sits at it.


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


source_routes = APIRouter(
    prefix="/api/libraries/{library}", tags=["Sources"], dependencies=[Depends(changing)]
)


@source_routes.get("/sources")
def sources(library: str, seen: Seen) -> list[Row]:
    """The mailboxes and WebDAV folders of a library, and what came of fetching them."""
    seen.followed(library, "listed sources")
    return [_row(seen, source) for source in source_list.listed(seen.settings, library)]


@source_routes.post("/sources")
def add_source(library: str, asked: NewSource, seen: Seen) -> Row:
    """Sign in to one, and add it."""
    host = parsed(asked.address).host  # a password in an address must not get into the log
    seen.followed(library, "added source", f"{asked.name} {host}".strip())
    made = add_checked(
        seen.settings, library, asked.address, asked.password.get_secret_value(),
        asked.mirror, asked.every, asked.name,
    )  # fmt: skip
    return _row(seen, made)


@source_routes.patch("/sources/{source}")
def change(library: str, source: str, asked: Pace, seen: Seen) -> Row:
    """Pause one, resume it, or say how often it is fetched."""
    seen.followed(library, "changed source", source)
    found = source_list.find(seen.settings, source, library)
    source_list.change(seen.settings, found, asked.every, asked.paused)
    return _row(seen, source_list.find(seen.settings, source, library))


@source_routes.post("/sources/{source}/fetch")
def fetch(library: str, source: str, seen: Seen) -> Row:
    """Begin to fetch one now; the list says when that has ended."""
    opened = seen.followed(library, "fetches", source)
    found = source_list.find(seen.settings, source, library)
    turn = turn_of(seen.settings.home, library)
    seen.fetchings.start(seen.settings, opened, found, turn)
    return _row(seen, found)


@source_routes.delete("/sources/{source}")
def remove_source(library: str, source: str, seen: Seen) -> Row:
    """Fetch one no longer; its documents stay."""
    seen.followed(library, "removed source", source)
    source_list.remove(seen.settings, source_list.find(seen.settings, source, library))
    return {"removed": source}


@source_routes.get("/watched")
def watched(library: str, seen: Seen) -> list[Row]:
    """The folders of this machine that the app follows for a library."""
    seen.followed(library, "listed folders")
    return [{"folder": str(path)} for path in uploads.watched_folders(seen.settings, library)]


@source_routes.post("/watched")
def watch(library: str, asked: Folder, seen: Seen) -> Row:
    """Have the app follow a folder."""
    seen.followed(library, "watches", asked.folder)
    kept = uploads.add_watched_folder(seen.settings, library, given_path(asked.folder))
    return {"folder": str(kept)}


@source_routes.delete("/watched")
def unwatch(
    library: str, seen: Seen, folder: Annotated[str, Query(description="as it is listed")]
) -> Row:
    """Have it followed no longer; its documents stay."""
    seen.followed(library, "watches no longer", folder)
    uploads.remove_watched_folder(seen.settings, library, Path(folder))
    return {"removed": folder}


def _row(seen: Shelf, source: Source) -> Row:
    """With why the last fetching could not begin, which is noted nowhere else, as its `error`."""
    now = seen.fetchings.of(source)
    busy = now is not None and not now.ended
    error = source.error or (now.error if now and not busy else "")
    return {**asdict(source), "error": error, "fetching": busy}
