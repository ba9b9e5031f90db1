"""The route of sheets: the same questions to many documents, cell by cell."""

import json
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool

from assistant.api.routes.choosing import Chosen
from assistant.api.shelf import Seen
from assistant.sheet.cell import Cell
from assistant.sheet.column import Column, columns
from assistant.sheet.fill import Sheet, documents, in_order
from assistant.sheet.save import as_json
from vectorstore.catalog.catalog import DocumentInfo

Row = dict[str, Any]

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


routes = APIRouter(prefix="/api/libraries", tags=["Libraries"])


@routes.post("/{library}/sheet", response_model=None)
async def fill(
    library: str, asked: Asked, request: Request, seen: Seen
) -> Row | StreamingResponse:  # fmt: skip
    """The filled sheet, as `pincite sheet --json` prints it. A client that accepts
    `text/event-stream` gets each cell as soon as it is there. When it goes away the rest is not
    asked; the same request goes on from there."""
    wanted = columns(asked.columns)
    sheet = await run_in_threadpool(seen.sheet, library)
    rows = documents(sheet.assistant.library, asked.documents, asked.filter.filter)
    await run_in_threadpool(seen.count_cells, len(wanted) * len(rows))
    filling = _Filling(sheet, wanted, rows, asked.anew)
    if "text/event-stream" in request.headers.get("accept", ""):
        return StreamingResponse(filling.events(), media_type="text/event-stream")
    cells = []
    async for cell in filling.cells():
        cells.append(cell)
        if await request.is_disconnected():
            break
    return filling.whole(cells)


class _Filling:
    """A sheet that is filled for a client."""

    def __init__(
        self, sheet: Sheet, wanted: list[Column], rows: list[DocumentInfo], anew: bool
    ) -> None:
        self._wanted, self._rows = wanted, rows
        self._cancel = threading.Event()
        self._made: Iterator[Cell] = sheet.cells(wanted, rows, cancel=self._cancel, anew=anew)

    def whole(self, cells: list[Cell]) -> Row:
        """The sheet as it is asked for."""
        return as_json(in_order(cells, self._wanted, self._rows))

    async def cells(self) -> AsyncIterator[Cell]:
        """Each as soon as it is there."""
        try:
            async for cell in iterate_in_threadpool(self._made):
                yield cell
        finally:
            self._cancel.set()

    async def events(self) -> AsyncIterator[str]:
        """Server-sent events: a cell, and last the whole sheet."""
        cells = []
        async for cell in self.cells():
            cells.append(cell)
            yield f"event: cell\ndata: {json.dumps(cell.to_json())}\n\n"
        yield f"event: done\ndata: {json.dumps(self.whole(cells))}\n\n"
