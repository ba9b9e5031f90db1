"""What a document states, in pieces that can be quoted alone: sentences, lists, rows of tables."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise, takewhile

import numpy as np
from numpy.typing import NDArray

from assistant.answering.evidence_units import Unit, Window
from ingest.chunking import chunk as cut
from ingest.document.model import Chunk, Document, Line, Page, Table
from ingest.language.sentences import numbers
from ingest.language.words import stems
from ingest.text.reflow import about_tokens, join, lists_contents
from vectorstore.federation import AnyLibrary
from vectorstore.store import Vectors

# -- The lists that a document has itself: bullets and numbers, columns of tables
# Code finds these better than a small model does. Which of them is meant, others decide.

_FEWEST_ITEMS = 3  # items of a list
_LEAD = 3  # lines above a list that may introduce it
_LONGEST = 60  # words of an item: beyond these it is a numbered paragraph
_APART = 0.6  # of a line's height: a larger gap ends an item
_MARK = re.compile(r"\A\s*+(?:[•‣▪■◦●○\uf0b7*–—-]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s++(?=\S)")

EXPLANATION = re.compile(r"(?<!\s)\s*+(?::\s|\(|(?<=\s)[–—-]\s).*", re.DOTALL)


@dataclass(frozen=True)
class Item:
    """An item with the lines that it stands on."""

    text: str
    window: Window

    @property
    def head(self) -> str:
        """What it is called, without the explanation behind it."""
        return EXPLANATION.sub("", self.text).strip(" .;,") or self.text


@dataclass(frozen=True)
class OwnList:
    """Items, and the words above that say what they are: headings, introduction, heads."""

    about: str
    items: tuple[Item, ...]
    lead: Window | None = None  # the lines of the introduction


def own_lists(document: str, pages: Sequence[Page]) -> list[OwnList]:
    """All lists of a document, in no order."""
    chunks = _visible(document, pages)
    above = {(c.page, line): c.headings for c in chunks for line in range(c.first, c.last + 1)}
    found = [
        *_marked(document, pages, above),
        *(one for page in pages for one in _columns(document, page, above)),
    ]
    return [one for one in found if len(one.items) >= _FEWEST_ITEMS]


Above = Mapping[tuple[int, int], tuple[str, ...]]  # headings, by page and number of a visible line


def _path(above: Above, page: Page, line: int) -> str:
    return ": ".join(above.get((page.number, line), ())[-2:])


def _blocks(document: str, pages: Sequence[Page], above: Above) -> Iterator[Window]:
    """The visible paragraphs, rows and items."""
    for page in pages:
        start = 0
        for at, line in enumerate(page.lines):
            below = page.lines[at + 1] if at + 1 < len(page.lines) else None
            if below is None or _style(line) != _style(below) or ends_block(line, below):
                if (page.number, start) in above:
                    yield Window(document, page, start, at, 1.0)
                start = at + 1


def ends_block(here: Line, below: Line) -> bool:
    """Whether a paragraph, a row or an item ends here, by the place and the mark of the lines."""
    height = max(here.box.y1 - here.box.y0, 1.0)
    apart = below.box.y0 - here.box.y1 > _APART * height or below.box.y0 < here.box.y0
    outdented = bool(_MARK.match(here.text)) and below.box.x0 < here.box.x0 - height / 2
    return apart or below.begins or outdented or bool(_MARK.match(below.text))


def _marked(document: str, pages: Sequence[Page], above: Above) -> Iterator[OwnList]:
    """Runs of items with a bullet or a number, also over the end of a page."""
    blocks = list(_blocks(document, pages, above))
    marked = [bool(_MARK.match(block.text)) for block in blocks]
    for is_item, run in groupby(range(len(blocks)), key=marked.__getitem__):
        first, *more = run
        if not is_item or 1 + len(more) < _FEWEST_ITEMS:
            continue
        items = (
            Item(_MARK.sub("", _words(blocks[at]), count=1), blocks[at]) for at in (first, *more)
        )
        short = tuple(one for one in items if len(one.text.split()) < _LONGEST)
        lead = blocks[first - 1] if first else None
        if lead:
            lead = replace(lead, first=max(lead.first, lead.last - _LEAD + 1))
        path = _path(above, blocks[first].page, blocks[first].first)
        yield OwnList(f"{path}\n{_words(lead) if lead else ''}".strip(), short, lead)


def _words(block: Window) -> str:
    return join(block.text.split("\n"))


def _columns(document: str, page: Page, above: Above) -> Iterator[OwnList]:
    """The columns of words of each table."""
    for table in page.tables:
        for column in range(max(map(len, table.rows), default=0)):
            items = tuple(_cells(document, page, table, column))
            heads = [r[column].text for r in table.rows[: table.header] if column < len(r)]
            about = "\n".join([_path(above, page, table.first), table.caption, " ".join(heads)])
            yield OwnList(about.strip(), items)


def _cells(document: str, page: Page, table: Table, column: int) -> Iterator[Item]:
    for row in table.rows[table.header :]:
        cell = row[column] if column < len(row) else None
        if cell and cell.kind == "text" and cell.text.strip():
            window = Window(document, page, cell.line, cell.line, 1.0)
            yield Item(" ".join(cell.text.split()), window)


# -- A document in at most a dozen parts that follow its headings

_MOST_PARTS = 12
_FEWEST_GROUPS = 3  # groups by heading, above which no deeper level is used
_MUCH = 0.2  # share of a document from which a part is divided further
_SMALL = 60  # tokens: a smaller part is merged


@dataclass(frozen=True)
class Section:
    """A section of a document: its heading, and its passages, in order."""

    title: str
    windows: tuple[Window, ...]
    tokens: int


def parts(document: str, shelf: AnyLibrary) -> list[Section]:
    """The whole document in parts. Raises UnknownDocument."""
    pages = {page.number: page for page in shelf.pages(document)}
    groups = _merged(_by_heading(_visible(document, tuple(pages.values()))))
    return [
        Section(_title(chunks), _joined(document, chunks, pages), _tokens(chunks))
        for chunks in groups
    ]


def _visible(document: str, pages: Sequence[Page]) -> list[Chunk]:
    """The visible passages of a document, without its table of contents."""
    whole = Document(sha256="", name=document, title=document, pages=pages)
    return [c for c in cut(whole) if not c.hidden and not lists_contents(c.text)]


def _by_heading(chunks: Sequence[Chunk]) -> list[list[Chunk]]:
    """Runs of passages under one heading, at the highest level that divides the document."""
    deepest = max((len(c.headings) for c in chunks), default=0)
    groups: list[list[Chunk]] = [list(chunks)] if chunks else []
    for depth in range(1, deepest + 1):
        groups = _runs(chunks, [c.headings[:depth] for c in chunks])
        if len(groups) >= _FEWEST_GROUPS:
            break
    if len(groups) < _FEWEST_GROUPS:  # no headings: page by page
        return _runs(chunks, [c.page for c in chunks])
    return [part for group in groups for part in _divided(group, chunks)]


def _divided(group: list[Chunk], chunks: Sequence[Chunk]) -> list[list[Chunk]]:
    """A group that holds much of the document, by the headings below its own; else by pages."""
    if _tokens(group) <= _MUCH * _tokens(chunks):
        return [group]
    shared = len(_shared(group))
    below = _runs(group, [c.headings[: shared + 1] for c in group])
    if len(below) == 1:
        below = _runs(group, [c.page for c in group])
    return below if len(below) == 1 else [p for part in below for p in _divided(part, chunks)]


def _runs(chunks: Sequence[Chunk], keys: Sequence[object]) -> list[list[Chunk]]:
    """Neighbours with the same key."""
    keyed = groupby(zip(keys, chunks, strict=True), lambda pair: pair[0])
    return [[c for _, c in run] for _, run in keyed]


def _merged(groups: list[list[Chunk]]) -> list[list[Chunk]]:
    """Merges the two shortest neighbours until there are few enough."""
    groups = list(groups)
    while len(groups) > 1:
        sizes = [_tokens(a) + _tokens(b) for a, b in pairwise(groups)]
        at = min(range(len(sizes)), key=sizes.__getitem__)
        small = min(map(_tokens, groups)) < _SMALL and sizes[at] < 4 * _SMALL
        if len(groups) <= _MOST_PARTS and not small:
            break
        groups[at : at + 2] = [groups[at] + groups[at + 1]]
    return groups


def _joined(document: str, chunks: Iterable[Chunk], pages: dict[int, Page]) -> tuple[Window, ...]:
    """Joins consecutive passages of a page."""
    windows: list[Window] = []
    for c in chunks:
        last = windows[-1] if windows else None
        if last and last.page.number == c.page and last.last + 1 >= c.first:
            windows[-1] = Window(document, last.page, last.first, max(last.last, c.last), 1.0)
        else:
            windows.append(Window(document, pages[c.page], c.first, c.last, 1.0))
    return tuple(windows)


def _title(chunks: Sequence[Chunk]) -> str:
    """The heading that its passages share, the deepest one; else its pages."""
    shared = _shared(chunks)
    if shared:
        return shared[-1]
    if chunks[0].headings:
        return chunks[0].headings[-1]
    first, last = chunks[0].page, chunks[-1].page
    return f"Page {first}" if first == last else f"Pages {first} to {last}"


def _shared(chunks: Sequence[Chunk]) -> tuple[str, ...]:
    """The headings that all of its passages stand under."""
    shared: tuple[str, ...] = chunks[0].headings
    for c in chunks:
        both = zip(shared, c.headings, strict=False)
        shared = tuple(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], both))
    return shared


def _tokens(chunks: Sequence[Chunk]) -> int:
    return sum(about_tokens(c.text) for c in chunks)


_FEWEST_WORDS, _MOST_WORDS = 6, 60  # words of a sentence
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
        Statement(text, (lines,), not unit.states)
        for window in windows
        for unit in window.units
        if _place(lines := _lines(unit)) not in inside and _stands_alone(text := _said(unit, lines))
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


def _lines(unit: Unit) -> Window:
    """The lines of a sentence, without a heading that runs into it."""
    window = unit.window
    lines, first = window.page.lines, unit.first
    while first < unit.last and _style(lines[first]) != _style(lines[unit.last]):
        first += 1
    return Window(window.document, window.page, first, unit.last, 1.0)


def _style(line: Line) -> tuple[object, ...]:
    return line.heading, line.bold, round(line.size)


def _place(window: Window) -> tuple[str, int, int]:
    return window.document, window.page.number, window.first


def _said(unit: Unit, lines: Window) -> str:
    text = " ".join(join(unit.text.split("\n")).split())
    for line in lines.page.lines[unit.first : lines.first]:
        text = text.removeprefix(" ".join(line.text.split())).lstrip()
    return text.lstrip("•‣▪■◦●○ ")


def _stands_alone(text: str) -> bool:
    whole = text.endswith((".", "!", ".”", '."', ".)")) and text[:1].isupper()
    length = _FEWEST_WORDS <= len(text.split()) <= _MOST_WORDS
    letters = sum(map(str.isalpha, text)) >= _LETTERS * len(text)
    if _NEXT_NUMBER.search(text) or _REFERS.search(text):  # "Director 12." runs into the next item
        return False
    return whole and length and letters


def _enumeration(one: OwnList) -> Statement | None:
    """A list in a sentence: its introduction, and what its items are called."""
    lead = one.about.split("\n")[-1]
    heads = [item.head for item in one.items[:_MOST_ITEMS]]
    named = lead.endswith(":") or (len(lead.split()) <= _NAME and not lead.endswith("."))
    if not lead or not named or any(len(head.split()) > _MOST_WORDS // 4 for head in heads):
        return None
    more = "; …" if len(one.items) > _MOST_ITEMS else ""
    lines = tuple(item.window for item in one.items[:_MOST_ITEMS])
    lines = (one.lead, *lines) if one.lead else lines
    return Statement(f"{lead.rstrip(':')}: {'; '.join(heads)}{more}.", lines)


# -- Chooses the statements that stand for all that a document says
# Each statement that is added makes the others better represented, the first on a matter much and
# the second on it hardly: the facility location function of Lin and Bilmes (A Class of Submodular
# Functions for Document Summarization, 2011), here on embeddings and with a share for each part.

_EACH = 2.5  # statements of a part, on average
_MOST_OF_PART = 4  # of one part
_SHORT = 0.4  # weight of one that says nothing
_FIGURE, _FIGURES = 1.0, 2  # what figures add, and how many are enough
_FEW, _USUAL = 3, 0.02  # lines, and share of them, that a telling figure is at most in
_AGAIN = 0.85  # cosine from which a statement says what was said


def shares(sizes: Sequence[int]) -> list[int]:
    """How many statements each part may have, by its tokens; longer ones more, but not as much more
    as they are longer."""
    roots = [math.sqrt(size) for size in sizes]
    each = _EACH * len(sizes) / max(sum(roots), 1e-9)
    return [max(1, min(_MOST_OF_PART, round(each * root))) for root in roots]


def telling(
    found: Sequence[Statement], parts: Sequence[int], most: Sequence[int], vectors: Vectors,
    lines: Sequence[str] = (),
) -> list[int]:  # fmt: skip
    """The indices of the chosen statements, in order. `parts` has the part of each statement,
    `most` how many a part may have, `vectors` the statements' embeddings, of length 1; `lines` are
    all of the document."""
    if not found:
        return []
    alike = np.clip(vectors @ vectors.T, 0, 1) ** 2
    weights = _weights([one.text for one in found], lines)
    covered = np.zeros(len(found))
    left, taken = np.ones(len(found), bool), Counter[int]()
    chosen: list[int] = []
    while left.any():
        gains = np.maximum(alike - covered, 0).sum(axis=1) * weights
        best = int(np.argmax(np.where(left, gains, -1.0)))
        left[best] = False
        if chosen and float((vectors[chosen] @ vectors[best]).max()) > _AGAIN:
            continue
        chosen.append(best)
        covered = np.maximum(covered, alike[best])
        taken[parts[best]] += 1
        if taken[parts[best]] == most[parts[best]]:
            left &= np.array(parts) != parts[best]
    return sorted(chosen)


def _weights(texts: Sequence[str], lines: Sequence[str]) -> NDArray[np.float64]:
    """Full statements weigh more, and those with figures that the document gives again: what
    matters stands in its tables, too. A figure of many lines, such as a year, is none."""
    given = [numbers(text) for text in texts]
    often = Counter(number for line in lines for number in numbers(line))
    again = {number for number, n in often.items() if 1 < n <= max(_FEW, _USUAL * len(lines))}
    return np.array(
        [
            (_SHORT + (1 - _SHORT) * fullness(text))
            * (1 + _FIGURE * min(len(some & again), _FIGURES) / _FIGURES)
            for text, some in zip(texts, given, strict=True)
        ]
    )
