"""Routes of libraries and their documents: what there is, tags, adding and removing."""

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import islice
from pathlib import PurePath
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Query, Request, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from assistant.api.routes.choosing import Offset, Within
from assistant.api.routes.strict import only_files
from assistant.api.rows import document_row, summary_row
from assistant.api.shelf import Searching, Seen, changing
from assistant.contract.names import check_name
from assistant.errors import AssistantError
from assistant.uploads.upload import Upload, describe_step

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
    """Questions to begin with, made from headings of the documents."""
    return await place.do(lambda: seen.suggesting(library).suggestions(limit))


@routes.post(
    "/{library}/documents",
    dependencies=[Depends(changing), Depends(only_files)],
    response_model=None,
)
async def add(
    library: str, files: Annotated[list[UploadFile], File()], request: Request, seen: Seen
) -> Row | StreamingResponse:
    """Add files; the library is made if it is not there. A client that accepts
    `text/event-stream` is told how far it is."""
    given = [(_name(file.filename or ""), file.file) for file in files]
    upload = await run_in_threadpool(seen.upload, library, given)
    if "text/event-stream" in request.headers.get("accept", ""):
        return StreamingResponse(_steps(upload), media_type="text/event-stream")
    while not upload.done:  # a thread that waits for hours would be missed by other requests
        await asyncio.sleep(_LOOKS)
    return _done(upload)


@routes.delete("/{library}/documents/{document:path}", dependencies=[Depends(changing)])
def remove(library: str, document: str, seen: Seen) -> Row:
    """Remove a document."""
    return {"removed": seen.changed(library, "removed", document).remove([document])}


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
    while not upload.done:
        step = upload.progress
        told = {"file": step.file, "done": step.done, "total": step.total,
                "stage": describe_step(step)}  # fmt: skip
        yield f"event: progress\ndata: {json.dumps(told)}\n\n"
        await asyncio.sleep(_TELLS)
    try:
        yield f"event: done\ndata: {json.dumps(_done(upload))}\n\n"
    except AssistantError as error:
        yield f"event: error\ndata: {json.dumps({'error': str(error)})}\n\n"
