"""Evidence units: the sentences, table rows and list items of what is read. The same units are
ranked, packed into the prompt, shown as the closest lines, quoted and cited.
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
from ingest.language.words import all_stems, stems
from ingest.text.reflow import about_tokens
from vectorstore.errors import LibraryError
from vectorstore.retrieval.fusion import Hit

# -- Windows: lines of a page that are read, such as a hit with what stands around it

_BEFORE, _AFTER = 50, 110  # tokens read above and below a hit
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
    is_cut: bool = field(default=False, compare=False)  # picked lines: sentences go on outside

    @property
    def place(self) -> tuple[str, int]:
        """Its document, and the number of its page."""
        return self.document, self.page.number

    @cached_property
    def text(self) -> str:
        return "\n".join(line.text for line in self.page.lines[self.first : self.last + 1])

    @cached_property
    def stems(self) -> frozenset[str]:
        """Those of its document's name and its lines."""
        return stems(f"{self.document} {self.text}")

    @cached_property
    def units(self) -> "tuple[Unit, ...]":
        """Its sentences with their lines; in tables and lists, single lines. Cut once: ranking
        and attribution look at the same ones. Where lines were picked, a sentence that begins or
        ends outside is none."""
        if self.is_cut:
            # With as many lines above and below as a sentence has at most.
            first = _reach(self.page, self.first, -1, _MOST_LINES, lambda line: 1)
            last = _reach(self.page, self.last, +1, _MOST_LINES, lambda line: 1)
            around = replace(self, first=first, last=last, is_cut=False).units
            inside = (one for one in around if self.first <= one.first and one.last <= self.last)
            return tuple(replace(one, window=self) for one in inside)
        return tuple(
            unit for first, last in _blocks(self) for unit in _sentences(self, first, last)
        )

    @cached_property
    def lists(self) -> "tuple[Unit, ...]":
        """Its lists, each as one unit with the line above it: an enumeration in an answer uses all
        its items."""
        blocks, found = list(_blocks(self)), []
        items = [self.page.lines[first].text.startswith(_BULLETS) for first, _ in blocks]
        for is_item, run in groupby(range(len(blocks)), key=items.__getitem__):
            numbers = list(run)
            first, last = max(blocks[numbers[0]][0] - 1, self.first), blocks[numbers[-1]][1]
            if is_item and len(numbers) > 1 and last - first < _LONGEST_LIST:
                text = " ".join(line.text for line in self.page.lines[first : last + 1])
                found.append(Unit(self, first, last, text, is_list=True))
        return tuple(found)

    @cached_property
    def scales(self) -> frozenset[int]:
        """Powers of ten that the page states for its numbers ("in millions")."""
        return head_scales(self.page.text)

    def touches(self, hit: Hit) -> bool:
        """Whether it contains a line of the hit."""
        near = self.first <= hit.chunk.last and hit.chunk.first <= self.last
        return near and self.place == (hit.document, hit.page)

    def widened(self) -> "Window":
        """With the lines above and below that belong to it: an answer stands rather below."""
        first = _reach(self.page, self.first, -1, _BEFORE)
        return replace(self, first=first, last=_reach(self.page, self.last, +1, _AFTER))

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


def surroundings(hits: Sequence[Hit], evidence: Evidence) -> tuple[Window, ...]:
    """The hits with the lines around them; those that touch are one. Without what another process
    has removed."""
    found: list[Window] = []
    for hit in hits:
        with suppress(LibraryError):
            found = _merged(found, window_at(hit, evidence).widened())
    return tuple(found)


def widened(
    hits: Sequence[Hit], evidence: Evidence, budget: int, count: Callable[[str], int] = about_tokens
) -> list[Window]:
    """The best hits with what is around them and the rest of their tables, best first, together at
    most `budget` tokens; the first one in any case."""
    chosen: list[Window] = []
    for hit in hits:
        near = window_at(hit, evidence).widened()
        grown = [_merged(chosen, one) for one in (_with_tables(near), near)]
        fitting = [some for some in grown if _tokens(some, count) <= budget]
        if fitting:
            chosen = fitting[0]
        elif not chosen:
            return [near]
        elif budget - _tokens(chosen, count) < _BEFORE:
            break
    return chosen


def windows_of(passage: Passage, evidence: Evidence) -> tuple[Window, ...]:
    """The lines of a passage of an earlier turn; empty when they have changed."""
    try:
        page = evidence.page(passage.document, passage.page)
    except LibraryError:
        return ()
    found: list[Window] = []
    for part in parts_of(passage.text):
        first = _find(part.split("\n"), page, found[-1].last + 1 if found else 0)
        if first is None:
            return ()
        last = first + part.count("\n")
        found.append(Window(passage.document, page, first, last, passage.score, is_cut=True))
    return tuple(found)


def passages_of(windows: Sequence[Window]) -> tuple[Passage, ...]:
    """What people and the model see: one for each page, with a gap between lines that are apart."""
    pages: dict[tuple[str, int], Passage] = {}
    for passage in (window.passage for window in windows):
        place = passage.document, passage.page
        before = pages.get(place)
        joined = f"{before.text}\n{GAP}\n{passage.text}" if before else passage.text
        pages[place] = replace(before or passage, text=joined)
    return tuple(pages.values())


def window_at(hit: Hit, evidence: Evidence) -> Window:
    """The lines of a hit alone."""
    page = evidence.page(hit.document, hit.page)
    return Window(hit.document, page, hit.chunk.first, hit.chunk.last, hit.score)


def _find(wanted: Sequence[str], page: Page, start: int) -> int | None:
    lines = [line.text for line in page.lines]
    for first in range(start, len(lines) - len(wanted) + 1):
        last = first + len(wanted) - 1
        if lines[first : last + 1] == wanted and _seen(page, first, last):
            return first
    return None


def _seen(page: Page, first: int, last: int) -> bool:
    """Whether all of these lines are visible: hidden ones are how documents attack assistants."""
    return not any(line.hidden for line in page.lines[first : last + 1])


def _reach(
    page: Page, line: int, step: int, left: int, cost: Callable[[str], int] = about_tokens
) -> int:
    """The last line, up or down from one, with so many tokens between; hidden lines end it."""
    while 0 <= (near := line + step) < len(page.lines) and not page.lines[near].hidden:
        left -= cost(page.lines[near].text)
        if left < 0:
            break
        line = near
    return line


def _with_tables(window: Window) -> Window:
    """The window with the rest of each table in it: rows mean little without their head."""
    first, last = window.first, window.last
    for table in window.page.tables:
        shared = table.first <= window.last and window.first <= table.last
        rows = replace(window, first=table.first, last=table.last)
        tokens = sum(about_tokens(line) for line in rows.text.split("\n"))
        if shared and tokens <= _TABLE and _seen(window.page, table.first, table.last):
            first, last = min(first, table.first), max(last, table.last)
    return replace(window, first=first, last=last)


def _merged(chosen: Sequence[Window], window: Window) -> list[Window]:
    """Add a window; it merges with those of its page that it touches, at the first one's rank."""
    touched = [old for old in chosen if _touch(old, window)]
    if not touched:
        return [*chosen, window]
    parts = [*touched, window]
    first, last = min(part.first for part in parts), max(part.last for part in parts)
    joined = replace(touched[0], first=first, last=last)
    return [joined if old is touched[0] else old for old in chosen if old not in touched[1:]]


def _touch(one: Window, other: Window) -> bool:
    between = min(one.last, other.last) + 1, max(one.first, other.first) - 1
    near = one.place == other.place and between[1] - between[0] < _JOIN
    return near and _seen(one.page, *between)


def _tokens(windows: Sequence[Window], count: Callable[[str], int]) -> int:
    return sum(count(window.text) + LABEL for window in windows)


# -- Units: what can be cited of a window

_MOST_LINES = 5  # lines: a longer "sentence" is a table or a list, and is taken line by line
_LONGEST_LIST = 16  # lines
_HYPHEN = re.compile(r"([a-z])-\s([a-z])")
_BULLETS = ("•", "-", "–", "*")


@dataclass(frozen=True)
class Unit:
    """A sentence of a window that is read, with the whole lines it stands on."""

    window: Window = field(repr=False)
    first: int  # lines of the page
    last: int
    text: str
    heads: str = ""  # of a table row: its caption and column heads
    is_list: bool = False  # a list with the line above it: no other line says what it means

    @cached_property
    def numbers(self) -> frozenset[str]:
        return numbers(self.text)

    @cached_property
    def meant(self) -> frozenset[str]:
        """Its words, also those divided by a line end. A row, which has few words, adds its caption
        and heads."""
        return stems(self.text) | stems(self.heads) | stems(_HYPHEN.sub(r"\1\2", self.text))

    @cached_property
    def words(self) -> frozenset[str]:
        """The same; of a script without spaces also the pairs of letters."""
        return self.meant | all_stems(self.with_heads)

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
        blocks = (one for one in _blocks(self.window) if one[0] <= self.first <= one[1])
        first, last = next(blocks, (self.first, self.last))
        lines = range(first, max(last, self.last) + 1)
        texts = "\n".join(self.window.page.lines[line].text for line in lines)
        is_row = _table_at(self.window.page, self.first)
        return set() if is_row or about_tokens(texts) > most else {*lines}

    @property
    def lines(self) -> Window:
        """The whole lines that the sentence stands on, as a window."""
        return replace(self.window, first=self.first, last=self.last)


@dataclass(frozen=True)
class Quoted:
    """A unit of a document, and how well it fits the question."""

    unit: Unit
    score: float
    cosine: float
    odds: float | None = None  # log-odds by the reader, of what it has read

    @property
    def document(self) -> str:
        """Where it stands; with its text what the reader reads."""
        return self.unit.window.document

    @property
    def text(self) -> str:
        """Its words as they are on the page, those of a table row behind its heads."""
        return self.unit.with_heads


def _blocks(window: Window) -> Iterator[tuple[int, int]]:
    start = window.first
    for line in range(window.first, window.last + 1):
        if line == window.last or _block_ends(window, line):
            yield start, line
            start = line + 1


def _block_ends(window: Window, line: int) -> bool:
    here, below = window.page.lines[line], window.page.lines[line + 1]
    apart = below.box.y0 - here.box.y1 > 0.6 * max(here.box.y1 - here.box.y0, 1.0)
    return apart or below.begins or here.heading != below.heading or below.text.startswith(_BULLETS)


def _sentences(window: Window, first: int, last: int) -> Iterator[Unit]:
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
            yield Unit(window, top, bottom, text[begin:end])


def _row(window: Window, line: int, text: str) -> Unit:
    """A unit of one line; for a table row, with the words of the table's heads."""
    heads = " ".join(_heads(window.page, line)) if numbers(text) else ""
    return Unit(window, line, line, text, heads)


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
