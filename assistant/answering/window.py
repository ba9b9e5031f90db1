"""Windows: the lines of a page that are read, and the citable units in them: sentences, table rows,
list items.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby

from assistant.contract.evidence import Evidence
from assistant.contract.facts import GAP, Citation, Passage, parts_of
from assistant.security.prompt_injection import instructs
from ingest.document.model import Page, Table
from ingest.language.quantities import head_scales
from ingest.language.sentences import numbers, spans
from ingest.language.words import stems
from ingest.text.reflow import about_tokens
from vectorstore.errors import LibraryError
from vectorstore.retrieval.fusion import Hit

# -- Widens hits to passages of whole lines around them, within a token budget

_BEFORE = 50  # tokens read above and below a hit
_AFTER = 110
_TABLE = 400  # tokens: a table up to this length is read as a whole
_JOIN = 2  # lines between two windows of a page that are merged
LABEL = 24  # tokens of a passage's label


@dataclass(frozen=True)
class Window:
    """Lines of a page that are read: `first` to `last`, inclusive."""

    document: str
    page: Page
    first: int
    last: int
    score: float
    cosine: float = 0.0  # of the best hit in it to the question
    is_cut: bool = field(default=False, compare=False)  # picked lines: sentences go on outside

    @property
    def place(self) -> tuple[str, int]:
        """Its document, and the number of its page."""
        return self.document, self.page.number

    @cached_property
    def text(self) -> str:
        return "\n".join(line.text for line in self.page.lines[self.first : self.last + 1])

    @cached_property
    def units(self) -> "tuple[CitableSpan, ...]":
        """Its sentences with their lines; in tables and lists, single lines. Cut once: ranking
        and attribution look at the same ones. Where lines were picked, a sentence that begins or
        ends outside is none."""
        if self.is_cut:
            around = (one for one in self._around().units if self.first <= one.first)
            return tuple(replace(one, window=self) for one in around if one.last <= self.last)
        return tuple(
            unit for first, last in _blocks(self) for unit in _sentences(self, first, last)
        )

    def _around(self) -> "Window":
        """With as many lines above and below as a sentence has at most."""
        lines = self.page.lines
        first, last = self.first, self.last
        while first > max(self.first - _MOST_LINES, 0) and not lines[first - 1].hidden:
            first -= 1
        while last < min(self.last + _MOST_LINES, len(lines) - 1) and not lines[last + 1].hidden:
            last += 1
        return replace(self, first=first, last=last, is_cut=False)

    @cached_property
    def lists(self) -> "tuple[CitableSpan, ...]":
        """Its lists, each as one unit: an enumeration in an answer uses all its items."""
        lines, runs = self.page.lines, _lists(self, list(_blocks(self)))
        texts = (" ".join(line.text for line in lines[first : last + 1]) for first, last in runs)
        return tuple(
            CitableSpan(self, first, last, text, stems(text), numbers(text), is_list=True)
            for (first, last), text in zip(runs, texts, strict=True)
        )

    @cached_property
    def scales(self) -> frozenset[int]:
        """Powers of ten that the page states for its numbers ("in millions")."""
        return head_scales(self.page.text)

    def holds(self, hit: Hit) -> bool:
        """Whether it contains all lines of the hit."""
        inside = self.first <= hit.chunk.first and hit.chunk.last <= self.last
        return inside and self.place == (hit.document, hit.page)

    def touches(self, hit: Hit) -> bool:
        """Whether it contains a line of the hit."""
        near = self.first <= hit.chunk.last and hit.chunk.first <= self.last
        return near and self.place == (hit.document, hit.page)

    def widened_by(self, before: int, after: int) -> "Window":
        """With so many tokens more above and below; hidden lines end it."""
        first = _reach(self.page, self.first, -1, before)
        return replace(self, first=first, last=_reach(self.page, self.last, +1, after))

    @property
    def passage(self) -> Passage:
        seconds = self.page.lines[self.first].seconds
        return Passage(self.document, self.page.number, round(self.score, 4), self.text, seconds)

    def citation(self, mark: int, score: float) -> Citation:
        """The citation of these lines, as they are on the page; `score` is brought into 0 to 1."""
        cited = self.page.lines[self.first : self.last + 1]
        return Citation(
            mark, self.document, self.page.number, self.text, tuple(line.box for line in cited),
            round(min(max(score, 0.0), 1.0), 3), cited[0].seconds,
        )  # fmt: skip


def widened(
    hits: Sequence[Hit], evidence: Evidence, budget: int, count: Callable[[str], int] = about_tokens
) -> list[Window]:
    """The best hits with their surroundings, best first, together at most `budget` tokens."""
    chosen: list[Window] = []
    for hit in hits:
        window = _around(hit, evidence.page(hit.document, hit.page))
        grown = [_merged(chosen, w) for w in (_with_tables(window), window)]
        fitting = [c for c in grown if _room(c, budget, count) >= 0]
        if fitting:
            chosen = fitting[0]
        elif not chosen:
            return [_shrunk(window, hit, budget, count)]
        elif len(hits) > 1 and _room(chosen, budget, count) < _BEFORE:
            break
    return chosen


def surroundings(hits: Sequence[Hit], evidence: Evidence) -> tuple[Window, ...]:
    """The hits with the lines around them; those that touch are one. Without what another process
    has removed."""
    found: list[Window] = []
    for hit in hits:
        with suppress(LibraryError):
            found = _merged(found, _around(hit, evidence.page(hit.document, hit.page)))
    return tuple(found)


def window_at(hit: Hit, evidence: Evidence) -> Window:
    """The lines of a hit alone."""
    page = evidence.page(hit.document, hit.page)
    return Window(hit.document, page, hit.chunk.first, hit.chunk.last, hit.score, hit.cosine)


def passages_of(windows: Sequence[Window]) -> tuple[Passage, ...]:
    """What people and the model see: one for each page, with a gap between lines that are apart."""
    pages: dict[tuple[str, int], Passage] = {}
    for passage in (window.passage for window in windows):
        place = passage.document, passage.page
        before = pages.get(place)
        joined = f"{before.text}\n{GAP}\n{passage.text}" if before else passage.text
        pages[place] = replace(before or passage, text=joined)
    return tuple(pages.values())


def windows_of(passage: Passage, evidence: Evidence) -> tuple[Window, ...]:
    """The lines of a passage of an earlier turn; empty when they have changed."""
    try:
        page = evidence.page(passage.document, passage.page)
    except LibraryError:
        return ()
    found: list[Window] = []
    for part in parts_of(passage.text):
        after = found[-1].last + 1 if found else 0
        first = _found(part.split("\n"), page, after)
        if first is None:
            return ()
        last = first + part.count("\n")
        found.append(Window(passage.document, page, first, last, passage.score, is_cut=True))
    return tuple(found)


def _found(wanted: Sequence[str], page: Page, start: int) -> int | None:
    lines = [line.text for line in page.lines]
    for first in range(start, len(lines) - len(wanted) + 1):
        last = first + len(wanted) - 1
        if lines[first : last + 1] == wanted and _seen(page, first, last):
            return first
    return None


def _seen(page: Page, first: int, last: int) -> bool:
    """Whether all of these lines are visible: hidden ones are how documents attack assistants."""
    return not any(line.hidden for line in page.lines[first : last + 1])


def _around(hit: Hit, page: Page) -> Window:
    first, last = hit.chunk.first, hit.chunk.last
    found = Window(hit.document, page, first, last, hit.score, hit.cosine)
    return found.widened_by(_BEFORE, _AFTER)


def _reach(page: Page, line: int, step: int, tokens: int) -> int:
    """The last line, up or down from one, with so many tokens between; hidden lines end it."""
    while 0 <= (near := line + step) < len(page.lines) and _seen(page, near, near):
        tokens -= about_tokens(page.lines[near].text)
        if tokens < 0:
            break
        line = near
    return line


def _with_tables(window: Window) -> Window:
    """The window with the rest of each table in it: rows mean little without their head."""
    lines, first, last = window.page.lines, window.first, window.last
    for table in window.page.tables:
        shared = table.first <= window.last and window.first <= table.last
        rows = lines[table.first : table.last + 1]
        shared = shared and _seen(window.page, table.first, table.last)
        if shared and sum(about_tokens(line.text) for line in rows) <= _TABLE:
            first, last = min(first, table.first), max(last, table.last)
    return replace(window, first=first, last=last)


def _merged(chosen: Sequence[Window], window: Window) -> list[Window]:
    """Add a window; it merges with those of its page that it touches, at the first one's rank."""
    touched = [old for old in chosen if _touch(old, window)]
    if not touched:
        return [*chosen, window]
    parts = [*touched, window]
    joined = replace(
        touched[0],
        first=min(part.first for part in parts),
        last=max(part.last for part in parts),
        cosine=max(part.cosine for part in parts),
    )
    return [joined if old is touched[0] else old for old in chosen if old not in touched[1:]]


def _touch(one: Window, other: Window) -> bool:
    same = one.document == other.document and one.page.number == other.page.number
    between = min(one.last, other.last) + 1, max(one.first, other.first) - 1
    near = between[1] - between[0] < _JOIN
    return same and near and _seen(one.page, *between)


def _room(chosen: Sequence[Window], budget: int, count: Callable[[str], int]) -> int:
    return budget - sum(count(w.text) + LABEL for w in chosen)


def _shrunk(window: Window, hit: Hit, budget: int, count: Callable[[str], int]) -> Window:
    """The hit alone, with as many lines as fit."""
    first, last = hit.chunk.first, hit.chunk.last
    shrunk = replace(window, first=first, last=last)
    while last > first and count(shrunk.text) + LABEL > budget:
        last -= 1
        shrunk = replace(shrunk, last=last)
    return shrunk


# -- Cuts windows into citable units: sentences, table rows, list items

_MOST_LINES = 5  # lines: a longer "sentence" is a table or a list, and is taken line by line
_LONGEST_LIST = 16  # lines
_HYPHEN = re.compile(r"([a-z])-\s([a-z])")
_BULLETS = ("•", "-", "–", "*")


@dataclass(frozen=True)
class CitableSpan:
    """A sentence of a window that is read, with the whole lines it stands on."""

    window: Window = field(repr=False)
    first: int  # lines of the page
    last: int
    text: str
    stems: frozenset[str]
    numbers: frozenset[str]
    heads: str = ""  # of a table row: its caption and column heads
    is_list: bool = False  # a list with the line above it: no other line says what it means

    @cached_property
    def meant(self) -> frozenset[str]:
        """Its words, also those divided by a line end. A row, which has few words, adds its caption
        and heads."""
        return self.stems | stems(self.heads) | stems(_HYPHEN.sub(r"\1\2", self.text))

    @cached_property
    def instructs(self) -> bool:
        """Whether it is an instruction to a model."""
        return instructs(self.text, self.text if self.is_list else self.window.text)

    @cached_property
    def states(self) -> bool:
        """Whether it states something: no question, no introduction of a list, and no instruction
        to a model."""
        return not self.text.rstrip().endswith(("?", ":")) and not self.instructs

    @property
    def with_heads(self) -> str:
        """Its text; that of a table row behind its caption and heads."""
        return f"{self.heads} {self.text}".strip()

    @property
    def with_head_lines(self) -> set[int]:
        """The numbers of its lines; with those of a table row's heads, and of the line that
        introduces the list of an item."""
        page, own = self.window.page, {*range(self.first, self.last + 1)}
        if _table_at(page, self.first) or self.heads:
            own |= _head_lines(page, self.first)
        elif self.text.startswith(_BULLETS):
            own |= _introduction(page, self.first)
        return {line for line in own if not page.lines[line].hidden}

    def paragraph(self, most: int) -> set[int]:
        """The numbers of the lines of its paragraph in the window; none for a table row, nor where
        it is longer than so many tokens."""
        if _table_at(self.window.page, self.first):
            return set()
        for first, last in _blocks(self.window):
            if first <= self.first <= last:
                lines = range(first, max(last, self.last) + 1)
                texts = "\n".join(self.window.page.lines[line].text for line in lines)
                return {*lines} if about_tokens(texts) <= most else set()
        return set()

    @property
    def lines(self) -> Window:
        """The whole lines that the sentence stands on, as a window."""
        return replace(self.window, first=self.first, last=self.last)


def _blocks(window: Window) -> Iterator[tuple[int, int]]:
    start = window.first
    for line in range(window.first, window.last + 1):
        if line == window.last or _block_ends(window, line):
            yield start, line
            start = line + 1


def _lists(window: Window, blocks: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Runs of list items, with the line above them."""
    found = []
    items = [window.page.lines[first].text.startswith(_BULLETS) for first, _ in blocks]
    for is_item, run in groupby(range(len(blocks)), key=items.__getitem__):
        numbers = list(run)
        if is_item and len(numbers) > 1:
            first, last = max(blocks[numbers[0]][0] - 1, window.first), blocks[numbers[-1]][1]
            if last - first < _LONGEST_LIST:
                found.append((first, last))
    return found


def _block_ends(window: Window, line: int) -> bool:
    here, below = window.page.lines[line], window.page.lines[line + 1]
    apart = below.box.y0 - here.box.y1 > 0.6 * max(here.box.y1 - here.box.y0, 1.0)
    return apart or below.begins or here.heading != below.heading or below.text.startswith(_BULLETS)


def _sentences(window: Window, first: int, last: int) -> Iterator[CitableSpan]:
    """The sentences of a block of lines; one over too many lines is taken line by line."""
    starts, text = [], ""
    for line in window.page.lines[first : last + 1]:
        starts.append(len(text))
        text += f"{line.text} "
    for begin, end in spans(text):
        top = first + bisect_right(starts, begin) - 1
        bottom = first + bisect_right(starts, end - 1) - 1
        if bottom - top >= _MOST_LINES:
            for number in range(top, bottom + 1):
                yield _row(window, number, window.page.lines[number].text)
        elif top == bottom:
            yield _row(window, top, text[begin:end])
        else:
            said = text[begin:end]
            yield CitableSpan(window, top, bottom, said, stems(said), numbers(said))


def _row(window: Window, line: int, text: str) -> CitableSpan:
    """A unit of one line; for a table row, with the words of the table's heads."""
    given = numbers(text)
    above = " ".join(_heads(window.page, line)) if given else ""
    return CitableSpan(window, line, line, text, stems(text), given, above)


def _heads(page: Page, line: int) -> Iterator[str]:
    """Caption and column heads of the table that a line belongs to."""
    table = _table_at(page, line)
    if table is None:
        yield from (page.lines[above].text for above in _bold_above(page, line))
        return
    yield table.caption
    yield from (cell.text for row in table.rows[: table.header] for cell in row)


def _head_lines(page: Page, line: int) -> set[int]:
    """The lines with these heads."""
    table = _table_at(page, line)
    if table is None:
        return {*_bold_above(page, line)}
    heads = {cell.line for row in table.rows[: table.header] for cell in row}
    above = table.first - 1
    is_caption = above >= 0 and page.lines[above].text == table.caption
    return heads | {above} if is_caption else heads


def _introduction(page: Page, item: int) -> set[int]:
    """The line above a list that says what its items mean."""
    for above in range(item - 1, max(item - _LONGEST_LIST, -1), -1):
        if not page.lines[above].text.startswith(_BULLETS):
            return {above} if page.lines[above].text.rstrip().endswith(":") else set()
    return set()


def _table_at(page: Page, line: int) -> Table | None:
    return next((one for one in page.tables if one.first <= line <= one.last), None)


def _bold_above(page: Page, line: int) -> Iterator[int]:
    """The bold lines above the run of lines around a row, where no table was recognised."""
    top = line
    while top and not page.lines[top].bold and not page.lines[top - 1].text.endswith((".", ":")):
        top -= 1
    while top >= 0 and page.lines[top].bold and not page.lines[line].bold:
        yield top
        top -= 1
