"""Routes of our own below `/api`: libraries, documents, pages, search, answers.

Answers and hits are the JSON of the command line with `--json`.
"""

import asyncio
import json
import math
from collections.abc import AsyncIterator
from pathlib import PurePath
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Path, Query, Request, UploadFile
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from assistant.api import answers
from assistant.api.rows import document_row, hit_row, summary_row
from assistant.api.shelf import Seen, Shelf, changing
from assistant.contract.asked_in import chosen
from assistant.conversation.from_messages import turns
from assistant.errors import AssistantError
from assistant.receipts.highlight import highlighted, png
from assistant.uploads.upload import Upload, describe_step
from ingest.images import image_file
from vectorstore.catalog.choosing import Filter
from vectorstore.federation.names import parts

Row = dict[str, Any]

_SCALE = 2.0  # pixels a point of a page's picture
_TELLS = 0.5  # seconds between two events of an upload
_LOOKS = 0.1  # seconds between two looks whether an upload is done
_LONGEST_NAME = 240  # bytes: most file systems take 255
_LONGEST = 14_400  # points of a side, as in a PDF

Number = Annotated[int, Path(ge=1, lt=1 << 31)]  # of a page


class Said(BaseModel):
    """What somebody said before."""

    role: str
    text: str


class Chosen(BaseModel):
    """Only some documents: those with all the tags, and of a time."""

    tags: list[str] = []
    after: str = Field(default="", description="dated then or later: 2024, 2024-06 or 2024-06-30")
    before: str = Field(default="", description="dated before that begins")

    @property
    def filter(self) -> Filter:
        """Raises WrongTag or WrongDate."""
        return Filter(tuple(self.tags), self.after, self.before)


class Tagging(BaseModel):
    """Tags that documents get, and tags that they lose."""

    documents: list[str] = Field(min_length=1)
    add: list[str] = []
    remove: list[str] = []


class Question(BaseModel):
    """A question to a library."""

    question: str = Field(min_length=1)
    history: list[Said] = []
    documents: list[str] | None = Field(None, description="only these")
    filter: Chosen = Field(Chosen(), description="only those with these tags, and of this time")
    conversation: str = Field(
        "", pattern=r"^[\w-]{0,64}$", description="goes on with it, or begins it; empty: none"
    )
    after: int | None = Field(
        None, ge=0, description="begins a branch after this turn; 0: in the place of the first"
    )
    anyway: bool = Field(False, description="answer also where it would be refused")


def _chosen(
    tag: Annotated[list[str], Query(description="only with all of these tags")] = [],  # noqa: B006
    after: Annotated[str, Query(description="only dated then or later, as 2024-06")] = "",
    before: Annotated[str, Query(description="only dated before that begins")] = "",
) -> Filter:
    """Raises WrongTag or WrongDate."""
    return Filter(tuple(tag), after, before)


Within = Annotated[Filter, Depends(_chosen)]


def router() -> APIRouter:
    """The routes below `/api`."""
    routes = APIRouter(prefix="/api/libraries", tags=["Libraries"])

    @routes.get("")
    def names(seen: Seen) -> list[Row]:
        """The libraries."""
        return [{"library": name} for name in seen.names()]

    @routes.get("/{library}/documents")
    def documents(library: str, seen: Seen, within: Within) -> list[Row]:
        """The documents of a library, or of several: "hr,sales"."""
        documents = seen.reading(library, "listed").documents()
        return [document_row(info) for info in documents if within.keeps(info)]

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
    def suggestions(
        library: str, seen: Seen, limit: Annotated[int, Query(ge=1, le=20)] = 4
    ) -> list[str]:
        """Questions to begin with, made from headings of the documents."""
        return seen.suggesting(library).suggestions(limit)

    @routes.post("/{library}/documents", dependencies=[Depends(changing)], response_model=None)
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

    @routes.get("/{library}/documents/{document:path}/pages/{number}.png")
    def picture(
        library: str, document: str, number: Number, seen: Seen,
        box: Annotated[list[str], Query(description="x0,y0,x1,y1 in points; marked")] = [],  # noqa: B006
    ) -> Response:  # fmt: skip
        """The picture of a page, with boxes marked as with a pen."""
        opened = seen.library(library, "saw", f"{document}, page {number}")
        page = opened.page(document, number)
        drawn = image_file.render(opened.file(document), number, _SCALE)
        boxes = [_box(text) for text in box]
        return Response(png(highlighted(drawn, boxes, page.width)), media_type="image/png")

    @routes.get("/{library}/documents/{document:path}/pages/{number}")
    def page(library: str, document: str, number: Number, seen: Seen) -> Row:
        """The lines of a page with their boxes."""
        opened = seen.library(library, "saw", f"{document}, page {number}")
        read = opened.page(document, number)
        lines = [{"text": line.text, "box": [round(v, 2) for v in line.box]} for line in read.lines]
        return {"document": document, "page": number, "width": read.width, "height": read.height,
                "lines": lines}  # fmt: skip

    @routes.get("/{library}/search")
    def search(
        library: str, q: str, seen: Seen, within: Within,
        k: Annotated[int, Query(ge=1, le=100)] = 8,
    ) -> list[Row]:  # fmt: skip
        """The best passage of each of the k best pages, best first."""
        opened = seen.reading(library, "searched")
        return [hit_row(opened, hit) for hit in opened.search(q, k, chosen(opened, within))]

    @routes.post("/{library}/ask")
    async def ask(library: str, asked: Question, request: Request, seen: Seen) -> Row:
        """The answer document of a question, to a library or to several: "hr,sales"."""
        assistant = await run_in_threadpool(seen.assistant, library)
        if asked.conversation:
            await run_in_threadpool(_check_library, seen, asked.conversation, library)
        history = turns((said.role, said.text) for said in asked.history)
        reply = await run_in_threadpool(
            assistant.ask, asked.question,
            history=history, documents=asked.documents, anyway=asked.anyway,
            conversation=asked.conversation, after=asked.after, within=asked.filter.filter,
        )  # fmt: skip
        return (await answers.finish(reply, request)).to_json()

    return routes


def _check_library(seen: Shelf, conversation: str, library: str) -> None:
    """All turns of a conversation are of the same libraries: who may no longer see one of them sees
    none of the turns.
    Raises AssistantError, NotAllowed."""
    of = seen.conversations.library(conversation)
    if of and set(parts(of)) != set(parts(library)):
        raise AssistantError(
            f"conversation: {conversation!r} is about the library {of!r}. Give another name."
        )


def _name(given: str) -> str:
    """The name of a file without its folders. Raises AssistantError for what cannot be one."""
    name = PurePath(given).name
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


def _box(text: str) -> tuple[float, ...]:
    try:
        x0, y0, x1, y1 = map(float, text.split(","))
    except ValueError:
        x0 = y0 = x1 = y1 = math.nan
    if not (0 <= x0 <= x1 <= _LONGEST and 0 <= y0 <= y1 <= _LONGEST):
        raise AssistantError(f"box: {text!r} is not x0,y0,x1,y1 in points of a page.")
    return x0, y0, x1, y1
