"""An evidence pack: an answer with pictures of its cited lines, in one HTML file for anybody.

No script and no remote resource; whatever documents, models and people wrote is escaped.
"""

import base64
import functools
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, ImageChops, ImageDraw

from assistant.contract.facts import full_name, place
from assistant.export.documents import STOPPED, pieces
from assistant.receipts.record import Receipt, conditions, document_sha256
from ingest.document.model import Page, ended
from ingest.document.source import readable
from ingest.errors import PinciteError
from ingest.sandbox.page_drawings import drawings
from vectorstore.federation import AnyLibrary, is_joined, shown

# -- Draws a page with some of its lines marked as with a pen: the cited ones in yellow

YELLOW = (255, 226, 92)
BLUE = (176, 214, 255)
_MARGIN = 1.5  # points around the letters

Rectangle = tuple[float, ...]  # x0, y0, x1, y1 in points from the top left
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Marked:
    """Finishes a drawn page (see `ingest.sandbox.page_drawings`): marks it, and cuts it to size."""

    points: float  # the width of the page
    cited: tuple[Rectangle, ...] = ()
    changed: tuple[Rectangle, ...] = ()
    between: tuple[float, float] | None = None  # points from the top; None: the whole page

    def __call__(self, page: Image.Image) -> bytes:
        """A PNG."""
        for boxes, colour in ((self.changed, BLUE), (self.cited, YELLOW)):
            if boxes and self.points:
                page = highlighted(page, boxes, self.points, colour)
        if self.between:
            top, bottom = (int(side * page.width / self.points) for side in self.between)
            page = page.crop((0, top, page.width, bottom))
        return png(page)


def highlighted(
    page: Image.Image, boxes: Sequence[Rectangle], points: float, colour: Colour = YELLOW
) -> Image.Image:
    """`points` is the width of the page. What is printed stays readable: the pen multiplies."""
    scale = page.width / points
    pen = Image.new("RGB", page.size, "white")
    draw = ImageDraw.Draw(pen)
    for x0, y0, x1, y1 in boxes:
        around = (x0 - _MARGIN, y0 - _MARGIN, x1 + _MARGIN, y1 + _MARGIN)
        draw.rounded_rectangle([side * scale for side in around], 2 * scale, fill=colour)
    return ImageChops.multiply(page, pen)


def png(image: Image.Image) -> bytes:
    """Fast rather than small: it goes to a browser on this machine."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


# -- The pack: an HTML page whose template stands beside this file

_SCALE = 2.0  # 144 dots per inch: sharp on paper, too
_AROUND = 54.0  # points of the page shown above and below the cited lines
_CHANGED = "The document has changed or is gone since the answer, so its page is not shown."


class Crop(NamedTuple):
    """A cited page around its cited lines, or why it is not shown; both empty for a text."""

    png: str = ""  # in base64
    missing: str = ""


def evidence_pack(receipt: Receipt, library: AnyLibrary | None) -> str:
    """A whole HTML page. Pages are shown from the library's own copies, while it has them."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = Path(__file__).with_suffix(".html").read_text(encoding="utf-8")
    answer, name = receipt.answer, receipt.library
    whole = [{"text": answer["answer"], "supported": True, "marks": []}]
    return environment.from_string(template).render(
        receipt=receipt,
        answer=answer,
        sentences=[{**said, "text": ended(said["text"])} for said in answer["sentences"] or whole],
        marks={citation["mark"] for citation in answer["citations"]},
        notices=[*answer.get("notices", ()), *([STOPPED] if answer["stopped"] else [])],
        conditions=_conditions(receipt),
        messages=list(_messages(receipt)),
        crop=functools.partial(_crop, receipt, library),
        place_of=lambda found: place(found["page"], found.get("seconds")),
        named=lambda row: readable(full_name(row)),
        pieces=pieces,
        of_libraries=f"{'libraries' if is_joined(name) else 'library'} {shown(name)}",
    )


def _crop(receipt: Receipt, library: AnyLibrary | None, citation: Mapping[str, Any]) -> Crop:
    if not receipt.library:
        return Crop()
    document = full_name(citation)
    then = {full_name(source): source["document_sha256"] for source in receipt.sources}
    if library is None or document_sha256(library, document) != then.get(document, ""):
        return Crop(missing=_CHANGED)
    try:
        page = library.page(document, citation["page"])
        if not page.width:
            return Crop()  # a text or a recording: there is no page to draw
        return Crop(base64.b64encode(_draw_crop(library.file(document), page, citation)).decode())
    except PinciteError as error:
        return Crop(missing=str(error))


def _draw_crop(file: Path, page: Page, citation: Mapping[str, Any]) -> bytes:
    boxes = tuple(tuple(box) for box in citation["boxes"])
    top = max(min((box[1] for box in boxes), default=0.0) - _AROUND, 0.0)
    bottom = min(max((box[3] for box in boxes), default=page.height) + _AROUND, page.height)
    marked = Marked(page.width, boxes, between=(top, bottom))
    return drawings.draw(file, page.number, _SCALE, marked, citation["document"])


def _conditions(receipt: Receipt) -> dict[str, Any]:
    """How the answer was made, by what a person calls it."""
    # Of the model's file not the folder: it may tell who is who.
    model = receipt.model | {"file": Path(receipt.model.get("file", "")).name}
    return {
        "model": "\n".join(f"{name}: {value}" for name, value in model.items() if value),
        **conditions(receipt),
        "embedding": receipt.embedding,
        "library generation": receipt.generation if receipt.library else "",
        "settings": ", ".join(f"{name} {value}" for name, value in receipt.settings.items()),
        "versions": ", ".join(f"{name} {value}" for name, value in receipt.versions.items()),
    }


def _messages(receipt: Receipt) -> Iterator[list[str]]:
    """The role and the text of all that was sent to the model, and of what it wrote in between."""
    yield from receipt.asked
    for step in receipt.steps:
        yield from step["asked"]
        yield ["wrote", step["written"]]
