"""The route of sheets: the same questions to many documents, cell by cell."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from assistant.api.routes.choosing import Chosen
from assistant.api.shelf import FillingSheet, Seen, Shelf
from assistant.api.turns import ClientGone, Place
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
    library: str, asked: Asked, request: Request, seen: Seen, place: FillingSheet
) -> Row | StreamingResponse:  # fmt: skip
    """The filled sheet, as `pincite sheet --json` prints it. A client that accepts
    `text/event-stream` gets each cell as soon as it is there. When it goes away the rest is not
    asked; the same request goes on from there."""
    filling = await place.do(partial(_begun, library, asked, seen, place))
    if "text/event-stream" in request.headers.get("accept", ""):
        return StreamingResponse(filling.events(), media_type="text/event-stream")
    return filling.whole([cell async for cell in filling.cells()])


def _begun(library: str, asked: Asked, seen: Shelf, place: Place) -> "_Filling":
    wanted, sheet = columns(asked.columns), seen.sheet(library)
    rows = documents(sheet.assistant.library, asked.documents, asked.filter.filter)
    seen.count_cells(len(wanted) * len(rows))
    return _Filling(sheet, wanted, rows, asked.anew, place)


class _Filling:
    """A sheet that is filled for a client."""

    def __init__(
        self, sheet: Sheet, wanted: list[Column], rows: list[DocumentInfo], anew: bool, place: Place
    ) -> None:
        self._wanted, self._rows, self._place = wanted, rows, place
        self._made: Iterator[Cell] = sheet.cells(wanted, rows, cancel=place.left, anew=anew)

    def whole(self, cells: list[Cell]) -> Row:
        """The sheet as it is asked for."""
        return as_json(in_order(cells, self._wanted, self._rows))

    async def cells(self) -> AsyncIterator[Cell]:
        """Each as soon as it is there, in a turn of its own; until the client has gone."""
        with suppress(ClientGone):
            while cell := await self._place.do(lambda: next(self._made, None)):
                yield cell

    async def events(self) -> AsyncIterator[str]:
        """Server-sent events: a cell, and last the whole sheet."""
        cells = []
        async for cell in self.cells():
            cells.append(cell)
            yield f"event: cell\ndata: {json.dumps(cell.to_json())}\n\n"
        yield f"event: done\ndata: {json.dumps(self.whole(cells))}\n\n"
