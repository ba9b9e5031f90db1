"""Refuses pages with so many tiles of a pattern that drawing one takes for ever.

PDFium draws tile by tile, cannot be stopped, and does not tell what a pattern is like; pypdf does.
"""

import mmap
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from pypdf import PdfReader

from ingest.document.source import Source
from ingest.errors import UnreadableFile

MOST = 20_000_000  # tiles on a page: PDFium takes .5 to 4 seconds for them
_DEEPEST = 3  # drawings in drawings


def check(source: Source) -> None:
    """Raises UnreadableFile."""
    if not _has_tiles(source):
        return
    for number, tiles in enumerate(_tiles(source), 1):
        if tiles > MOST:
            raise UnreadableFile(
                f"{source.name} is refused: page {number} can be filled with {tiles:,.0f} tiles of "
                f"a pattern, more than {MOST:,}, which would take hours to draw. Print it to a "
                "new PDF."
            )


def _has_tiles(source: Source) -> bool:
    # A pattern is a stream, and streams are never inside of others: its head is not packed.
    with (
        suppress(OSError, ValueError),
        source.path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        return data.find(b"/XStep") >= 0
    return False


def _tiles(source: Source) -> Iterator[float]:
    """The tiles of each page's finest pattern. The limits catch what pypdf cannot read."""
    with suppress(Exception):
        for page in PdfReader(source.path).pages:
            most = 0.0
            with suppress(Exception):
                area = float(page.mediabox.width) * float(page.mediabox.height)
                most = max(
                    (area / step for step in _steps(page.get("/Resources"), 0, set())), default=0
                )
            yield most


def _steps(resources: Any, depth: int, seen: set[int]) -> Iterator[float]:
    """How much of the page each tile takes, in square points."""
    resources = resources.get_object() if resources else {}
    for pattern in _values(resources, "/Pattern"):
        with suppress(KeyError, TypeError, ValueError, AttributeError):  # one may be null
            a, b, c, d, *_ = map(float, pattern.get("/Matrix", (1, 0, 0, 1)))
            step = abs(float(pattern["/XStep"]) * float(pattern["/YStep"]) * (a * d - b * c))
            if step:
                yield step
    for thing in _values(resources, "/XObject") if depth < _DEEPEST else ():
        with suppress(AttributeError):
            inside = thing.get_object().get("/Resources") if _is_form(thing) else None
            if inside is not None and id(inside.get_object()) not in seen:
                seen.add(id(inside.get_object()))  # drawings may share what they use
                yield from _steps(inside, depth + 1, seen)


def _is_form(thing: Any) -> bool:
    return bool(thing.get("/Subtype") == "/Form")


def _values(resources: Any, name: str) -> list[Any]:
    found = resources.get(name)
    return [value.get_object() for value in found.get_object().values()] if found else []
