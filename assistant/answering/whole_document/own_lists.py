"""The lists that a document has itself: bullets and numbers, columns of tables, headings.

Code finds these better than a small model does. Which of them is meant, others decide.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from assistant.answering.passages.window_builder import Window
from ingest.document.model import Chunk, Line, Page, Table
from ingest.text.reflow import join

_FEWEST = 3  # items of a list
_LEAD = 3  # lines above a list that may introduce it
_LONGEST = 60  # words of an item: beyond these it is a numbered paragraph
_APART = 0.6  # of a line's height: a larger gap ends an item
_MARK = re.compile(r"\A\s*+(?:[•‣▪■◦●○\uf0b7*–—-]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s++(?=\S)")

_REST = re.compile(r"(?<!\s)\s*+(?::\s|\(|(?<=\s)[–—-]\s).*", re.DOTALL)


@dataclass(frozen=True)
class Item:
    """An item with the lines that it stands on."""

    text: str
    window: Window

    @property
    def head(self) -> str:
        """What it is called, without the explanation behind it."""
        return _REST.sub("", self.text).strip(" .;,") or self.text


@dataclass(frozen=True)
class OwnList:
    """Items, and the words above that say what they are: headings, introduction, heads."""

    about: str
    items: tuple[Item, ...]
    lead: Window | None = None  # the lines of the introduction


def own_lists(document: str, pages: Sequence[Page], chunks: Sequence[Chunk]) -> list[OwnList]:
    """All lists of a document, in no order; `chunks` are its visible passages."""
    above = _Above(document, chunks)
    found = [
        *_marked(document, pages, above),
        *(one for page in pages for one in _columns(document, page, above)),
        *_headings(document, pages, chunks),
    ]
    return [one for one in found if len(one.items) >= _FEWEST]


class _Above:
    """The headings above each line."""

    def __init__(self, document: str, chunks: Sequence[Chunk]) -> None:
        self.document = document
        self._paths = {
            (c.page, line): c.headings for c in chunks for line in range(c.first, c.last + 1)
        }

    def path(self, page: Page, line: int) -> str:
        return ": ".join(self._paths.get((page.number, line), ())[-2:])

    def seen(self, page: Page, line: int) -> bool:
        """Whether a line is in a visible passage."""
        return (page.number, line) in self._paths


@dataclass(frozen=True)
class _Block:
    """Lines of a paragraph, a row or an item."""

    page: Page
    first: int
    last: int

    @property
    def lines(self) -> Sequence[Line]:
        return self.page.lines[self.first : self.last + 1]

    @property
    def text(self) -> str:
        return join([line.text for line in self.lines])

    @property
    def marked(self) -> bool:
        return bool(_MARK.match(self.lines[0].text))


def _blocks(pages: Sequence[Page], above: _Above) -> Iterator[_Block]:
    for page in pages:
        start = 0
        for at, line in enumerate(page.lines):
            if at + 1 == len(page.lines) or _ends(line, page.lines[at + 1]):
                if above.seen(page, start):
                    yield _Block(page, start, at)
                start = at + 1


def _ends(here: Line, below: Line) -> bool:
    other = (here.heading, here.bold, round(here.size)) != (
        below.heading, below.bold, round(below.size),
    )  # fmt: skip
    return other or ends_block(here, below)


def ends_block(here: Line, below: Line) -> bool:
    """Whether a paragraph, a row or an item ends here, by the place and the mark of the lines."""
    height = max(here.box.y1 - here.box.y0, 1.0)
    apart = below.box.y0 - here.box.y1 > _APART * height or below.box.y0 < here.box.y0
    outdented = bool(_MARK.match(here.text)) and below.box.x0 < here.box.x0 - height / 2
    return apart or below.begins or outdented or bool(_MARK.match(below.text))


def _marked(document: str, pages: Sequence[Page], above: _Above) -> Iterator[OwnList]:
    """Runs of items with a bullet or a number, also over the end of a page."""
    blocks = list(_blocks(pages, above))
    for is_item, run in groupby(range(len(blocks)), key=lambda at: blocks[at].marked):
        numbers = list(run)
        if not is_item or len(numbers) < _FEWEST:
            continue
        items = tuple(
            _item(document, blocks[at])
            for at in numbers
            if len(blocks[at].text.split()) <= _LONGEST
        )
        first = blocks[numbers[0]]
        path = above.path(first.page, first.first)
        if not numbers[0]:
            yield OwnList(path, items)
            continue
        lead = blocks[numbers[0] - 1]
        window = Window(document, lead.page, max(lead.first, lead.last - _LEAD + 1), lead.last, 1.0)
        words = join(window.text.split("\n"))
        yield OwnList(f"{path}\n{words}".strip(), items, window)


def _item(document: str, block: _Block) -> Item:
    window = Window(document, block.page, block.first, block.last, 1.0)
    return Item(_MARK.sub("", block.text, count=1), window)


def _columns(document: str, page: Page, above: _Above) -> Iterator[OwnList]:
    """The columns of words of each table."""
    for table in page.tables:
        for column in range(max(map(len, table.rows), default=0)):
            items = tuple(_cells(document, page, table, column))
            heads = [r[column].text for r in table.rows[: table.header] if column < len(r)]
            about = "\n".join([above.path(page, table.first), table.caption, " ".join(heads)])
            yield OwnList(about.strip(), items)


def _cells(document: str, page: Page, table: Table, column: int) -> Iterator[Item]:
    for row in table.rows[table.header :]:
        cell = row[column] if column < len(row) else None
        if cell and cell.kind == "text" and cell.text.strip():
            window = Window(document, page, cell.line, cell.line, 1.0)
            yield Item(" ".join(cell.text.split()), window)


def _headings(document: str, pages: Sequence[Page], chunks: Sequence[Chunk]) -> Iterator[OwnList]:
    """The headings of each level below the same heading."""
    paths = dict.fromkeys(c.headings[:n] for c in chunks for n in range(1, len(c.headings) + 1))
    first: dict[tuple[str, ...], Chunk] = {}
    for c in chunks:
        for n in range(1, len(c.headings) + 1):
            first.setdefault(c.headings[:n], c)
    numbered = {page.number: page for page in pages}
    for parent, below in groupby(sorted(paths, key=lambda p: p[:-1]), key=lambda p: p[:-1]):
        items = [
            Item(path[-1], window)
            for path in below
            if (window := _of_heading(document, numbered, first[path], path[-1]))
        ]
        yield OwnList(": ".join([document, *parent]), tuple(items))


def _of_heading(document: str, pages: dict[int, Page], chunk: Chunk, heading: str) -> Window | None:
    """Where a heading stands: above its first passage."""
    for number in (chunk.page, chunk.page - 1):
        page = pages.get(number)
        if page is None:
            continue
        start = chunk.first if number == chunk.page else len(page.lines) - 1
        for at in range(start, -1, -1):
            text = page.lines[at].text.strip()
            if text and (heading.startswith(text) or text.startswith(heading)):
                return Window(document, page, at, at, 1.0)
    return None
