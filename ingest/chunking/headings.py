"""Finds the headings of a document, and the headings above a line."""

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from ingest.document.model import Document, Line, Page

# -- Finds running headers and footers: the same words at the same place on many consecutive pages
# Numbers count as the same when they grow with the page ("17" on page 3 and "18" on page 4), and
# only then: an invoice's number in the corner of each page is not repeated. What stands in a table,
# in large letters or away from the margins is none, nor are lines of formats without places. The
# last lines of a page may be its footer wherever it ends; there only a number at an end of the line
# is taken for the page's, since "Step 2 of the test" is no footer.

REASON = "repeated header or footer"
_MARGIN = 0.1  # of the page's height, above and below
_LAST = 2  # lines of a page that may be its footer, however high: web pages printed as PDF
_PAGES = 4  # from so many on
_SKIPPED = 2  # pages between two of a run: left and right pages differ, chapters begin
_HEIGHT = 12.0  # points: places that differ by less are the same
_LARGER = 1.12  # than the body text: larger is a title of slides
_NUMBER = re.compile(r"(?<!\d)\d{1,4}(?!\d)")
_WORD = re.compile(r"[^\W\d_]{3}")  # longer than "of" in "Page 3 of 9"
_MOST_NUMBERS = 4  # of a line that are tried as page numbers: the first and the last ones

Place = tuple[int, int]  # page number, line


@dataclass(frozen=True)
class Repeated:
    """The places of all running headers and footers, and of those that repeat earlier ones."""

    all: frozenset[Place]
    again: frozenset[Place]  # all but the first of each run of pages


def repeated(document: Document) -> Repeated:
    """Running headers and footers of a document."""
    if len(document.pages) < _PAGES:
        return Repeated(frozenset(), frozenset())
    large = body_size(document) * _LARGER
    places: defaultdict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for page in document.pages:
        for index, key in _candidates(page, large):
            places[key][page.number].append(index)
    every: set[Place] = set()
    again: set[Place] = set()
    for pages in places.values():
        for run in _runs(pages):
            every.update((number, index) for number in run for index in pages[number])
            again.update((number, index) for number in run[1:] for index in pages[number])
    return Repeated(frozenset(every), frozenset(again))


def body_size(document: Document) -> float:
    """The letter height of most of the text; 0 when unknown."""
    sizes: Counter[float] = Counter()
    for page in document.pages:
        for line in page.lines:
            sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _runs(numbers: Iterable[int]) -> Iterator[list[int]]:
    """Runs of consecutive pages that are long enough to call a line repeated."""
    run: list[int] = []
    for number in sorted(numbers):
        if run and number - run[-1] > _SKIPPED + 1:
            if len(run) >= _PAGES:
                yield run
            run = []
        run.append(number)
    if len(run) >= _PAGES:
        yield run


def _candidates(page: Page, large: float) -> Iterator[tuple[int, str]]:
    """Lines in the margins, each with all keys under which it could be repeated."""
    if not page.height:
        return
    tabular = {i for table in page.tables for i in range(table.first, table.last + 1)}
    placed = [i for i, line in enumerate(page.lines) if line.box.y1 > line.box.y0]
    lowest = sorted(placed, key=lambda i: -page.lines[i].box.y1)[:_LAST]
    for index in placed:
        line = page.lines[index]
        if index in tabular or line.hidden or line.heading or 0 < large <= line.size:
            continue
        if not any(map(str.isalnum, line.text)):  # a bullet that was drawn apart
            continue
        if where := _margin(page, line):
            yield from ((index, f"{where} {words}") for words in _wordings(page, line))
        if index in lowest:
            where = f"last but {lowest.index(index)}"
            yield from ((index, f"{where} {words}") for words in _wordings(page, line, ends=True))


def _margin(page: Page, line: Line) -> str:
    """The place of a line in the margins; None when it is in neither."""
    if line.box.y1 <= _MARGIN * page.height:
        return f"above {round(line.box.y0 / _HEIGHT)}"
    if line.box.y0 >= (1 - _MARGIN) * page.height:
        return f"below {round((page.height - line.box.y1) / _HEIGHT)}"
    return ""


def _wordings(page: Page, line: Line, ends: bool = False) -> Iterator[str]:
    """The line with each number as it is, and as a distance from the page's number.

    `ends`: only numbers that have no word before them, or none behind them.
    """
    text = " ".join(line.text.split())
    numbers = [m for m in _NUMBER.finditer(text) if not ends or _at_an_end(text, *m.span())]
    numbers = [*numbers[:1], *numbers[1:][1 - _MOST_NUMBERS :]]
    for chosen in product((False, True), repeat=len(numbers)):
        words, end = "", 0
        for match, relative in zip(numbers, chosen, strict=True):
            number = f"<{int(match.group()) - page.number}>" if relative else match.group()
            words += text[end : match.start()] + number
            end = match.end()
        yield words + text[end:]


def _at_an_end(text: str, start: int, end: int) -> bool:
    return not (_WORD.search(text, 0, start) and _WORD.search(text, end))


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
