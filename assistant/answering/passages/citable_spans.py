"""Cuts passages into citable units: sentences, table rows, list items."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby

from assistant.answering.passages.window_builder import Window
from assistant.security.prompt_injection import instructs
from ingest.document.model import Page
from ingest.language.sentences import numbers, spans
from ingest.language.words import stems

_MOST_LINES = 5  # lines: a longer "sentence" is a table or a list, and is taken line by line
_LONGEST_LIST = 16  # lines
_HYPHEN = re.compile(r"([a-z])-\s([a-z])")
_BULLETS = ("•", "-", "–", "*")


@dataclass(frozen=True)
class CitableSpan:
    """A sentence of a document, with the whole lines it stands on."""

    window: int
    first: int  # lines of the page
    last: int
    text: str
    stems: frozenset[str]
    numbers: frozenset[str]
    heads: str = ""  # of a table row: its caption and column heads
    within: str = field(default="", repr=False, compare=False)  # the text of the window

    @cached_property
    def meant(self) -> frozenset[str]:
        """Its words, also those divided by a line end. A row, which has few words, adds its caption
        and heads."""
        return self.stems | stems(self.heads) | stems(_HYPHEN.sub(r"\1\2", self.text))


def units_of(window: Window, index: int = 0) -> Iterator[CitableSpan]:
    """The sentences of a window with their lines; in tables and lists, single lines."""
    text = window.text
    for first, last in _blocks(window):
        for unit in _sentences(window, index, first, last):
            yield replace(unit, within=text)


def lists_of(window: Window, index: int = 0) -> Iterator[CitableSpan]:
    """The lists of a window, each as one unit: an enumeration in an answer uses all its items."""
    for first, last in _lists(window, list(_blocks(window))):
        text = " ".join(line.text for line in window.page.lines[first : last + 1])
        yield _unit(index, first, last, text)


def states(unit: CitableSpan) -> bool:
    """Whether a unit states something: no question, no introduction of a list, and no instruction
    to a model."""
    return not unit.text.rstrip().endswith(("?", ":")) and not instructs(
        unit.text, unit.within or unit.text
    )


def _blocks(window: Window) -> Iterator[tuple[int, int]]:
    start = window.first
    for line in range(window.first, window.last + 1):
        if line == window.last or _block_ends(window, line):
            yield start, line
            start = line + 1


def _lists(window: Window, blocks: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Runs of list items, with the line above them."""
    items = [window.page.lines[first].text.startswith(_BULLETS) for first, _ in blocks]
    for is_item, run in groupby(range(len(blocks)), key=items.__getitem__):
        numbers = list(run)
        if is_item and len(numbers) > 1:
            first, last = max(blocks[numbers[0]][0] - 1, window.first), blocks[numbers[-1]][1]
            if last - first < _LONGEST_LIST:
                yield first, last


def _block_ends(window: Window, line: int) -> bool:
    here, below = window.page.lines[line], window.page.lines[line + 1]
    apart = below.box.y0 - here.box.y1 > 0.6 * max(here.box.y1 - here.box.y0, 1.0)
    return apart or below.begins or here.heading != below.heading or below.text.startswith(_BULLETS)


def _sentences(window: Window, index: int, first: int, last: int) -> Iterator[CitableSpan]:
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
                yield _row(index, number, window.page)
        elif top == bottom:
            yield _row(index, top, window.page, text[begin:end])
        else:
            yield _unit(index, top, bottom, text[begin:end])


def _row(index: int, line: int, page: Page, text: str | None = None) -> CitableSpan:
    """A unit of one line; for a table row, with the words of the table's heads."""
    shown = page.lines[line].text if text is None else text
    above = " ".join(_heads(page, line)) if numbers(shown) else ""
    return CitableSpan(index, line, line, shown, stems(shown), numbers(shown), above)


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


def _unit(index: int, first: int, last: int, text: str) -> CitableSpan:
    return CitableSpan(index, first, last, text, stems(text), numbers(text))
