"""Routes of searching and asking. Hits and answers are the JSON of the command line."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from assistant.contract.asked_in import chosen
from assistant.contract.reply import Reply
from assistant.conversation.assistant import turns_from_messages
from assistant.errors import AssistantError
from assistant.libraries.libraries import hit_row
from assistant.models.installed import Models, rows
from assistant.sheet.cell import Cell, columns
from assistant.sheet.fill import documents, in_order
from assistant.sheet.sheet_store import as_json
from assistant.team.api import turns
from assistant.team.api.shelf import Answering, Chosen, FillingSheet, Searching, Seen, Shelf, Within
from assistant.team.api.turns import ClientGone, Place
from vectorstore.federation import parts

Row = dict[str, Any]


class Said(BaseModel, extra="forbid"):
    """What somebody said before."""

    role: str
    text: str


class Question(BaseModel, extra="forbid"):
    """A question to a library."""

    question: str = Field(min_length=1)
    history: list[Said] = []
    documents: list[str] | None = Field(None, description="only these")
    filter: Chosen = Field(Chosen(), description="only those with these tags, and of this time")
    conversation: str = Field(
        "", pattern=r"^[\w-]{0,64}$", description="goes on with it, or begins it; empty: none"
    )
    after: int | None = Field(
        None, ge=0, description="begins a branch after this turn; 0: instead of the first"
    )
    anyway: bool = Field(False, description="answer also where it would be refused")

    @property
    def given(self) -> dict[str, Any]:
        """What an assistant is given beside the words of the question."""
        return {
            "history": turns_from_messages((said.role, said.text) for said in self.history),
            "documents": self.documents, "within": self.filter.filter,
            "conversation": self.conversation, "after": self.after,
        }  # fmt: skip


routes = APIRouter(prefix="/api/libraries", tags=["Libraries"])


@routes.get("/{library}/search")
async def search(
    library: str, q: str, seen: Seen, place: Searching, within: Within,
    k: Annotated[int, Query(ge=1, le=100)] = 8,
) -> list[Row]:  # fmt: skip
    """The best passage of each of the k best pages, best first."""

    def found() -> list[Row]:
        opened = seen.reading(library, "searched")
        return [hit_row(opened, hit) for hit in opened.search(q, k, chosen(opened, within))]

    return await place.do(found)


@routes.post("/{library}/ask")
async def ask(library: str, asked: Question, seen: Seen, place: Answering) -> Row:
    """The answer document of a question, to a library or to several: "hr,sales"."""
    reply = await place.do(partial(_begun_reply, library, asked, seen))
    return (await turns.finish_reply(reply, place)).to_json()


def _begun_reply(library: str, asked: Question, seen: Shelf) -> Reply:
    """Choosing a tool embeds the message."""
    assistant = seen.assistant(library)
    _check_library(seen, asked.conversation, library)
    return assistant.ask(asked.question, anyway=asked.anyway, **asked.given)


@routes.post("/{library}/prepare")
async def prepare(library: str, asked: Question, seen: Seen, place: Searching) -> dict[str, bool]:
    """Let the chat model read what it would read for a question that probably comes, as while it is
    typed: the answer then begins at once. Any question stops it, and so does who closes the
    connection. False where nothing was read to its end."""

    def read() -> bool:
        assistant = seen.preparing(library)
        _check_library(seen, asked.conversation, library)
        return assistant.prepare(asked.question, place.left, **asked.given)

    return {"prepared": await place.do(read)}


def _check_library(seen: Shelf, conversation: str, library: str) -> None:
    """All turns of a conversation are of the same libraries: who may no longer see one of them sees
    none of the turns. Raises AssistantError, NotAllowed."""
    of = seen.conversations.library(conversation) if conversation else ""
    if of and set(parts(of)) != set(parts(library)):
        raise AssistantError(
            f"conversation: {conversation!r} is about the library {of!r}. Give another name."
        )


# -- The route of sheets: the same questions to many documents, cell by cell

_MOST_COLUMNS = 100


class Asked(BaseModel, extra="forbid"):
    """The columns, and the documents that are rows."""

    columns: list[str] = Field(
        min_length=1, max_length=_MOST_COLUMNS,
        description='"notice period", "signed?", a whole question, or "HEAD = QUESTION"',
    )  # fmt: skip
    documents: list[str] | None = Field(None, description="only these")
    filter: Chosen = Field(Chosen(), description="only those with these tags, and of this time")
    anew: bool = Field(False, description="ask also what was answered before")


sheet_routes = APIRouter(prefix="/api/libraries", tags=["Libraries"])


@sheet_routes.post("/{library}/sheet", response_model=None)
async def fill(
    library: str, asked: Asked, request: Request, seen: Seen, place: FillingSheet
) -> Row | StreamingResponse:  # fmt: skip
    """The filled sheet, as `pincite sheet --json` prints it. A client that accepts
    `text/event-stream` gets each cell as soon as it is there. When it goes away the rest is not
    asked; the same request goes on from there."""

    def begun() -> tuple[Iterator[Cell], Callable[[list[Cell]], Row]]:
        wanted, sheet = columns(asked.columns), seen.sheet(library)
        rows = documents(sheet.assistant.library, asked.documents, asked.filter.filter)
        seen.count_cells(len(wanted) * len(rows))
        made = sheet.cells(wanted, rows, cancel=place.left, anew=asked.anew)
        return made, lambda cells: as_json(in_order(cells, wanted, rows))

    made, whole = await place.do(begun)
    cells = _each(made, place)
    if "text/event-stream" in request.headers.get("accept", ""):
        return StreamingResponse(_events(cells, whole), media_type="text/event-stream")
    return whole([cell async for cell in cells])


async def _each(made: Iterator[Cell], place: Place) -> AsyncIterator[Cell]:
    """Each cell as soon as it is there, in a turn of its own; until the client has gone."""
    with suppress(ClientGone):
        while cell := await place.do(lambda: next(made, None)):
            yield cell


async def _events(
    cells: AsyncIterator[Cell], whole: Callable[[list[Cell]], Row]
) -> AsyncIterator[str]:
    """Server-sent events: a cell, and last the whole sheet."""
    done = []
    async for cell in cells:
        done.append(cell)
        yield f"event: cell\ndata: {json.dumps(cell.to_json())}\n\n"
    yield f"event: done\ndata: {json.dumps(whole(done))}\n\n"


# -- The route of models: the catalogue, what is on this server's disk, and what is in use

model_routes = APIRouter(prefix="/api/models", tags=["Models"])


@model_routes.get("")
def listed(seen: Seen) -> list[Row]:
    """The models of the catalogue and others on this server's disk: role, size, fit for the
    machine, whether it is there and whether it is in use."""
    found = rows(Models(seen.settings))
    # A client need not know our folders.
    return [{**row, "note": ""} if row["sources"] == ["path"] else row for row in found]
