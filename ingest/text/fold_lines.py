"""Folds long lines: paragraphs and rows of formats without line ends of their own.

A line is the smallest thing that is found, read and cited, and the embedding model reads at most
256 tokens. Folding before cutting keeps "a passage is whole lines" true, so that nothing is
counted twice. Only white space is left out where a line is folded.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ingest.document.model import Cell, Document, Line, Page, Table
from ingest.platform.progress import beat
from ingest.serialization.packed_pages import Packed
from ingest.text.reflow import about_tokens, tokens

LONG = 100  # tokens: a longer line is folded
_AIM = 50  # about two printed lines
_HEAD, _SPARE = 4000, 10  # characters; tokens that a cut through a word or through dots may make
_ENDS = re.compile(r"(?<=[.!?;:|])\s+|(?<=[。！？；])")  # noqa: RUF001  a bar is a cell's end
_BLANKS = re.compile(r"\s+")

Span = tuple[int, int]


def folded(document: Document) -> Document:
    """The document with its long lines folded."""
    if not any(_is_long(line) for page in document.pages for line in page.lines):
        return document
    return replace(document, pages=Packed(_folded(document.pages)))


def _folded(pages: Sequence[Page]) -> Iterator[Page]:
    for number, page in enumerate(pages):
        beat(number, len(pages))
        yield folded_page(page)


def folded_page(page: Page) -> Page:
    """The page with its long lines folded; its tables follow their lines."""
    if not any(map(_is_long, page.lines)):
        return page
    pieces = [fold(line) for line in page.lines]
    starts = [0]
    for parts in pieces:
        starts.append(starts[-1] + len(parts))
    lines = tuple(line for parts in pieces for line in parts)
    tables = tuple(_moved(table, pieces, starts) for table in page.tables)
    return replace(page, lines=lines, tables=tables)


def fold(line: Line) -> tuple[Line, ...]:
    """The line as lines of at most LONG tokens, cut after sentences where possible."""
    if not _is_long(line):
        return (line,)
    spans = _packed(line.text, list(_small(line.text, (0, len(line.text)))))
    first, *rest = (text for a, b in spans if (text := line.text[a:b].strip()))
    after = replace(line, heading=0, begins=False)
    return (replace(line, text=first), *(replace(after, text=text) for text in rest))


def _is_long(line: Line) -> bool:
    return len(line.text) > LONG and _exceeds(line.text)


def _exceeds(text: str) -> bool:
    """Whether it has more tokens than LONG; the beginning decides for a text of megabytes."""
    head = text[:_HEAD]
    if len(text) > _HEAD and about_tokens(head) > LONG + _SPARE:
        return True
    return about_tokens(text) > LONG


def _small(text: str, span: Span) -> Iterator[Span]:
    """Sentences; the words of those that are too long; parts of words that are too long."""
    for sentence in _cut(text, span, _ENDS):
        if not _exceeds(text[slice(*sentence)]):
            yield sentence
            continue
        for word in _cut(text, sentence, _BLANKS):
            yield from _parts(text, word)


def _cut(text: str, span: Span, ends: re.Pattern[str]) -> Iterator[Span]:
    start = span[0]
    for match in ends.finditer(text, *span):
        if match.end() > start:
            yield start, match.end()
            start = match.end()
    if start < span[1]:
        yield start, span[1]


def _parts(text: str, word: Span) -> Iterator[Span]:
    start, found = word[0], 0
    for _, end in tokens(text, *word):
        found += 1
        if found == _AIM:
            yield start, end
            start, found = end, 0
    if start < word[1]:
        yield start, word[1]


def _packed(text: str, spans: list[Span]) -> list[Span]:
    packed: list[Span] = []
    spent = 0
    for start, end in spans:
        cost = about_tokens(text[start:end])
        if packed and spent + cost <= _AIM:
            packed[-1] = packed[-1][0], end
            spent += cost
        else:
            packed.append((start, end))
            spent = cost
    return packed


def _moved(table: Table, pieces: list[tuple[Line, ...]], starts: list[int]) -> Table:
    rows = tuple(tuple(_placed(row, pieces, starts)) for row in table.rows)
    last = starts[table.last + 1] - 1
    return replace(table, first=starts[table.first], last=last, rows=rows)


def _placed(
    row: tuple[Cell, ...], pieces: list[tuple[Line, ...]], starts: list[int]
) -> Iterator[Cell]:
    """Cells follow one another in their line: each is searched after the one before."""
    at: dict[int, Span] = {}  # line -> piece and place in it where the last cell ended
    for cell in row:
        parts = pieces[cell.line]
        piece, place = at.get(cell.line, (0, 0))
        begin = cell.text[:40].strip()
        for number in range(piece, len(parts)):
            found = parts[number].text.find(begin, place if number == piece else 0)
            if found >= 0:
                piece, place = number, found + len(begin)
                break
        at[cell.line] = piece, place
        yield replace(cell, line=starts[cell.line] + piece)
