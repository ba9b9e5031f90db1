"""Joins lines of a page into running text: undoes hyphenation, and replaces ligatures."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from ingest.document.model import Cell, Document, Line, Page
from ingest.document.wire import Packed
from ingest.platform.process import beat

_WORD = re.compile(r"[^\W\d_]+")
_BROKEN = re.compile(r"(?<![^\W\d_])([^\W\d_]++)-$")
_LINE_ENDS = re.compile(r"(?<![^\W\d_])[^\W\d_]++-[^\S\n]*+\n\s*+[^\W\d_]+")
_BETWEEN = {"and", "or", "to", "und", "oder", "bis", "et", "ou", "och"}
# Letters of other scripts count one by one: an English model has whole words of none of them.
_PIECES = re.compile(r"[0-9A-Za-z_\u00c0-\u024f]{1,6}|[^\s]")
_LEADERS = re.compile(r"(?:\s?[.…_]){4,}")  # the dots between a title and its page number
_ENTRY = re.compile(r"…\s\d{1,4}\b")
_ENTRIES = 3  # in one passage: running text has none


def vocabulary(texts: Sequence[str]) -> frozenset[str]:
    """The words of a document in lower case, which distinguish `organi-|zation` from `long-|term`.

    Without words broken at the end of a line, which may be parts of words.
    """
    whole = (_LINE_ENDS.sub(" ", text) for text in texts)
    return frozenset(word.lower() for text in whole for word in _WORD.findall(text))


def join(lines: Sequence[str], words: Collection[str] = ()) -> str:
    """Lines of one paragraph as one line of running text."""
    text = ""
    for line in lines:
        text = append(text, plain(line), words)
    return text


def append(text: str, line: str, words: Collection[str]) -> str:
    """The text with the next line of its paragraph, both as they are but for a hyphen between."""
    broken, rest = _BROKEN.search(text), _WORD.match(line)
    if _runs_on(text, line):
        return text + line
    if not (broken and line[:1].isalnum()) or (rest and rest.group() in _BETWEEN):
        return f"{text} {line}" if text else line
    if not (rest and rest.group()[0].islower()):
        return text + line  # "GPT-|4", "Jean-|Paul"
    first, second = broken.group(1).lower(), rest.group()
    # Parts that are no words of their own; "in" and "of" are, and "in-|volve" has them.
    parts = bool(words) and second not in words and (first not in words or len(first) == 2)
    return (text[:-1] if first + second in words or parts else text) + line


def one_line(text: str) -> str:
    """Lines of running text as one, with the hyphens that they have."""
    one = ""
    for line in filter(None, (" ".join(line.split()) for line in text.splitlines())):
        one += line if not one or _runs_on(one, line) else f" {line}"
    return one


def _runs_on(text: str, line: str) -> bool:
    """Whether the break between stands for nothing: beside it are letters of scripts that have no
    spaces between words (CSS Text Level 3, 4.1.3)."""
    return _is_wide(text[-1:]) and _is_wide(line[:1])


def _is_wide(letter: str) -> bool:
    """East Asian, but not Korean, which has spaces."""
    if not letter or unicodedata.name(letter, "").startswith("HANGUL"):
        return False
    return unicodedata.east_asian_width(letter) in "FWH"


def plain(text: str) -> str:
    """Text with plain instead of ligature and full-width letters, and with short dot leaders."""
    return " ".join(_LEADERS.sub(" … ", unicodedata.normalize("NFKC", text)).split())


def lists_contents(text: str) -> bool:
    """Whether a passage, after `plain`, is a table of contents: titles, leaders, page numbers."""
    return len(_ENTRY.findall(text)) >= _ENTRIES


def about_tokens(text: str) -> int:
    """Estimates the number of word pieces of an English embedding model, without the model.

    Within 20 % of all-MiniLM-L6-v2's own count on reports and handbooks.
    """
    return len(_PIECES.findall(_LEADERS.sub(" ", text)))


def tokens(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where these word pieces begin and end."""
    return (match.span() for match in _PIECES.finditer(text, start, end))


def shortened(text: str, most: int) -> str:
    """The text, or as much of its beginning as has `most` word pieces."""
    spans = list(tokens(text, 0, len(text)))
    return text if len(spans) <= most else f"{text[: spans[most - 1][1]]} …"


# -- Folds long lines: paragraphs and rows of formats without line ends of their own
# A line is the smallest thing that is found, read and cited, and the embedding model reads at most
# 256 tokens. Folding before cutting keeps "a passage is whole lines" true, so that nothing is
# counted twice. Only white space is left out where a line is folded.

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

    def pages() -> Iterator[Page]:
        for number, page in enumerate(document.pages):
            beat(number, len(document.pages))
            yield folded_page(page)

    return replace(document, pages=Packed(pages()))


def folded_page(page: Page) -> Page:
    """The page with its long lines folded; its tables follow their lines."""
    if not any(map(_is_long, page.lines)):
        return page
    pieces = [fold(line) for line in page.lines]
    starts = [0]
    for parts in pieces:
        starts.append(starts[-1] + len(parts))
    lines = tuple(line for parts in pieces for line in parts)
    tables = tuple(
        replace(
            table,
            first=starts[table.first],
            last=starts[table.last + 1] - 1,
            rows=tuple(tuple(_placed(row, pieces, starts)) for row in table.rows),
        )
        for table in page.tables
    )
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
