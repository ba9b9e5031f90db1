"""Finds the headings of a document, and the headings above a line."""

import re
from bisect import bisect_right

from ingest.chunking.running_headers import Repeated, body_size, repeated
from ingest.document.model import Document, Page

_LARGER = 1.12  # than the body text
_LONGEST = 100  # characters
_LETTERS = re.compile(r"[^\W\d_]{3}")
_NUMBERED = re.compile(r"^(\d+(?:\.\d+)*)\.?\s+\S")
_DEEPEST = 4


class Headings:
    """The headings of a document: as the format states them, else by outline and letters.

    A slide or a sheet stands under its name. Running headers and hidden lines are no headings, nor
    is what stands out in a table, unless the format says so.
    """

    def __init__(self, document: Document, running: Repeated | None = None) -> None:
        """`running` are the document's running headers and footers, if already known."""
        self._running = (running or repeated(document)).all
        self._body = body_size(document)
        self._outline = {(h.page, _key(h.title)): h.level for h in document.outline}
        self._levels = _levels_by_size(document, self._body)
        self._lines: dict[int, set[int]] = {}
        self._places: list[tuple[int, int]] = []
        self._paths: list[tuple[str, ...]] = []
        self._named = False  # does the page before have a name?
        for page in document.pages:
            self._read(page)

    def is_heading(self, page: Page, index: int) -> bool:
        return index in self._lines.get(page.number, ())

    def path(self, page: Page, index: int) -> tuple[str, ...]:
        """The headings above a line, outermost first; a heading is above itself."""
        at = bisect_right(self._places, (page.number, index))
        return self._paths[at - 1] if at else ()

    def titles(self) -> list[str]:
        """All headings in the order of the document."""
        return [path[-1] for path in self._paths if path]

    def _read(self, page: Page) -> None:
        named = (page.title,) if page.title else ()
        if page.lines and (named or self._named):
            self._put(page, 0, named)
        self._named = bool(named)
        tabular = {i for table in page.tables for i in range(table.first, table.last + 1)}
        for index, line in enumerate(page.lines):
            level = self._level(page, index, index in tabular)
            if level is None:
                continue
            self._lines.setdefault(page.number, set()).add(index)
            if named and _key(line.text) == _key(page.title):
                continue
            above = self._paths[-1][len(named) :] if self._paths else ()
            self._put(page, index, (*named, *above[: level - 1], line.text))

    def _put(self, page: Page, index: int, path: tuple[str, ...]) -> None:
        self._places.append((page.number, index))
        self._paths.append(path)

    def _level(self, page: Page, index: int, tabular: bool) -> int | None:
        line = page.lines[index]
        if line.hidden or (page.number, index) in self._running:
            return None
        if line.heading:
            return min(line.heading, _DEEPEST)
        if level := self._outline.get((page.number, _key(line.text))):
            return min(level, _DEEPEST)
        if tabular or not _could_be(line.text):
            return None
        if self._body and line.size >= self._body * _LARGER:
            return _numbered_level(line.text) or self._levels[line.size]
        if line.bold and _stands_alone(page, index):
            return _numbered_level(line.text) or min(len(set(self._levels.values())) + 1, _DEEPEST)
        return None


def _levels_by_size(document: Document, body: float) -> dict[float, int]:
    sizes = {
        line.size
        for page in document.pages
        for line in page.lines
        if line.size >= body * _LARGER and _could_be(line.text)
    }
    return {size: min(rank, 3) for rank, size in enumerate(sorted(sizes, reverse=True), start=1)}


def _could_be(text: str) -> bool:
    return (
        len(text) <= _LONGEST
        and _LETTERS.search(text) is not None
        and not text.endswith((".", ",", ";"))
        and not text[0].islower()
    )


def _numbered_level(text: str) -> int | None:
    match = _NUMBERED.match(text)
    return min(match.group(1).count(".") + 1, _DEEPEST) if match else None


def _stands_alone(page: Page, index: int) -> bool:
    """Space above, and no bold line beside or below: not the head of a table."""
    line = page.lines[index]
    height = max(line.box.y1 - line.box.y0, 1.0)
    above = page.lines[index - 1] if index else None
    below = page.lines[index + 1] if index + 1 < len(page.lines) else None
    free = above is None or line.box.y0 - above.box.y1 > 0.5 * height
    return free and below is not None and not below.bold and below.box.y0 > line.box.y0


def _key(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()
