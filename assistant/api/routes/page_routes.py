"""Routes of the pages of a document: their pictures, their lines, and what became of each."""

import math
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi import Path as PathParameter
from fastapi.responses import Response

from assistant.api.shelf import Drawing, Seen
from assistant.errors import AssistantError
from assistant.receipts.highlight import Marked
from ingest.sandbox.drawing import drawings

Row = dict[str, Any]

_SCALE = 2.0  # pixels a point of a page's picture
_LONGEST = 14_400  # points of a side, as in a PDF

Number = Annotated[int, PathParameter(ge=1, lt=1 << 31)]  # of a page

routes = APIRouter(prefix="/api/libraries", tags=["Libraries"])


@routes.get("/{library}/documents/{document:path}/pages/{number}.png")
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


@routes.get("/{library}/documents/{document:path}/pages/{number}")
def page(library: str, document: str, number: Number, seen: Seen) -> Row:
    """The lines of a page with their boxes."""
    opened = seen.library(library, "saw", f"{document}, page {number}")
    read = opened.page(document, number)
    lines = [{"text": line.text, "box": [round(v, 2) for v in line.box]} for line in read.lines]
    return {"document": document, "page": number, "width": read.width, "height": read.height,
            "lines": lines}  # fmt: skip


@routes.get("/{library}/documents/{document:path}/ledger")
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
