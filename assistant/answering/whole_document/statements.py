"""What a document states, in pieces that can be quoted alone: sentences, lists, rows of tables."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.answering.passages.citable_spans import CitableSpan, states, units_of
from assistant.answering.passages.window_builder import Window
from assistant.answering.whole_document.own_lists import OwnList
from ingest.document.model import Line, Page, Table
from ingest.language.words import stems
from ingest.text.reflow import join

_FEWEST, _MOST = 6, 60  # words of a sentence
_NAME = 8  # words of a heading or a short introduction
_MOST_ITEMS = 14  # of a list
_MOST_VALUES = 4  # of a row
_FULL = 16  # content words of a full statement
_LETTERS = 0.6  # share of a sentence's signs: with fewer it is a row of figures
_NEXT_NUMBER = re.compile(r"\s\d{1,2}\.$")
_REFERS = re.compile(r"^(?:see|refer|note|for (?:more|further|additional))\b|\bthank you\b", re.I)


@dataclass(frozen=True)
class Statement:
    """The words, and the lines that they stand on."""

    text: str
    lines: tuple[Window, ...]
    instructs: bool = False  # it tells an assistant what to do: told to people, never quoted


def statements(windows: Sequence[Window], lists: Sequence[OwnList] = ()) -> list[Statement]:
    """The sentences that can stand alone, and of `lists` each as one sentence, in the order of the
    document."""
    listed = [one for own in lists if (one := _enumeration(own))]
    inside = {_place(lines) for one in listed for lines in one.lines}
    found = [
        Statement(text, (lines,), not states(unit))
        for at, window in enumerate(windows)
        for unit in units_of(window, at)
        if _place(lines := _lines(unit, windows)) not in inside
        and _stands_alone(text := _said(unit, lines))
    ]
    return sorted([*found, *listed], key=lambda one: _place(one.lines[0])[1:])


def fullness(text: str) -> float:
    """How much a statement says, from 0 to 1, by its content words."""
    return min(len(stems(text)) / _FULL, 1.0)


def of_part(lists: Sequence[OwnList], windows: Sequence[Window]) -> list[OwnList]:
    """The lists that begin within these lines and have an introduction."""
    return [
        one for one in lists
        if one.lead and any(
            w.page.number == one.items[0].window.page.number
            and w.first <= one.items[0].window.first <= w.last
            for w in windows
        )
    ]  # fmt: skip


def rows(document: str, page: Page) -> Iterator[Statement]:
    """The rows of tables, each value with the head of its column."""
    for table in page.tables:
        above = ""  # the last row without values, which is a heading of those below
        for row in table.rows[table.header :]:
            label = next((c.text for c in row[:1] if c.kind == "text"), "").strip(" .:")
            values = [
                f"{cell.text.strip()} ({head})" if (head := _head(table, at)) else cell.text.strip()
                for at, cell in enumerate(row) if at and cell.kind in ("number", "date")
            ][:_MOST_VALUES]  # fmt: skip
            above = above if values else label
            if label and values:
                lines = Window(document, page, row[0].line, row[0].line, 1.0)
                said = f"{above}, {label}" if above else label
                yield Statement(f"{said}: {'; '.join(values)}.", (lines,))


def _head(table: Table, column: int) -> str:
    heads = (r[column].text.strip() for r in table.rows[: table.header] if column < len(r))
    return " ".join(" ".join(head.split()) for head in heads if head)


def _lines(unit: CitableSpan, windows: Sequence[Window]) -> Window:
    """The lines of a sentence, without a heading that runs into it."""
    window = windows[unit.window]
    lines, first = window.page.lines, unit.first
    while first < unit.last and _style(lines[first]) != _style(lines[unit.last]):
        first += 1
    return Window(window.document, window.page, first, unit.last, 1.0)


def _style(line: Line) -> tuple[object, ...]:
    return line.heading, line.bold, round(line.size)


def _place(window: Window) -> tuple[str, int, int]:
    return window.document, window.page.number, window.first


def _said(unit: CitableSpan, lines: Window) -> str:
    text = " ".join(join(unit.text.split("\n")).split())
    for line in lines.page.lines[unit.first : lines.first]:
        text = text.removeprefix(" ".join(line.text.split())).lstrip()
    return text.lstrip("•‣▪■◦●○ ")


def _stands_alone(text: str) -> bool:
    whole = text.endswith((".", "!", ".”", '."', ".)")) and text[:1].isupper()
    length = _FEWEST <= len(text.split()) <= _MOST
    letters = sum(map(str.isalpha, text)) >= _LETTERS * len(text)
    if _NEXT_NUMBER.search(text) or _REFERS.search(text):  # "Director 12." runs into the next item
        return False
    return whole and length and letters


def _enumeration(one: OwnList) -> Statement | None:
    """A list in a sentence: its introduction, and what its items are called."""
    lead = one.about.split("\n")[-1]
    heads = [item.head for item in one.items[:_MOST_ITEMS]]
    named = lead.endswith(":") or (len(lead.split()) <= _NAME and not lead.endswith("."))
    if not lead or not named or any(len(head.split()) > _MOST // 4 for head in heads):
        return None
    more = "; …" if len(one.items) > _MOST_ITEMS else ""
    lines = tuple(item.window for item in one.items[:_MOST_ITEMS])
    lines = (one.lead, *lines) if one.lead else lines
    return Statement(f"{lead.rstrip(':')}: {'; '.join(heads)}{more}.", lines)
