"""Cuts a document into passages of about 100 tokens that follow headings, paragraphs and tables.

Small passages are found better than big ones: 100 tokens gained .09 page hit@5 over 200 on long
reports (the embedding model reads at most 256, and says nothing about the rest). What is read to
answer is wider than what is found, see `assistant/answering/evidence_units.py`.

A passage is whole lines of one page, and a line is in one passage or in none: long lines have been
folded before (`ingest.text.reflow`), and `ledger` has the reason for each in none.
"""

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ingest.document.model import NOWHERE, Chunk, Document, Dropped, Line, Page, Table, count
from ingest.platform.process import beat
from ingest.text import reflow

# -- Finds running headers and footers: the same words at the same place on many consecutive pages
# Numbers count as the same when they grow with the page ("17" on page 3 and "18" on page 4), and
# only then: an invoice's number in the corner of each page is not repeated. What stands in a table,
# in large letters or away from the margins is none, nor are lines of formats without places.

REASON = "repeated header or footer"
_MARGIN = 0.1  # of the page's height, above and below
_PAGES = 4  # from so many on
_SKIPPED = 2  # pages between two of a run: left and right pages differ, chapters begin
_HEIGHT = 12.0  # points: places that differ by less are the same
_LARGER = 1.12  # than the body text: larger is a title of slides
_NUMBER = re.compile(r"(?<!\d)\d{1,4}(?!\d)")
_MOST_NUMBERS = 8  # of a line that are tried as page numbers

Place = tuple[int, int]  # page number, line


def repeated(document: Document) -> dict[Place, bool]:
    """The places of all running headers and footers, and whether each repeats an earlier one."""
    found: dict[Place, bool] = {}
    if len(document.pages) < _PAGES:
        return found
    large = body_size(document) * _LARGER
    places: defaultdict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for page in document.pages:
        for index, key in _candidates(page, large):
            places[key][page.number].append(index)
    for pages in places.values():
        for run in _runs(pages):
            for place in ((number, index) for number in run for index in pages[number]):
                found[place] = found.get(place, False) or place[0] != run[0]
    return found


def body_size(document: Document) -> float:
    """The letter height of most of the text; 0 when unknown."""
    sizes: Counter[float] = Counter()
    for page in document.pages:
        for line in page.lines:
            sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _runs(numbers: Iterable[int]) -> list[list[int]]:
    """Runs of consecutive pages that are long enough to call a line repeated."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if not runs or number - runs[-1][-1] > _SKIPPED + 1:
            runs.append([])
        runs[-1].append(number)
    return [run for run in runs if len(run) >= _PAGES]


def _candidates(page: Page, large: float) -> Iterator[tuple[int, str]]:
    """Lines in the margins, each with all keys under which it could be repeated."""
    if not page.height:
        return
    tabular = {i for table in page.tables for i in range(table.first, table.last + 1)}
    for index, line in enumerate(page.lines):
        if (
            line.box.y1 <= line.box.y0
            or index in tabular
            or line.hidden
            or line.heading
            or 0 < large <= line.size
        ):
            continue
        if not any(map(str.isalnum, line.text)):  # a bullet that was drawn apart
            continue
        if where := _margin(page, line):
            yield from ((index, f"{where} {words}") for words in _wordings(page, line))


def _margin(page: Page, line: Line) -> str:
    """The place of a line in the margins; None when it is in neither."""
    if line.box.y1 <= _MARGIN * page.height:
        return f"above {round(line.box.y0 / _HEIGHT)}"
    if line.box.y0 >= (1 - _MARGIN) * page.height:
        return f"below {round((page.height - line.box.y1) / _HEIGHT)}"
    return ""


def _wordings(page: Page, line: Line) -> Iterator[str]:
    """The line as it is, and with each of its last numbers as a distance from the page's number."""
    text = " ".join(line.text.split())
    yield text
    for match in list(_NUMBER.finditer(text))[-_MOST_NUMBERS:]:
        yield f"{text[: match.start()]}<{int(match[0]) - page.number}>{text[match.end() :]}"


# -- Finds the headings that passages stand under

_LONGEST = 100  # characters
_LETTERS = re.compile(r"[^\W\d_]{3}")
_NUMBERED = re.compile(r"^(\d+(?:\.\d+)*)\.?\s+\S")
_DEEPEST = 4


class Headings:
    """The headings of a document: as the format states them, else by outline and letters.

    A slide or a sheet stands under its name. Running headers and hidden lines are no headings, nor
    is what stands out in a table, unless the format says so.
    """

    def __init__(self, document: Document, running: Collection[Place] | None = None) -> None:
        """`running` are the document's running headers and footers, if already known."""
        self._running = repeated(document) if running is None else running
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


# -- Groups the lines of a page into blocks: a paragraph, a list item, a table row

TOKENS = 100  # of a passage, about
LONGEST = 200  # of a passage, without its title and the repeated head of its table
_CAPTION, _HEAD = 20, 40  # tokens of a table's caption and header that are repeated
_GAP = 0.6  # of a line's height: more space above a line begins a paragraph
_BULLETS = ("•", "-", "\u2013", "▪", "●", "◦", "*")
_SENTENCE_ENDS = (".", "!", "?", ":", ";")


@dataclass(frozen=True)
class Block:
    """Lines of a page that belong together: `first` to `last`, inclusive."""

    first: int
    last: int
    tokens: int
    heading: bool = False
    row: bool = False  # of a table
    tied: bool = False  # to the block before: the first rows stay with their table's header
    hidden: bool = False
    caption: str = ""  # of the table around it
    head: str = ""  # header of that table, unless the block is part of it


class Blocks:
    """Cuts pages of one document into blocks. Repeated headers and footers are in none."""

    def __init__(self, document: Document) -> None:
        self._running = repeated(document)
        self.headings = Headings(document, self._running)

    def of(self, page: Page) -> Iterator[Block]:
        """The blocks of a page, in order."""
        tables = _Tables(page)
        first: int | None = None
        tokens = 0
        for index, line in enumerate(page.lines):
            left_out = self._running.get((page.number, index), False)
            if first is not None and (left_out or self._cut(page, index, tokens, tables)):
                yield self._block(page, first, index - 1, tokens, tables)
                first = None
            if left_out:
                continue
            if first is None:
                first, tokens = index, 0
            tokens += reflow.about_tokens(line.text)
        if first is not None:
            yield self._block(page, first, len(page.lines) - 1, tokens, tables)

    def _block(self, page: Page, first: int, last: int, tokens: int, tables: "_Tables") -> Block:
        table, caption, head = tables.inside.get(first), "", ""
        if table:
            caption = reflow.shortened(reflow.plain(table.caption), _CAPTION)
            head = _head(table) if first >= tables.body[table.first] else ""
        return Block(
            first, last, tokens,
            heading=self.headings.is_heading(page, first),
            row=table is not None,
            tied=first in tables.tied,
            hidden=bool(page.lines[first].hidden),
            caption=caption, head=head,
        )  # fmt: skip

    def _cut(self, page: Page, index: int, tokens: int, tables: "_Tables") -> bool:
        before, line = page.lines[index - 1], page.lines[index]
        if bool(before.hidden) != bool(line.hidden):
            return True
        if index in tables.inside and index - 1 in tables.inside:
            # A row that is longer than a passage is cut like a paragraph.
            return index in tables.rows or _full(page, index, tokens, LONGEST)
        return (
            index in tables.rows
            or index - 1 in tables.inside
            or self.headings.is_heading(page, index)
            or self.headings.is_heading(page, index - 1)
            or _begins(page, index)
            or _full(page, index, tokens, TOKENS)
        )


def _begins(page: Page, index: int) -> bool:
    before, line = page.lines[index - 1], page.lines[index]
    if line.begins or line.text.startswith(_BULLETS):
        return True
    if NOWHERE in (before.box, line.box):
        return False
    height = max(line.box.y1 - line.box.y0, 1.0)
    gap = line.box.y0 - before.box.y1
    return gap > _GAP * height or gap < -2 * height  # the next column


def _full(page: Page, index: int, tokens: int, most: int) -> bool:
    """Cuts a paragraph that is longer than a passage, at the end of a sentence if possible."""
    ended = page.lines[index - 1].text.endswith(_SENTENCE_ENDS)
    return tokens >= (most * 0.7 if ended else most)


class _Tables:
    """Where the rows of a page's tables begin, and the headers above them."""

    def __init__(self, page: Page) -> None:
        self.inside: dict[int, Table] = {}  # line -> its table
        self.rows: set[int] = set()  # lines at which a row begins
        self.tied: set[int] = set()  # those of the header except its first, and of the first row
        self.body: dict[int, int] = {}  # first line of a table -> of its rows below the header
        for table in page.tables:
            starts = _row_starts(table)
            self.inside.update(dict.fromkeys(range(table.first, table.last + 1), table))
            self.rows.update(starts)
            header = max((c.line for row in table.rows[: table.header] for c in row), default=-1)
            first = next((line for line in starts if line > header), table.first + 1)
            self.body[table.first] = first
            if table.header:
                self.tied.update(line for line in starts if table.first < line <= first)


def _row_starts(table: Table) -> list[int]:
    """Lines at which a row begins: all cells before belong to earlier rows, and none after does."""
    spans = [(min(c.line for c in row), max(c.line for c in row)) for row in table.rows if row]
    lowest = list(accumulate((first for first, _ in reversed(spans)), min))[::-1]
    starts, reached = [table.first], -1
    for (first, last), later in zip(spans, lowest, strict=True):
        if later > reached and first > starts[-1]:
            starts.append(first)
        reached = max(reached, last)
    return starts


def _head(table: Table) -> str:
    rows = (
        " | ".join(cell.text for cell in row if cell.text.strip())
        for row in table.rows[: table.header]
    )
    return reflow.shortened("\n".join(row for row in rows if row), _HEAD)


# -- Cuts a document into passages

VERSION = "4"  # a change of the output is a change of the index
_SMALL = 30  # a remainder of at most this many tokens joins the passage before it
_TITLE = 16  # tokens of the name of a slide or a sheet that each of its passages begins with


def chunk(document: Document) -> list[Chunk]:
    """Cut a document into passages of whole lines; each stays on one page."""
    blocks = Blocks(document)
    words = reflow.vocabulary([page.text for page in document.pages])
    chunks: list[Chunk] = []
    for page in document.pages:
        beat(page.number, len(document.pages))
        for group in _packed(list(blocks.of(page))):
            path = blocks.headings.path(page, group[0].first)
            chunks.append(_chunk(page, group, path, words))
    return chunks


def _chunk(
    page: Page, group: Sequence[Block], path: tuple[str, ...], words: frozenset[str]
) -> Chunk:
    paragraphs = [
        reflow.join([line.text for line in page.lines[block.first : block.last + 1]], words)
        for block in group
    ]
    text = "\n".join([*_above(page, group, paragraphs), *paragraphs])
    return Chunk(page.number, group[0].first, group[-1].last, text, path, group[0].hidden)


def _above(page: Page, group: Sequence[Block], paragraphs: Sequence[str]) -> list[str]:
    """The context of a passage: its page's name, its table's caption and heads.

    It includes the caption of a table that begins in the passage: it may be in the one before.
    """
    captions = dict.fromkeys(block.caption for block in group if block.caption)
    missing = [c for c in captions if not any(c.removesuffix(" …") in p for p in paragraphs)]
    title = reflow.shortened(reflow.plain(page.title), _TITLE)
    title = "" if paragraphs[0].startswith(title) else title
    return [*filter(None, (title,)), *missing, *filter(None, (group[0].head,))]


def _packed(blocks: Sequence[Block]) -> list[list[Block]]:
    groups: list[list[Block]] = []
    for unit in _units(blocks):
        if not groups or _closes(groups[-1], unit):
            groups.append([])
        groups[-1] += unit
    return groups


def _units(blocks: Sequence[Block]) -> list[list[Block]]:
    """Blocks that stay in one passage: single ones, except a table's header with its first row."""
    units: list[list[Block]] = []
    for block in blocks:
        if not units or not (block.tied and _tokens(units[-1]) + block.tokens <= LONGEST):
            units.append([])
        units[-1].append(block)
    return units


def _closes(group: list[Block], unit: list[Block]) -> bool:
    block, tokens = unit[0], _tokens(unit)
    if block.first != group[-1].last + 1 or block.hidden != group[-1].hidden:
        return True
    if block.heading:
        return not all(b.heading for b in group)
    spent = _tokens(group)
    if all(b.heading for b in group):
        return spent + tokens > LONGEST
    if block.row:
        return spent + tokens > TOKENS
    if tokens <= _SMALL // 3:
        return spent + tokens > LONGEST
    return spent + tokens > TOKENS + (_SMALL if tokens < _SMALL else 0)


def _tokens(blocks: Sequence[Block]) -> int:
    return sum(block.tokens for block in blocks)


# -- The coverage ledger: where every character of a page went. Nothing is lost without a reason
# Characters are counted without white space. A line's characters count as indexed when a passage
# holds the line, whatever the passage's text makes of ligatures, hyphens and dot leaders.

UNEXPLAINED = "unexplained"  # a fault of ours: lines without a passage


@dataclass(frozen=True)
class PageLedger:
    """The ledger of one page: extracted + ocr = indexed + dropped."""

    page: int
    extracted: int  # characters from the file itself
    ocr: int  # characters recognised from a picture
    confidence: float | None  # mean confidence of the recognised text
    indexed: int
    hidden: int  # of those indexed: hidden from readers
    dropped: tuple[Dropped, ...]
    unread: int  # estimate of unreadable characters: not included in the others
    note: str

    @property
    def source(self) -> int:
        """The characters of the page that were read, whether they are indexed or dropped."""
        return self.extracted + self.ocr

    @property
    def lost(self) -> int:
        """The characters that are in no passage, whatever the reason."""
        return sum(dropped.characters for dropped in self.dropped)

    @property
    def balanced(self) -> bool:
        """Whether every character has a place or a reason."""
        explained = all(dropped.reason != UNEXPLAINED for dropped in self.dropped)
        return explained and self.source == self.indexed + self.lost


def ledger(document: Document, chunks: Sequence[Chunk]) -> list[PageLedger]:
    """The ledger of each page of a document that was cut into these chunks."""
    running = repeated(document)
    taken: defaultdict[int, set[int]] = defaultdict(set)
    for chunk in chunks:
        taken[chunk.page].update(range(chunk.first, chunk.last + 1))
    return [_page(page, taken[page.number], running) for page in document.pages]


def _page(page: Page, taken: set[int], running: Mapping[Place, bool]) -> PageLedger:
    dropped: Counter[str] = Counter()
    for known in page.dropped:
        dropped[known.reason] += known.characters
    indexed = hidden = 0
    for index, line in enumerate(page.lines):
        characters = count(line.text)
        if index in taken:
            indexed += characters
            hidden += characters if line.hidden else 0
        else:
            dropped[REASON if running.get((page.number, index)) else UNEXPLAINED] += characters
    # All lines of a recognised page, unless single ones are marked.
    doubtful = [line for line in page.lines if line.confidence < 1]
    recognised = doubtful or (page.lines if page.ocr else ())
    read = sum(count(line.text) for line in recognised)
    sure = sum(line.confidence * count(line.text) for line in recognised)
    ocr = read if page.ocr else 0
    rows = tuple(Dropped(*entry) for entry in dropped.items() if entry[1])
    return PageLedger(
        page.number, page.source - ocr, ocr, round(sure / read, 3) if read else None, indexed,
        hidden, rows, page.unread, page.note,
    )  # fmt: skip
