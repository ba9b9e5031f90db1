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
from assistant.contract.facts import Citation, Passage
from assistant.security.prompt_injection import instructs
from ingest.document.model import Page
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
_LABEL = 24  # tokens of a passage's label


@dataclass(frozen=True)
class Window:
    """Lines of a page that are read: `first` to `last`, inclusive."""

    document: str
    page: Page
    first: int
    last: int
    score: float
    cosine: float = 0.0  # of the best hit in it to the question

    @cached_property
    def text(self) -> str:
        return "\n".join(line.text for line in self.page.lines[self.first : self.last + 1])

    @cached_property
    def units(self) -> "tuple[CitableSpan, ...]":
        """Its sentences with their lines; in tables and lists, single lines. Cut once: ranking,
        attribution and the search for contradictions look at the same ones."""
        return tuple(
            unit for first, last in _blocks(self) for unit in _sentences(self, first, last)
        )

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
        same = self.document == hit.document and self.page.number == hit.page
        return same and self.first <= hit.chunk.first and hit.chunk.last <= self.last

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


def next_windows(
    hits: Sequence[Hit], read: Sequence[Window], evidence: Evidence, budget: int,
    count: Callable[[str], int] = about_tokens,
) -> list[Window]:  # fmt: skip
    """What to read next, together at most `budget` tokens: the rest of the best passage's page,
    which may hold a table that was too long, then the next hits with their surroundings. No line
    that was read is in it, so that it can be read behind."""
    added: list[Window] = []
    for window in (*_rest_of_page(read[0], budget), *_unread(hits, read, evidence)):
        for part in _without([window], [*read, *added]):
            if _room([*added, part], budget, count) >= 0:
                added.append(part)
    return added


def _rest_of_page(window: Window, budget: int) -> list[Window]:
    """Below it first: what a window breaks off goes on there. Of a long page, what may fit."""
    page, size = window.page, budget - _LABEL
    wide = replace(
        window,
        first=_reach(page, window.first, -1, size),
        last=_reach(page, window.last, +1, size),
    )
    return sorted(_apart(wide, window), key=lambda part: -part.first)


def _unread(hits: Sequence[Hit], read: Sequence[Window], evidence: Evidence) -> Iterator[Window]:
    for hit in hits:
        if not any(window.holds(hit) for window in read):
            with suppress(LibraryError):  # removed while the first passages were read
                yield _with_tables(_around(hit, evidence.page(hit.document, hit.page)))


def _without(windows: Sequence[Window], read: Sequence[Window]) -> list[Window]:
    """The parts of windows that were not read."""
    left = list(windows)
    for old in read:
        left = [part for window in left for part in _apart(window, old)]
    return left


def _apart(window: Window, old: Window) -> list[Window]:
    """The lines of a window before and behind those of another one of its page."""
    same = window.document == old.document and window.page.number == old.page.number
    if not same or old.last < window.first or window.last < old.first:
        return [window]
    before = replace(window, last=old.first - 1)
    after = replace(window, first=old.last + 1)
    return [part for part in (before, after) if part.first <= part.last]


def unread_windows(
    hits: Sequence[Hit], read: Sequence[Window], evidence: Evidence
) -> tuple[Window, ...]:
    """The hits that were not read, with their surroundings, if they still exist."""
    unread = [hit for hit in hits if not any(window.holds(hit) for window in read)]
    found: list[Window] = []
    for hit in unread:
        with suppress(LibraryError):  # removed while the answer was written
            found = _merged(found, _around(hit, evidence.page(hit.document, hit.page)))
    return tuple(found)


def window_at(hit: Hit, evidence: Evidence) -> Window:
    """The lines of a hit alone."""
    page = evidence.page(hit.document, hit.page)
    return Window(hit.document, page, hit.chunk.first, hit.chunk.last, hit.score, hit.cosine)


def window_of(passage: Passage, evidence: Evidence) -> Window | None:
    """The lines of a passage of an earlier turn; None when they have changed."""
    try:
        page = evidence.page(passage.document, passage.page)
    except LibraryError:
        return None
    wanted = passage.text.split("\n")
    lines = [line.text for line in page.lines]
    for first in range(len(lines) - len(wanted) + 1):
        last = first + len(wanted) - 1
        if lines[first : last + 1] == wanted and _seen(page, first, last):
            return Window(passage.document, page, first, last, passage.score)
    return None


def _seen(page: Page, first: int, last: int) -> bool:
    """Whether all of these lines are visible: hidden ones are how documents attack assistants."""
    return not any(line.hidden for line in page.lines[first : last + 1])


def _around(hit: Hit, page: Page) -> Window:
    first = _reach(page, hit.chunk.first, -1, _BEFORE)
    last = _reach(page, hit.chunk.last, +1, _AFTER)
    return Window(hit.document, page, first, last, hit.score, hit.cosine)


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
    return budget - sum(count(w.text) + _LABEL for w in chosen)


def _shrunk(window: Window, hit: Hit, budget: int, count: Callable[[str], int]) -> Window:
    """The hit alone, with as many lines as fit."""
    first, last = hit.chunk.first, hit.chunk.last
    shrunk = replace(window, first=first, last=last)
    while last > first and count(shrunk.text) + _LABEL > budget:
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
    def states(self) -> bool:
        """Whether it states something: no question, no introduction of a list, and no instruction
        to a model."""
        if self.text.rstrip().endswith(("?", ":")):
            return False
        return not instructs(self.text, self.text if self.is_list else self.window.text)

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
    for table in page.tables:
        if table.first <= line <= table.last:
            yield table.caption
            for row in table.rows[: table.header]:
                yield from (cell.text for cell in row)
            return
    yield from _bold_above(page, line)


def _bold_above(page: Page, line: int) -> Iterator[str]:
    """The bold lines above the run of lines around a row, where no table was recognised."""
    top = line
    while top and not page.lines[top].bold and not page.lines[top - 1].text.endswith((".", ":")):
        top -= 1
    while top >= 0 and page.lines[top].bold and not page.lines[line].bold:
        yield page.lines[top].text
        top -= 1
